#include "collectors/warm_up.h"

#include "collectors/clock_review.h"

namespace flashcore::collectors {

core::Result<WarmedUp> warm_up(const WarmUpRules& rules,
                               const std::function<core::Result<WarmUpStep>()>& take,
                               const std::function<double()>& now_ms) {
  WarmedUp warmed;
  const double began = now_ms();
  for (;;) {
    const auto step = take();
    if (!step) return core::fail(step.error());
    warmed.clocks.insert(warmed.clocks.end(), step->clocks.begin(), step->clocks.end());
    warmed.launches += step->launches;
    warmed.ms = now_ms() - began;
    warmed.settled = steady(warmed.clocks, rules.in_a_row);
    const bool enough = warmed.launches >= rules.least_launches;
    if (enough && (warmed.settled || warmed.ms >= rules.most_ms)) return warmed;
  }
}

}  // namespace flashcore::collectors
