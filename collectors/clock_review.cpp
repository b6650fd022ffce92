#include "collectors/clock_review.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "collectors/nvml.h"

namespace flashcore::collectors {
namespace {

constexpr int kWarmupClocks = 3;       // as many as must agree
constexpr double kMhzPerGhz = 1000;    // a cycle a nanosecond is 1000 MHz
constexpr double kFastestMhz = 10000;  // no SM comes near: its counter was set back, or its stamp is torn

core::DiagnosticRecord warning(std::string code, std::string message, std::string hint) {
  return {core::Severity::kWarning, std::move(code), std::move(message), std::move(hint), "timing"};
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// On one SM.
struct Passed {
  double cycles = 0, ns = 0;
};

void add_window(Passed& passed, const ClockStamp& begin, const ClockStamp& end) {
  if (!begin.taken() || !end.taken()) return;
  // Unsigned differences hold across a wrap; one that goes backwards becomes too large to be a time.
  const std::uint64_t cycles = end.cycles - begin.cycles;
  const std::uint64_t ns = end.ns - begin.ns;
  if (ns == 0 || cycles == 0 || ns > UINT64_MAX / 2) return;
  if (static_cast<double>(cycles) / static_cast<double>(ns) * kMhzPerGhz >= kFastestMhz) return;
  passed.cycles += static_cast<double>(cycles);
  passed.ns += static_cast<double>(ns);
}

// The span of clocks as a share of their mean.
double spread_of(std::span<const double> clocks) {
  const auto [lowest, highest] = std::minmax_element(clocks.begin(), clocks.end());
  return (*highest - *lowest) / ((*highest + *lowest) / 2);
}

}  // namespace

std::optional<WindowClock> window_clock(std::span<const ClockWindow> windows) {
  std::vector<Passed> sms;
  for (const ClockWindow& window : windows) {
    const std::size_t stamped = std::min(window.begin.size(), window.end.size());
    sms.resize(std::max(sms.size(), stamped));
    for (std::size_t sm = 0; sm < stamped; ++sm) add_window(sms[sm], window.begin[sm], window.end[sm]);
  }
  std::vector<double> clocks, times;
  for (const Passed& sm : sms) {
    if (sm.ns == 0) continue;
    clocks.push_back(sm.cycles / sm.ns * kMhzPerGhz);
    times.push_back(sm.ns);
  }
  if (clocks.empty()) return std::nullopt;
  return WindowClock{median_of(std::move(clocks)), median_of(std::move(times))};
}

std::optional<double> effective_clock_mhz(std::span<const ClockStamp> begin,
                                          std::span<const ClockStamp> end) {
  const ClockWindow window{begin, end};
  const auto clock = window_clock(std::span(&window, 1));
  if (!clock) return std::nullopt;
  return clock->mhz;
}

bool steady(std::span<const std::optional<double>> clocks, int in_a_row, double within) {
  const auto wanted = static_cast<std::size_t>(std::max(in_a_row, 1));
  if (clocks.size() < wanted) return false;
  std::vector<double> last;
  for (const auto& clock : clocks.last(wanted)) {
    if (!clock) return false;
    last.push_back(*clock);
  }
  return spread_of(last) <= within;
}

std::optional<core::DiagnosticRecord> review_clocks(std::span<const core::Sample> samples) {
  const auto is_graph = [](const core::Sample& sample) { return sample.kind == core::SampleKind::kGraph; };
  const core::SampleKind judged = std::any_of(samples.begin(), samples.end(), is_graph)
                                      ? core::SampleKind::kGraph
                                      : core::SampleKind::kLaunch;
  std::vector<double> clocks;
  for (const core::Sample& sample : samples) {
    if (sample.kind == judged && sample.effective_clock_mhz) clocks.push_back(*sample.effective_clock_mhz);
  }
  if (clocks.empty()) return std::nullopt;
  const double median = median_of(clocks);
  const auto off = std::count_if(clocks.begin(), clocks.end(), [&](double clock) {
    return std::abs(clock - median) > kClockDriftLimit * median;
  });
  if (off == 0) return std::nullopt;
  const auto [lowest, highest] = std::minmax_element(clocks.begin(), clocks.end());
  return warning(
      "clock_drift",
      fmt::format("{} of {} {} samples ran at an effective clock more than {:.0f}% off the median of {:.0f} "
                  "MHz ({:.0f} to {:.0f} MHz)",
                  off, clocks.size(), core::name_of(judged), kClockDriftLimit * 100, median, *lowest,
                  *highest),
      "let the GPU warm up or cool down, or lock its clock (nvidia-smi --lock-gpu-clocks), and run again");
}

core::DiagnosticRecord review_warmup(std::span<const std::optional<double>> clocks, int launches, double ms) {
  std::vector<double> last;
  std::vector<std::string> texts;
  for (const auto& clock : clocks.last(std::min<std::size_t>(clocks.size(), kWarmupClocks))) {
    if (clock) last.push_back(*clock);
    texts.push_back(clock ? fmt::format("{:.0f}", *clock) : "unknown");
  }
  std::string message = fmt::format(
      "the effective clock had not settled after {:.0f} ms of warm-up ({} launches)", ms, launches);
  if (!texts.empty()) message += fmt::format("; it read {} MHz at the end", fmt::join(texts, ", "));
  if (last.size() > 1) {
    message +=
        fmt::format(", {:.1f}% apart where {:.1f}% is steady", spread_of(last) * 100, kSteadyWithin * 100);
  }
  return warning("clock_unsteady", std::move(message),
                 "compare cycles rather than times, take more samples, or lock the clock (nvidia-smi "
                 "--lock-gpu-clocks)");
}

std::optional<core::DiagnosticRecord> review_reasons(std::uint64_t reasons) {
  const auto names = slowdown_names(reasons);
  if (names.empty()) return std::nullopt;
  return warning(
      "throttling",
      fmt::format("the driver held the GPU's clock back while it was timed: {}", fmt::join(names, ", ")),
      "times are those of a GPU at its limit; compare only with runs taken in the same state");
}

std::optional<core::DiagnosticRecord> review_company(std::span<const core::ClockRecord> clocks) {
  std::int64_t most = 0;
  for (const core::ClockRecord& clock : clocks) most = std::max(most, clock.other_processes.value_or(0));
  if (most == 0) return std::nullopt;
  return warning(
      "other_processes",
      fmt::format("{} other process{} computed on this GPU while it was timed", most, most == 1 ? "" : "es"),
      "times may hold their work: end them (nvidia-smi names them) and run again");
}

}  // namespace flashcore::collectors
