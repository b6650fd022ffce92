#include "analysis/durations.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/units.h"

namespace flashcore::analysis {

int digits_that_tell_apart(std::span<const double> durations_ns) {
  std::vector<double> sorted(durations_ns.begin(), durations_ns.end());
  std::erase_if(sorted, [](double value) { return !std::isfinite(value); });
  std::sort(sorted.begin(), sorted.end());
  for (int digits = kFewestDigits; digits < kMostDigits; ++digits) {
    bool apart = true;
    for (std::size_t i = 1; i < sorted.size() && apart; ++i) {
      const bool differ =
          format_duration_ns(sorted[i - 1], kMostDigits) != format_duration_ns(sorted[i], kMostDigits);
      apart = !differ || format_duration_ns(sorted[i - 1], digits) != format_duration_ns(sorted[i], digits);
    }
    if (apart) return digits;
  }
  return kMostDigits;
}

}  // namespace flashcore::analysis
