#include "reports/compare_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/units.h"
#include "core/attention.h"

namespace flashcore::reports {
namespace {

using analysis::Comparison;
using analysis::Judgement;
using analysis::Verdict;

constexpr double kNarrow = 0.005;  // relative width from which on one digit says all

int digits_of(const Judgement& j) {
  if (!j.low || !j.high) return 1;
  return *j.high - *j.low < kNarrow ? 2 : 1;
}

// A number that rounds to nothing has no sign.
std::string percent(double relative, int digits) {
  const std::string text = fmt::format("{:+.{}f}", 100 * relative, digits);
  const bool nothing = text.find_first_of("123456789") == std::string::npos;
  return std::isfinite(relative) && nothing ? text.substr(1) : text;
}

bool plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A phase of FlashCore's own on an attention problem: what a command can name.
bool can_be_taken(const core::RunRecord& run) {
  return run.subject.kind == core::SubjectKind::kPhase && run.origin != core::Origin::kImport &&
         plain(run.subject.name) && run.problem && run.problem->workload == core::kAttention;
}

bool is_commit(const std::string& text) {
  return text.size() >= 7 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string change_text(const Judgement& j) {
  return j.change ? percent(*j.change, digits_of(j)) + " %" : std::string();
}

std::string interval_text(const Judgement& j) {
  if (!j.low || !j.high) return {};
  return fmt::format("{} to {} %", percent(*j.low, digits_of(j)), percent(*j.high, digits_of(j)));
}

std::string confidence_text(double confidence) {
  return fmt::format("{:.6g} %", 100 * confidence);
}

std::string time_text(const std::optional<double>& ns) {
  return ns ? analysis::format_duration_ns(*ns, 4) : std::string();
}

std::string cycles_text(const std::optional<double>& cycles) {
  return cycles ? analysis::format_count(std::round(*cycles)) : std::string();
}

std::string cycles_word(const Comparison& pair) {
  if (!pair.cycles) return "no clock";
  const Verdict said = pair.cycles->verdict;
  if (said == pair.verdict && said == pair.time.verdict && said != Verdict::kAmbiguous) return "confirmed";
  return std::string(analysis::word_of(said));
}

std::string verdict_counts(const analysis::Comparisons& result) {
  std::vector<std::string> parts;
  for (const Verdict verdict : {Verdict::kSlower, Verdict::kFaster, Verdict::kAmbiguous, Verdict::kSame}) {
    const auto count = std::count_if(result.all.begin(), result.all.end(),
                                     [&](const Comparison& pair) { return pair.verdict == verdict; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, analysis::word_of(verdict)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string series_text(const analysis::SeriesReview& series) {
  return fmt::format("{} run{}, {} samples", series.runs, series.runs == 1 ? "" : "s", series.samples);
}

std::vector<const analysis::MetricComparison*> shown_metrics(const Comparison& pair, bool all) {
  std::vector<const analysis::MetricComparison*> shown;
  for (const auto& metric : pair.metrics) {
    const bool changed = metric.missing.empty() && (metric.judgement.verdict == Verdict::kFaster ||
                                                    metric.judgement.verdict == Verdict::kSlower);
    if (metric.metric != nullptr && (all || changed)) shown.push_back(&metric);
  }
  return shown;
}

std::size_t keep_most_telling(std::vector<const analysis::MetricComparison*>& shown) {
  constexpr std::size_t kMost = 20;
  if (shown.size() <= kMost) return 0;
  const auto told = [](const analysis::MetricComparison* metric) {
    if (metric->exact || !metric->judgement.change) return std::numeric_limits<double>::infinity();
    const double factor = 1 + *metric->judgement.change;
    return factor > 0 ? std::abs(std::log(factor)) : std::numeric_limits<double>::infinity();
  };
  auto by_change = shown;
  std::stable_sort(by_change.begin(), by_change.end(),
                   [&](const auto* a, const auto* b) { return told(a) > told(b); });
  by_change.resize(kMost);
  const std::size_t before = shown.size();
  std::erase_if(shown, [&](const auto* metric) {
    return std::find(by_change.begin(), by_change.end(), metric) == by_change.end();
  });
  return before - shown.size();
}

std::string measuring_command(const Comparison& pair) {
  if (pair.base.runs.empty() || pair.now.runs.empty()) return {};
  const core::RunRecord& base = pair.base.runs.front()->run;
  const core::RunRecord& now = pair.now.runs.front()->run;
  if (!can_be_taken(base) || !can_be_taken(now) || base.problem != now.problem) return {};
  const std::string shape = core::problem_label(*now.problem);
  const std::string &before = base.environment.git_sha, &after = now.environment.git_sha;
  const bool warm = base.cache == core::CacheState::kWarm && now.cache == core::CacheState::kWarm;
  if (warm && base.subject.name != now.subject.name && before == after) {
    return fmt::format("flashcore-profile compare --measure {} {} --shape {}", base.subject.name,
                       now.subject.name, shape);
  }
  if (warm && base.subject.name == now.subject.name && before != after && is_commit(before) &&
      is_commit(after)) {
    return fmt::format("flashcore-profile compare --measure {} {} --phase {} --shape {}",
                       before.substr(0, 12), after.substr(0, 12), now.subject.name, shape);
  }
  if (base.environment.git_sha != now.environment.git_sha) return {};
  std::string phases = base.subject.name;
  if (now.subject.name != base.subject.name) phases += "," + now.subject.name;
  return fmt::format("flashcore-profile --phase {} --shape {}{}", phases, shape, warm ? "" : " --cache cold");
}

std::string what_decides(const Comparison& pair) {
  if (pair.verdict != Verdict::kAmbiguous) return {};
  const Judgement& j = pair.time.verdict == Verdict::kAmbiguous || !pair.cycles ? pair.time : *pair.cycles;
  std::string text;
  if (j.more_runs) {
    text = fmt::format("{} more run{} of each side would decide", *j.more_runs, *j.more_runs == 1 ? "" : "s");
  } else if (j.more_samples) {
    text = fmt::format("{} more sample{} of each run would decide", *j.more_samples,
                       *j.more_samples == 1 ? "" : "s");
  } else {
    // No count would: the sentence says why, and only both in turns can still help.
    const std::string turns = measuring_command(pair);
    return turns.starts_with("flashcore-profile compare --measure ") ? "to take both in turns: " + turns : "";
  }
  const std::string command = measuring_command(pair);
  return command.empty() ? text : fmt::format("{}; to take them: {}", text, command);
}

std::string how_to_decide(const Comparison& pair) {
  if (pair.verdict != Verdict::kAmbiguous || pair.sentence.find("would decide") == std::string::npos)
    return what_decides(pair);
  const std::string command = measuring_command(pair);
  return command.empty() ? command : fmt::format("to take them: {}", command);
}

}  // namespace flashcore::reports
