#include "analysis/gate/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/describe.h"
#include "analysis/gate/judged_rows.h"
#include "analysis/gate/series.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

using core::Result;
using core::shortened;

bool contains_any_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

// Device, caches and (unless it is left open) phase and problem.
bool matches(const GateLimit& limit, const core::RunRecord& run) {
  const auto among = [](const auto& all, const auto& one) {
    return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
  };
  if (!among(limit.phases, run.subject.name)) return false;
  if (!limit.problems.empty() && (!run.problem || !among(limit.problems, *run.problem))) return false;
  if (limit.cache && run.cache != limit.cache) return false;
  if (!limit.device.empty() && (!run.device || !contains_any_case(run.device->name, limit.device)))
    return false;
  return limit.kind != GateKind::kSpeedup || run.subject.name != limit.reference;
}

// The base of one word: its runs as series, or why there are none.
struct Base {
  std::vector<RunAnalysis> runs;
  std::vector<RunSeries> series;
  std::string missing;
};

class Check {
 public:
  Check(const GateFile& file, std::span<const RunAnalysis> runs, const CompareOptions& options)
      : file_(file), options_(options), series_(series_of(runs, result_.notes)) {
    for (const RunSeries& one : series_) {
      for (const RunAnalysis* run : one.runs) judged_.insert(run->run.id);
      devices_differ_ =
          devices_differ_ || !core::same_class(one.record().device, series_.front().record().device);
    }
    for (const RunAnalysis& run : runs) judged_.insert(run.run.id);
  }

  core::Status find_bases(const FindBase& find_base) {
    for (const GateLimit& limit : file_.limits) {
      if (limit.kind != GateKind::kChange || bases_.contains(limit.base)) continue;
      auto found = find_base(limit.base);
      Base& base = *(bases_[limit.base] = std::make_unique<Base>());
      if (!found) {
        const bool nothing = found.error().code == core::ErrorCode::kUsage ||
                             found.error().code == core::ErrorCode::kExternalTool;
        if (!nothing) return core::fail(found.error());
        base.missing = found.error().message;
        continue;
      }
      base.runs = std::move(*found);
      // A run is no base of itself: main may be what is judged.
      std::erase_if(base.runs,
                    [&](const RunAnalysis& r) { return r.run.id != 0 && judged_.contains(r.run.id); });
      if (base.runs.empty())
        base.missing = fmt::format("{} names no other runs than those judged", limit.base);
      std::vector<std::string> left_out;  // older builds of a base are expected: it is the newest that counts
      base.series = series_of(base.runs, left_out);
    }
    return {};
  }

  GateResult run() {
    count_comparisons();
    for (const GateLimit& limit : file_.limits) {
      std::set<std::string> phases;
      std::set<std::string> problems;
      std::vector<const RunSeries*> matched;
      for (const RunSeries& one : series_) {
        if (!matches(limit, one.record())) continue;
        phases.insert(one.record().subject.name);
        if (one.record().problem) problems.insert(core::canonical_text(*one.record().problem));
        matched.push_back(&one);
      }
      add_matched(limit, matched);
      add_unmatched(limit, phases, problems);
    }
    return std::move(result_);
  }

 private:
  void add_matched(const GateLimit& limit, const std::vector<const RunSeries*>& matched) {
    const auto base = bases_.find(limit.base);
    // Without a base there is one thing to say, however many runs would have been held against it.
    if (matched.size() > 1 && base != bases_.end() && !base->second->missing.empty()) {
      return add_missing(limit, fmt::format("{} series", matched.size()), base->second->missing);
    }
    for (const RunSeries* one : matched) {
      GateRow row = judge(limit, *one);
      if (devices_differ_ && one->record().device) row.label += " on " + one->record().device->name;
      result_.rows.push_back(std::move(row));
    }
  }

  const RunSeries* partner(const std::vector<RunSeries>& among, const core::RunRecord& run) const {
    const auto found = std::find_if(among.begin(), among.end(),
                                    [&](const RunSeries& s) { return same_series(s.record(), run); });
    return found != among.end() ? &*found : nullptr;
  }
  const RunSeries* base_series(const GateLimit& limit, const RunSeries& now) const {
    if (limit.kind == GateKind::kChange) return partner(bases_.at(limit.base)->series, now.record());
    core::RunRecord like;
    like.subject = now.record().subject;
    like.subject.name = limit.reference;
    like.problem = now.record().problem;
    like.cache = now.record().cache;
    like.device = now.record().device;
    return partner(series_, like);
  }

  // Verdicts that are given together share the level.
  void count_comparisons() {
    std::set<std::pair<const RunSeries*, const RunSeries*>> pairs;
    for (const GateLimit& limit : file_.limits) {
      if (limit.kind != GateKind::kChange && limit.kind != GateKind::kSpeedup) continue;
      for (const RunSeries& now : series_) {
        if (!matches(limit, now.record())) continue;
        if (const RunSeries* base = base_series(limit, now)) pairs.emplace(base, &now);
      }
    }
    options_.comparisons = std::max(options_.comparisons, static_cast<int>(pairs.size()));
  }

  const Result<Comparison>& comparison(const RunSeries& base, const std::string& word, const RunSeries& now,
                                       double smallest) {
    auto& kept = comparisons_[{&base, &now, smallest}];
    if (!kept) {
      CompareOptions options = options_;
      options.smallest = smallest;
      kept = std::make_unique<Result<Comparison>>(
          compare(RunSet{word, base.runs}, RunSet{run_label(now.record()), now.runs}, options));
    }
    return *kept;
  }

  // An allowance below the smallest change that matters is itself the smallest that does, or SAME would keep
  // what is past it. An allowance of nothing leaves noise its tenth of a percent.
  double smallest_of(const GateLimit& limit) const {
    constexpr double kFloor = 0.001;
    if (!limit.max_change) return options_.smallest;
    return std::min(options_.smallest, std::max(*limit.max_change, kFloor));
  }

  GateRow judge(const GateLimit& limit, const RunSeries& now) {
    if (limit.kind == GateKind::kSpeedup || limit.metric == "duration") {
      const auto wrong = std::find_if(now.runs.begin(), now.runs.end(), [](const RunAnalysis* run) {
        return run->run.answer == core::Answer::kWrong;
      });
      if (wrong != now.runs.end()) {
        GateRow row = row_of(limit, &now);
        row.value = "missing";
        row.sentence = "a wrong answer has no time: " + answer_sentence((*wrong)->run);
        return row;
      }
    }
    if (limit.kind == GateKind::kAbsolute) return judge_value(limit, now);
    if (limit.kind == GateKind::kAnswer) return judge_answer(limit, now);
    const RunSeries* base = base_series(limit, now);
    const std::string& word = limit.kind == GateKind::kChange ? limit.base : limit.reference;
    if (base != nullptr) {
      const auto& compared = comparison(*base, word, now, smallest_of(limit));
      return limit.kind == GateKind::kChange ? judge_change(limit, now, compared)
                                             : judge_speedup(limit, now, compared);
    }
    const Result<Comparison> none = core::fail(core::ErrorCode::kUsage, why_no_base(limit, now));
    return judge_change(limit, now, none);
  }

  std::string why_no_base(const GateLimit& limit, const RunSeries& now) const {
    const std::string label = run_label(now.record());
    if (limit.kind == GateKind::kChange) {
      const Base& base = *bases_.at(limit.base);
      return !base.missing.empty() ? base.missing : fmt::format("{} holds no run of {}", limit.base, label);
    }
    std::string why =
        fmt::format("no run of the reference '{}' beside {}", shortened(limit.reference), label);
    return why + near(limit.reference);
  }

  // "; did you mean wmma?", "; the runs are of baseline and wmma"
  std::string near(const std::string& phase) const {
    std::vector<std::string> all;
    for (const RunSeries& one : series_) {
      const std::string& name = one.record().subject.name;
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
    if (all.empty() || std::find(all.begin(), all.end(), phase) != all.end()) return {};
    auto close = core::nearest_names(phase, all);
    const bool known = !close.empty();
    constexpr std::size_t kFew = 8;
    if (!known)
      close.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(kFew, all.size())));
    for (std::string& name : close) name = shortened(name);
    return known ? fmt::format("; did you mean {}?", fmt::join(close, ", "))
                 : fmt::format("; the runs are of {}", fmt::join(close, ", "));
  }

  void add_missing(const GateLimit& limit, const std::string& label, std::string sentence) {
    GateRow row = row_of(limit, nullptr);
    row.label = label;
    row.value = "missing";
    row.sentence = std::move(sentence);
    result_.rows.push_back(std::move(row));
  }

  void add_unmatched(const GateLimit& limit, const std::set<std::string>& phases,
                     const std::set<std::string>& problems) {
    const bool none = phases.empty();
    std::string further;
    if (limit.cache) further += fmt::format(" from {} caches", core::name_of(*limit.cache));
    if (!limit.device.empty()) further += fmt::format(" on a device named '{}'", shortened(limit.device));
    bool told = false;
    for (const std::string& phase : limit.phases) {
      if (phases.contains(phase)) continue;
      told = true;
      add_missing(limit, phase,
                  fmt::format("no run of phase '{}'{}{}{}", shortened(phase),
                              none ? problems_text(limit) : "", further, near(phase)));
    }
    if (none && told) return;
    for (const core::Problem& problem : limit.problems) {
      if (problems.contains(core::canonical_text(problem))) continue;
      told = true;
      add_missing(limit, core::problem_label(problem),
                  fmt::format("no run on {}{}", core::problem_label(problem), further));
    }
    if (none && !told) add_missing(limit, "no run", "no run that it could be held against" + further);
  }
  static std::string problems_text(const GateLimit& limit) {
    std::vector<std::string> labels;
    for (const core::Problem& problem : limit.problems) labels.push_back(core::problem_label(problem));
    return labels.empty() ? std::string() : fmt::format(" on {}", fmt::join(labels, " or "));
  }

  const GateFile& file_;
  CompareOptions options_;
  GateResult result_;
  std::vector<RunSeries> series_;
  std::set<core::RowId> judged_;
  bool devices_differ_ = false;
  std::map<std::string, std::unique_ptr<Base>> bases_;
  using Compared = std::tuple<const RunSeries*, const RunSeries*, double>;
  std::map<Compared, std::unique_ptr<Result<Comparison>>> comparisons_;
};

}  // namespace

bool fails(const GateRow& row, bool strict) noexcept {
  switch (row.state) {
    case GateState::kKept: return false;
    case GateState::kBroken: return true;
    case GateState::kAmbiguous: return strict;
    case GateState::kMissing: return row.limit == nullptr || !row.limit->optional;
  }
  return true;
}

int GateResult::count(GateState state) const {
  return static_cast<int>(
      std::count_if(rows.begin(), rows.end(), [&](const GateRow& r) { return r.state == state; }));
}

bool GateResult::passed(bool strict) const {
  return count(GateState::kMissing) < static_cast<int>(rows.size()) &&
         std::none_of(rows.begin(), rows.end(), [&](const GateRow& r) { return fails(r, strict); });
}

std::string GateResult::summary() const {
  return fmt::format("{} kept, {} broken, {} ambiguous, {} missing", count(GateState::kKept),
                     count(GateState::kBroken), count(GateState::kAmbiguous), count(GateState::kMissing));
}

Result<GateResult> check_gates(const GateFile& file, std::span<const RunAnalysis> runs,
                               const FindBase& find_base, const CompareOptions& options) {
  Check check(file, runs, options);
  if (auto ok = check.find_bases(find_base); !ok) return core::fail(ok.error());
  return check.run();
}

}  // namespace flashcore::analysis
