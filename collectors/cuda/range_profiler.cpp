#include "collectors/cuda/range_profiler.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <utility>

#include "collectors/refusal.h"
#include "cuda/runtime/entry_point.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

// refusal.cpp knows these numbers without CUPTI's header.
static_assert(CUPTI_ERROR_OUT_OF_MEMORY == 8 && CUPTI_ERROR_HARDWARE == 9 &&
              CUPTI_ERROR_NOT_COMPATIBLE == 14);
static_assert(CUPTI_ERROR_HARDWARE_BUSY == 26 && CUPTI_ERROR_NOT_SUPPORTED == 27);
static_assert(CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED == 33 &&
              CUPTI_ERROR_INSUFFICIENT_PRIVILEGES == 35);
static_assert(CUPTI_ERROR_OLD_PROFILER_API_INITIALIZED == 36 &&
              CUPTI_ERROR_LEGACY_PROFILER_NOT_SUPPORTED == 38);
static_assert(CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED == 39);
static_assert(CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES == 40);
static_assert(CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED == 41 &&
              CUPTI_ERROR_CMP_DEVICE_NOT_SUPPORTED == 42);
static_assert(CUPTI_ERROR_MIG_DEVICE_NOT_SUPPORTED == 43 && CUPTI_ERROR_SLI_DEVICE_NOT_SUPPORTED == 44);
static_assert(CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED == 45);

core::Status status_of(const CuptiLibrary& cupti, CUptiResult result, std::string_view doing) {
  if (result == CUPTI_SUCCESS) return {};
  return core::fail(refusal_of(static_cast<int>(result), doing, cupti.text_of(result)));
}

// The driver is asked through the runtime, so that nothing links libcuda.
core::Result<CUcontext> current_context() {
  if (auto status = cuda_status(cudaFree(nullptr), "create a CUDA context"); !status) {
    return core::fail(status.error());
  }
  constexpr unsigned kSince = 12000;
  const auto get_current = cuda::driver_function<decltype(&cuCtxGetCurrent)>("cuCtxGetCurrent", kSince);
  CUcontext context = nullptr;
  if (get_current == nullptr || get_current(&context) != CUDA_SUCCESS || context == nullptr) {
    return core::fail(core::ErrorCode::kDevice, "the driver has no current context",
                      "run flashcore-profile doctor");
  }
  return context;
}

// Why a device is not supported, in the order in which a user can do something about it.
core::Status device_supported(const CuptiLibrary& cupti, int ordinal) {
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_DeviceSupported_Params, params);
  params.cuDevice = ordinal;  // a CUdevice is the runtime's ordinal
  params.api = CUPTI_PROFILER_RANGE_PROFILING;
  if (auto status = status_of(cupti, cupti.device_supported(&params), "ask whether this GPU can be profiled");
      !status) {
    return status;
  }
  if (params.isSupported == CUPTI_PROFILER_CONFIGURATION_SUPPORTED) return {};
  const auto refused = [](CUpti_Profiler_Support_Level level) {
    return level == CUPTI_PROFILER_CONFIGURATION_UNSUPPORTED ||
           level == CUPTI_PROFILER_CONFIGURATION_DISABLED;
  };
  const auto because = [&](CUptiResult reason) {
    return core::fail(refusal_of(reason, "profile this GPU", "cuptiProfilerDeviceSupported"));
  };
  if (refused(params.vGpu)) return core::fail(virtual_gpu_refusal("cuptiProfilerDeviceSupported: vGpu"));
  if (refused(params.confidentialCompute)) return because(CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED);
  if (refused(params.wsl)) return because(CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED);
  if (refused(params.cmp)) return because(CUPTI_ERROR_CMP_DEVICE_NOT_SUPPORTED);
  if (refused(params.sli)) return because(CUPTI_ERROR_SLI_DEVICE_NOT_SUPPORTED);
  if (refused(params.architecture)) return because(CUPTI_ERROR_NOT_SUPPORTED);
  return {};  // the level is unknown: let the profiler itself say no
}

core::Result<std::vector<std::uint8_t>> counter_availability(const CuptiLibrary& cupti, CUcontext context) {
  constexpr std::string_view kDoing = "ask which counters this GPU has free";
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_GetCounterAvailability_Params, params);
  params.ctx = context;
  if (auto status = status_of(cupti, cupti.counter_availability(&params), kDoing); !status) {
    return core::fail(status.error());
  }
  std::vector<std::uint8_t> image(params.counterAvailabilityImageSize);
  params.pCounterAvailabilityImage = image.data();
  if (auto status = status_of(cupti, cupti.counter_availability(&params), kDoing); !status) {
    return core::fail(status.error());
  }
  return image;
}

}  // namespace

core::Status initialize_profiler(const CuptiLibrary& cupti) {
  static bool done = false;
  if (done) return {};
  FLASHCORE_CUPTI_PARAMS(CUpti_Profiler_Initialize_Params, params);
  auto status = status_of(cupti, cupti.profiler_initialize(&params), "start its profiler");
  done = status.has_value();
  return status;
}

core::Result<CounterDevice> open_counter_device(const CuptiLibrary& cupti) {
  CounterDevice device;
  const auto context = current_context();
  if (!context) return core::fail(context.error());
  device.context = *context;
  int ordinal = 0;
  if (auto status = cuda_status(cudaGetDevice(&ordinal), "ask for the current device"); !status) {
    return core::fail(status.error());
  }
  if (auto status = initialize_profiler(cupti); !status) return core::fail(status.error());
  if (auto status = device_supported(cupti, ordinal); !status) return core::fail(status.error());
  FLASHCORE_CUPTI_PARAMS(CUpti_Device_GetChipName_Params, chip);
  chip.deviceIndex = static_cast<std::size_t>(ordinal);
  if (auto status = status_of(cupti, cupti.device_chip_name(&chip), "name this GPU's chip"); !status) {
    return core::fail(status.error());
  }
  device.chip = chip.pChipName;
  auto availability = counter_availability(cupti, *context);
  if (!availability) return core::fail(availability.error());
  device.availability = std::move(*availability);
  return device;
}

core::Result<RangeProfiler> RangeProfiler::create(const CuptiLibrary& cupti, CUcontext context) {
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Enable_Params, params);
  params.ctx = context;
  if (auto status = status_of(cupti, cupti.range_enable(&params), "enable the range profiler"); !status) {
    return core::fail(status.error());
  }
  return RangeProfiler(cupti, params.pRangeProfilerObject);
}

RangeProfiler::RangeProfiler(RangeProfiler&& other) noexcept
    : cupti_(other.cupti_), object_(std::exchange(other.object_, nullptr)) {}

RangeProfiler::~RangeProfiler() {
  if (object_ == nullptr) return;
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Disable_Params, params);
  params.pRangeProfilerObject = object_;
  (void)cupti_->range_disable(&params);
}

core::Status RangeProfiler::check(CUptiResult result, std::string_view doing) const {
  return status_of(*cupti_, result, doing);
}

core::Result<std::vector<std::uint8_t>> RangeProfiler::empty_image(const CounterConfig& config,
                                                                   std::size_t max_ranges) const {
  auto names = c_strings(config.names);
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataSize_Params, size);
  size.pRangeProfilerObject = object_;
  size.pMetricNames = names.data();
  size.numMetrics = names.size();
  size.maxNumOfRanges = max_ranges;
  size.maxNumRangeTreeNodes = static_cast<std::uint32_t>(max_ranges);
  if (auto status = check(cupti_->range_data_size(&size), "size the counter data"); !status) {
    return core::fail(status.error());
  }
  std::vector<std::uint8_t> image(size.counterDataSize);
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_CounterDataImage_Initialize_Params, initialize);
  initialize.pRangeProfilerObject = object_;
  initialize.counterDataSize = image.size();
  initialize.pCounterData = image.data();
  if (auto status = check(cupti_->range_data_initialize(&initialize), "prepare the counter data"); !status) {
    return core::fail(status.error());
  }
  return image;
}

core::Status RangeProfiler::set_config(const CounterConfig& config, std::size_t max_ranges,
                                       std::vector<std::uint8_t>& image) const {
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_SetConfig_Params, params);
  params.pRangeProfilerObject = object_;
  params.configSize = config.image.size();
  params.pConfig = config.image.data();
  params.counterDataImageSize = image.size();
  params.pCounterDataImage = image.data();
  params.range = CUPTI_AutoRange;
  // Kernel replay would save and restore all memory around every pass, which changes what L2 holds; our
  // launches are idempotent and can simply be repeated (docs/counters.md has the measurement).
  params.replayMode = CUPTI_UserReplay;
  params.maxRangesPerPass = max_ranges;
  params.numNestingLevels = 1;
  params.minNestingLevel = 1;
  params.passIndex = 0;
  params.targetNestingLevel = 0;
  return check(cupti_->range_set_config(&params), "set the counter configuration");
}

// One pass: the counters that the hardware can hold at once, over one run of the work.
core::Status RangeProfiler::take_pass(const std::function<core::Status()>& work, bool& all_passes,
                                      bool& failed_in_work) const {
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Start_Params, start);
  start.pRangeProfilerObject = object_;
  if (auto status = check(cupti_->range_start(&start), "start counting"); !status) return status;
  const core::Status worked = work();
  // Stopped in every case: a profiler that is left running would count, and slow, whatever comes next.
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Stop_Params, stop);
  stop.pRangeProfilerObject = object_;
  const auto stopped = check(cupti_->range_stop(&stop), "stop counting");
  if (!worked) {
    failed_in_work = true;
    return worked;
  }
  all_passes = stop.isAllPassSubmitted != 0;
  return stopped;
}

core::Result<RangeData> RangeProfiler::measure(const CounterConfig& config, std::size_t max_ranges,
                                               const std::function<core::Status()>& work,
                                               bool& failed_in_work) {
  failed_in_work = false;
  auto image = empty_image(config, max_ranges);
  if (!image) return core::fail(image.error());
  if (auto status = set_config(config, max_ranges, *image); !status) return core::fail(status.error());
  for (bool all_passes = false; !all_passes;) {
    if (auto status = take_pass(work, all_passes, failed_in_work); !status) return core::fail(status.error());
  }
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_DecodeData_Params, decode);
  decode.pRangeProfilerObject = object_;
  if (auto status = check(cupti_->range_decode(&decode), "decode the counter data"); !status) {
    return core::fail(status.error());
  }
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataInfo_Params, info);
  info.pCounterDataImage = image->data();
  info.counterDataImageSize = image->size();
  if (auto status = check(cupti_->range_data_info(&info), "read the counter data"); !status) {
    return core::fail(status.error());
  }
  return RangeData{std::move(*image), info.numTotalRanges, decode.numOfRangeDropped};
}

}  // namespace flashcore::collectors
