#include "reports/headline.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "analysis/units.h"

namespace flashcore::reports {

Answer answer_of(const core::RunRecord& run) {
  if (run.correctness.empty()) return Answer::kUnchecked;
  return run.correct() ? Answer::kRight : Answer::kWrong;
}

std::string wrong_sentence(const core::RunRecord& run) {
  const auto failed = std::find_if(run.correctness.begin(), run.correctness.end(),
                                   [](const core::CorrectnessRecord& c) { return !c.passed; });
  if (failed == run.correctness.end()) return {};
  const core::CorrectnessRecord& check = *failed;
  std::vector<std::string> reasons;
  if (!(check.max_error <= check.max_tolerance)) {
    reasons.push_back(fmt::format("max error {:.3g} > {:.3g}", check.max_error, check.max_tolerance));
  }
  if (!(check.mean_error <= check.mean_tolerance)) {
    reasons.push_back(fmt::format("mean error {:.3g} > {:.3g}", check.mean_error, check.mean_tolerance));
  }
  if (check.nan_count > 0) reasons.push_back(fmt::format("{} NaN", check.nan_count));
  if (check.inf_count > 0) reasons.push_back(fmt::format("{} Inf", check.inf_count));
  std::string why;
  for (const std::string& reason : reasons) why += (why.empty() ? ": " : ", ") + reason;
  return fmt::format("WRONG{} (seed {}); its timing is not a result", why, check.seed);
}

const analysis::RooflinePoint* main_point(const analysis::Roofline& roofline) {
  for (const auto& point : roofline.points) {
    if (point.memory == kDram) return &point;
  }
  return roofline.points.empty() ? nullptr : &roofline.points.front();
}

std::string ceiling_text(const analysis::Ceiling& ceiling) {
  std::string text = analysis::format_value(ceiling.value, ceiling.bandwidth ? "B/s" : "FLOP/s");
  const auto unit = text.find("FLOP");
  if (ceiling.id == "mufu" && unit != std::string::npos) text.replace(unit, 4, "op");
  return text;
}

std::string extents_text(const core::Problem& p) {
  const std::string kv = p.kv_heads == p.heads ? "" : fmt::format(" (Hkv {})", p.kv_heads);
  return fmt::format("B {}, H {}{}, Sq {}, Sk {}, D {}, {}", p.batch, p.heads, kv, p.seq_q, p.seq_k,
                     p.head_dim, p.dtype);
}

std::vector<Group> group_runs(const std::vector<analysis::RunAnalysis>& runs) {
  std::vector<Group> groups;
  for (const auto& run : runs) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.problem == run.run.problem && g.device == run.run.device.name;
    });
    if (group == groups.end()) {
      groups.push_back({run.run.problem, run.run.device.name, {}, nullptr});
      group = std::prev(groups.end());
    }
    group->runs.push_back(&run);
    const bool right = run.graph_ns && answer_of(run.run) == Answer::kRight;
    if (right && (group->fastest == nullptr || run.graph_ns->p50 < group->fastest->graph_ns->p50)) {
      group->fastest = &run;
    }
  }
  for (Group& group : groups) {
    std::stable_sort(group.runs.begin(), group.runs.end(), [](const auto* a, const auto* b) {
      return std::tuple(a->run.phase.reference, a->run.phase.rung) <
             std::tuple(b->run.phase.reference, b->run.phase.rung);
    });
  }
  return groups;
}

std::string short_commit(const core::EnvironmentRecord& environment) {
  if (environment.git_sha.empty()) return "unknown commit";
  return environment.git_sha.substr(0, 12) + (environment.kernels_dirty ? "+changes" : "");
}

namespace {

std::string recording_text(const core::RunRecord& run, const std::string& taken) {
  return fmt::format("recording of {}, taken {} at {}",
                     run.device.name.empty() ? "an unnamed device" : run.device.name,
                     taken.empty() ? "at an unknown time" : taken, short_commit(run.environment));
}

// "2026-01-31T12:00:00Z to 12:00:14Z"; a later day is written out.
std::string span_text(const std::string& first, const std::string& last) {
  if (first == last || first.empty()) return last;
  const std::size_t day = std::string_view("2026-01-31T").size();
  const bool same_day = first.size() == last.size() && first.compare(0, day, last, 0, day) == 0;
  return first + " to " + (same_day ? last.substr(day) : last);
}

}  // namespace

std::string recording_sentence(const core::RunRecord& run) {
  if (run.origin != core::Origin::kRecording) return {};
  return recording_text(run, run.taken_at);
}

std::vector<std::string> recording_sentences(const std::vector<const core::RunRecord*>& runs) {
  struct Span {
    const core::RunRecord* run;
    std::string first, last;
  };
  std::vector<Span> spans;
  for (const core::RunRecord* run : runs) {
    if (run->origin != core::Origin::kRecording) continue;
    auto span = std::find_if(spans.begin(), spans.end(), [&](const Span& s) {
      return s.run->device.name == run->device.name &&
             short_commit(s.run->environment) == short_commit(run->environment);
    });
    if (span == spans.end()) {
      spans.push_back({run, run->taken_at, run->taken_at});
      continue;
    }
    // Times are ISO 8601 in UTC, so that their order is that of their letters.
    span->first = std::min(span->first, run->taken_at);
    span->last = std::max(span->last, run->taken_at);
  }
  std::vector<std::string> out;
  for (const Span& span : spans) out.push_back(recording_text(*span.run, span_text(span.first, span.last)));
  return out;
}

}  // namespace flashcore::reports
