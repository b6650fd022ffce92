#include "core/records.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>

namespace flashcore::core {

bool same_class(const DeviceRecord& a, const DeviceRecord& b) {
  DeviceRecord left = a;
  left.uuid = b.uuid;
  return left == b;
}

bool same_class(const std::optional<DeviceRecord>& a, const std::optional<DeviceRecord>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return same_class(*a, *b);
}

bool times_are_results(Answer answer) noexcept {
  return answer == Answer::kRight || answer == Answer::kDoesNotApply;
}

std::vector<const MeasurementRecord*> RunRecord::measured_by(std::string_view collector) const {
  std::vector<const MeasurementRecord*> found;
  for (const MeasurementRecord& measurement : measurements) {
    if (measurement.collector == collector) found.push_back(&measurement);
  }
  return found;
}

namespace {

void join_kernel(std::vector<KernelRecord>& kernels, const KernelRecord& seen) {
  const auto at = std::find_if(kernels.begin(), kernels.end(),
                               [&](const KernelRecord& known) { return known.ordinal >= seen.ordinal; });
  if (at == kernels.end() || at->ordinal != seen.ordinal) {
    kernels.insert(at, seen);
    return;
  }
  if (at->name.empty()) at->name = seen.name;
  if (!at->grid) at->grid = seen.grid;
  if (!at->block) at->block = seen.block;
}

}  // namespace

void add_measurement(RunRecord& run, MeasurementRecord measurement) {
  for (const KernelRecord& kernel : measurement.kernels) join_kernel(run.kernels, kernel);
  if (!measurement.checks.empty() && run.answer != Answer::kWrong) {
    const bool right = std::all_of(measurement.checks.begin(), measurement.checks.end(),
                                   [](const CheckRecord& check) { return check.passed; });
    run.answer = right ? Answer::kRight : Answer::kWrong;
  }
  run.measurements.push_back(std::move(measurement));
}

std::vector<Sample> all_samples(const RunRecord& run) {
  std::vector<Sample> all;
  for (const MeasurementRecord& m : run.measurements)
    all.insert(all.end(), m.samples.begin(), m.samples.end());
  return all;
}

std::vector<CheckRecord> all_checks(const RunRecord& run) {
  std::vector<CheckRecord> all;
  for (const MeasurementRecord& m : run.measurements) all.insert(all.end(), m.checks.begin(), m.checks.end());
  return all;
}

std::vector<DiagnosticRecord> all_diagnostics(const RunRecord& run) {
  std::vector<DiagnosticRecord> all = run.diagnostics;
  for (const MeasurementRecord& m : run.measurements) {
    all.insert(all.end(), m.diagnostics.begin(), m.diagnostics.end());
  }
  return all;
}

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace flashcore::core
