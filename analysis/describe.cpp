#include "analysis/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "analysis/aggregate.h"
#include "analysis/units.h"
#include "core/attention.h"

namespace flashcore::analysis {
namespace {

// The first check that failed, and the moment of its measurement.
const core::CheckRecord* failed_check(const core::RunRecord& run, std::string& moment) {
  for (const core::MeasurementRecord& measurement : run.measurements) {
    for (const core::CheckRecord& check : measurement.checks) {
      if (check.passed) continue;
      const auto said = measurement.parameters.find("moment");
      if (said != measurement.parameters.end()) moment = said->second;
      return &check;
    }
  }
  return nullptr;
}

std::string wrong_sentence(const core::RunRecord& run) {
  std::string moment;
  const core::CheckRecord* failed = failed_check(run, moment);
  // A database may say that an answer was wrong and no longer hold the check that said so.
  if (failed == nullptr) return "WRONG; its timing is not a result";
  std::vector<std::string> reasons;
  if (!(failed->max_error <= failed->max_tolerance)) {
    reasons.push_back(fmt::format("max error {:.3g} > {:.3g}", failed->max_error, failed->max_tolerance));
  }
  if (failed->mean_tolerance && !(failed->mean_error <= *failed->mean_tolerance)) {
    reasons.push_back(fmt::format("mean error {:.3g} > {:.3g}", failed->mean_error, *failed->mean_tolerance));
  }
  if (failed->nan_count > 0) reasons.push_back(fmt::format("{} NaN", failed->nan_count));
  if (failed->inf_count > 0) reasons.push_back(fmt::format("{} Inf", failed->inf_count));
  // What the launch wrote where it may not stands behind the place of the largest error.
  if (const auto more = failed->worst.find("; and "); more != std::string::npos) {
    reasons.push_back(failed->worst.substr(more + 6));
  }
  std::string why;
  for (const std::string& reason : reasons) why += (why.empty() ? ": " : ", ") + reason;
  const std::string input = failed->input.empty() ? "" : failed->input + " input, ";
  // Before timing is where a check belongs; a fault that shows only after it is another fault.
  const std::string when = moment.empty() || moment.starts_with("before") ? "" : ", " + moment;
  return fmt::format("WRONG{} ({}seed {}{}); its timing is not a result", why, input, failed->seed, when);
}

// The tool of the first measurement that names one.
std::string tool_of(const core::RunRecord& run) {
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (const std::string tool = tool_text(measurement); !tool.empty()) return tool;
  }
  return "an unnamed tool";
}

}  // namespace

std::string answer_sentence(const core::RunRecord& run) {
  if (run.answer == core::Answer::kWrong) return wrong_sentence(run);
  if (run.answer == core::Answer::kUnchecked) {
    return "not checked against the reference; its timing is not a result";
  }
  return {};
}

std::string answer_word(core::Answer answer) {
  switch (answer) {
    case core::Answer::kRight: return "right";
    case core::Answer::kWrong: return "WRONG";
    case core::Answer::kUnchecked: return "not checked";
    case core::Answer::kDoesNotApply: return "does not apply";
  }
  return "not checked";
}

std::string short_commit(const core::EnvironmentRecord& environment) {
  if (environment.git_sha.empty()) return "unknown commit";
  return environment.git_sha.substr(0, 12) + (environment.kernels_dirty ? "+changes" : "");
}

std::string launch_choice(const core::RunRecord& run) {
  for (const core::MeasurementRecord& measurement : run.measurements) {
    const auto said = measurement.parameters.find(core::kChoiceParameter);
    if (said != measurement.parameters.end() && !said->second.empty()) return said->second;
  }
  return {};
}

std::string axes_text(const core::Problem& problem) {
  if (problem.workload == core::kAttention) {
    if (const auto p = core::attention_of(problem)) {
      const std::string kv = p->kv_heads == p->heads ? "" : fmt::format(" (Hkv {})", p->kv_heads);
      return fmt::format("B {}, H {}{}, Sq {}, Sk {}, D {}, {}{}", p->batch, p->heads, kv, p->seq_q, p->seq_k,
                         p->head_dim, p->dtype, p->causal ? ", causal" : "");
    }
  }
  std::string text;
  for (const core::Axis& axis : problem.axes) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", axis.name, axis.value);
  }
  return text;
}

std::string device_text(const core::RunRecord& run) {
  return run.device && !run.device->name.empty() ? run.device->name : "an unnamed device";
}

bool time_is_the_imports(const core::RunRecord& run) {
  return run.origin == core::Origin::kImport &&
         std::all_of(run.measurements.begin(), run.measurements.end(),
                     [](const core::MeasurementRecord& m) { return m.taken_at.empty(); });
}

std::string origin_sentence(const core::RunRecord& run) {
  return origin_sentence(run, run.taken_at);
}

std::string origin_sentence(const core::RunRecord& run, const std::string& taken) {
  const std::string when = taken.empty() ? "at an unknown time" : taken;
  switch (run.origin) {
    case core::Origin::kLive: return {};
    case core::Origin::kRecording:
      return fmt::format("recording of {}, taken {} at {}", device_text(run), when,
                         short_commit(run.environment));
    case core::Origin::kImport:
      return fmt::format("import from {} of {}, {} {}", tool_of(run), device_text(run),
                         time_is_the_imports(run) ? "imported" : "taken", when);
  }
  return {};
}

std::string ceiling_text(const Ceiling& ceiling) {
  std::string text = format_value(ceiling.value, ceiling.bandwidth ? "B/s" : "FLOP/s");
  const auto unit = text.find("FLOP");
  if (ceiling.id == "mufu" && unit != std::string::npos) text.replace(unit, 4, "op");
  return text;
}

}  // namespace flashcore::analysis
