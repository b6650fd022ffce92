#include "app/session/answer_check.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/collector.h"
#include "core/build_info.h"
#include "kernels/bench/check.h"

namespace flashcore::session {

std::array<CheckInput, 2> check_inputs(std::uint64_t timed_seed) {
  return {{{core::InputKind::kPeaked, kernels::bench::kPeakedSeed}, {core::InputKind::kNormal, timed_seed}}};
}

core::MeasurementRecord begin_check(std::string_view moment, std::string nvtx) {
  auto measurement =
      collectors::begin_measurement("check", "FlashCore", std::string(core::build_info().version));
  measurement.parameters["moment"] = moment;
  measurement.parameters["nvtx"] = std::move(nvtx);
  return measurement;
}

void take_check(core::MeasurementRecord& measurement, core::CheckRecord check) {
  if (!check.passed) {
    const bool after = measurement.parameters["moment"] == kAfterTiming;
    const std::string where = check.worst.empty() ? "" : fmt::format(" at {}", check.worst);
    const std::string mean_limit =
        check.mean_tolerance ? fmt::format(" (allowed {:.3g})", *check.mean_tolerance) : "";
    measurement.diagnostics.push_back(
        {core::Severity::kError, "wrong_answer",
         fmt::format(
             "{}{} input, seed {}: max error {:.3g}{} (allowed {:.3g}), mean {:.3g}{}, {} NaN, {} Inf",
             after ? "after timing, " : "", check.input, check.seed, check.max_error, where,
             check.max_tolerance, check.mean_error, mean_limit, check.nan_count, check.inf_count),
         after ? "right alone and wrong back to back: look for a race between launches, or for state that "
                 "the launch before leaves; the times are no result"
               : "the kernel was not timed: a wrong answer has no speed",
         "check"});
  }
  measurement.checks.push_back(std::move(check));
}

}  // namespace flashcore::session
