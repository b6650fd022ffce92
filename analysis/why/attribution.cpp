#include "analysis/why/attribution.h"

#include <cmath>

namespace flashcore::analysis {

double log_mean(double a, double b) {
  if (!(a > 0) || !(b > 0)) return 0;
  // (a - b) / ln(a / b) loses its digits where a is near b; the series does not.
  const double x = a / b - 1;
  if (std::abs(x) < 1e-4) return b * (1 + x / 2 - x * x / 12);
  return (a - b) / std::log(a / b);
}

double log_ratio(double base, double now) {
  if (!(base > 0) || !(now > 0)) return 0;
  return std::log(now / base);
}

}  // namespace flashcore::analysis
