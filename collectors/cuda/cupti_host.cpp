#include "collectors/cuda/cupti_host.h"

#include <fmt/format.h>

#include <utility>

namespace flashcore::collectors {

std::vector<const char*> c_strings(const std::vector<std::string>& names) {
  std::vector<const char*> pointers;
  pointers.reserve(names.size());
  for (const std::string& name : names) pointers.push_back(name.c_str());
  return pointers;
}

CuptiHost::CuptiHost(CuptiHost&& other) noexcept
    : cupti_(other.cupti_),
      availability_(std::move(other.availability_)),
      object_(std::exchange(other.object_, nullptr)) {}

CuptiHost::~CuptiHost() {
  if (object_ == nullptr) return;
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_Deinitialize_Params, params);
  params.pHostObject = object_;
  cupti_->host_deinitialize(&params);
}

core::Error CuptiHost::error(std::string_view doing, CUptiResult result) const {
  return {core::ErrorCode::kExternalTool, fmt::format("CUPTI could not {}", doing),
          "see whether the driver and CUPTI are of one CUDA version (flashcore-profile doctor)",
          cupti_->text_of(result)};
}

core::Result<CuptiHost> CuptiHost::create(const CuptiLibrary& cupti, const std::string& chip,
                                          std::vector<std::uint8_t> availability) {
  CuptiHost host(cupti, std::move(availability));
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_Initialize_Params, params);
  params.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
  params.pChipName = chip.c_str();
  params.pCounterAvailabilityImage = host.availability_.empty() ? nullptr : host.availability_.data();
  const CUptiResult result = cupti.host_initialize(&params);
  if (result == CUPTI_ERROR_INVALID_CHIP_NAME) {
    return core::fail(core::ErrorCode::kUsage, fmt::format("CUPTI knows no chip '{}'", chip),
                      "a newer CUDA toolkit may know it", cupti.tool());
  }
  if (result != CUPTI_SUCCESS) return core::fail(host.error("prepare the counters of " + chip, result));
  host.object_ = params.pHostObject;
  return host;
}

bool CuptiHost::knows(const std::string& name) const {
  // A base name without its roll-up ("sm__cycles_active") has properties too, but cannot be added.
  if (name.find('.') == std::string::npos) return false;
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_GetMetricProperties_Params, params);
  params.pHostObject = object_;
  params.pMetricName = name.c_str();
  return cupti_->host_properties(&params) == CUPTI_SUCCESS;
}

core::Result<CounterConfig> CuptiHost::schedule(std::vector<std::string> names) {
  CounterConfig config;
  config.names = std::move(names);
  // All in one call: CUPTI packs counters into passes only within a call, and added one by one each
  // counter gets a pass of its own (86 passes in place of 15 for the standard set on GH100).
  auto pointers = c_strings(config.names);
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_ConfigAddMetrics_Params, add);
  add.pHostObject = object_;
  add.ppMetricNames = pointers.data();
  add.numMetrics = pointers.size();
  if (const auto result = cupti_->host_add(&add); result != CUPTI_SUCCESS) {
    return core::fail(error("schedule the counters", result));
  }
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImageSize_Params, size);
  size.pHostObject = object_;
  if (const auto result = cupti_->host_config_size(&size); result != CUPTI_SUCCESS) {
    return core::fail(error("size the counter configuration", result));
  }
  config.image.resize(size.configImageSize);
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImage_Params, image);
  image.pHostObject = object_;
  image.configImageSize = config.image.size();
  image.pConfigImage = config.image.data();
  if (const auto result = cupti_->host_config(&image); result != CUPTI_SUCCESS) {
    return core::fail(error("write the counter configuration", result));
  }
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_GetNumOfPasses_Params, passes);
  passes.configImageSize = config.image.size();
  passes.pConfigImage = config.image.data();
  if (const auto result = cupti_->host_passes(&passes); result != CUPTI_SUCCESS) {
    return core::fail(error("count the passes", result));
  }
  config.passes = passes.numOfPasses;
  return config;
}

core::Result<std::vector<double>> CuptiHost::evaluate(std::span<const std::uint8_t> counter_data,
                                                      std::size_t range,
                                                      const std::vector<std::string>& names) const {
  std::vector<double> values(names.size());
  auto pointers = c_strings(names);
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Host_EvaluateToGpuValues_Params, params);
  params.pHostObject = object_;
  params.pCounterDataImage = counter_data.data();
  params.counterDataImageSize = counter_data.size();
  params.rangeIndex = range;
  params.ppMetricNames = pointers.data();
  params.numMetrics = pointers.size();
  params.pMetricValues = values.data();
  if (const auto result = cupti_->host_evaluate(&params); result != CUPTI_SUCCESS) {
    return core::fail(error("compute the counters' values", result));
  }
  return values;
}

}  // namespace flashcore::collectors
