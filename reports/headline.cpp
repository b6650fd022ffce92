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

std::string recording_sentence(const core::RunRecord& run) {
  if (run.origin != core::Origin::kRecording) return {};
  return fmt::format(
      "recording of {}, taken {} at {}", run.device.name.empty() ? "an unnamed device" : run.device.name,
      run.taken_at.empty() ? "at an unknown time" : run.taken_at, short_commit(run.environment));
}

}  // namespace flashcore::reports
