#include "collectors/cupti_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/cuda/cupti_host.h"
#include "core/nearest.h"

namespace flashcore::collectors {

core::Result<std::vector<std::string>> supported_chips() {
  const auto cupti = load_cupti();
  if (!cupti) return core::fail(cupti.error());
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_GetSupportedChips_Params, params);
  if (const auto result = (*cupti)->host_chips(&params); result != CUPTI_SUCCESS) {
    return core::fail(core::ErrorCode::kExternalTool, "CUPTI could not list the chips that it knows",
                      "check that libnvperf_host.so lies beside libcupti", (*cupti)->text_of(result));
  }
  return std::vector<std::string>(params.ppChipNames, params.ppChipNames + params.numChips);
}

core::Result<CounterPlan> plan_counters(std::string_view chip, std::span<const std::string> names) {
  const auto chips = supported_chips();
  if (!chips) return core::fail(chips.error());
  if (std::find(chips->begin(), chips->end(), chip) == chips->end()) {
    return core::fail(core::unknown_name("chip", chip, *chips));
  }
  const auto cupti = load_cupti();
  auto host = CuptiHost::create(**cupti, std::string(chip), {});
  if (!host) return core::fail(host.error());
  CounterPlan plan;
  for (const std::string& name : names) {
    (host->knows(name) ? plan.known : plan.unknown).push_back(name);
  }
  if (plan.known.empty()) return plan;
  auto config = host->schedule(plan.known);
  if (!config) return core::fail(config.error());
  plan.passes = config->passes;
  return plan;
}

}  // namespace flashcore::collectors
