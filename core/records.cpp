#include "core/records.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>

namespace flashcore::core {

bool RunRecord::correct() const {
  return !correctness.empty() && std::all_of(correctness.begin(), correctness.end(),
                                             [](const CorrectnessRecord& c) { return c.passed; });
}

std::string_view name_of(Origin origin) noexcept {
  return origin == Origin::kLive ? "live" : "recording";
}

std::string_view name_of(SampleKind kind) noexcept {
  return kind == SampleKind::kLaunch ? "launch" : "graph";
}

std::string_view name_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "info";
}

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace flashcore::core
