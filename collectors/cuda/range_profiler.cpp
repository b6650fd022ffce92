#include "collectors/cuda/range_profiler.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <chrono>
#include <cstring>
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

double ms_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

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
  return device;
}

core::Result<RangeProfiler> RangeProfiler::create(const CuptiLibrary& cupti, CUcontext context,
                                                  CounterConfig config, std::size_t room,
                                                  std::vector<core::StepRecord>& steps) {
  const auto began = std::chrono::steady_clock::now();
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Enable_Params, params);
  params.ctx = context;
  if (auto status = status_of(cupti, cupti.range_enable(&params), "enable the range profiler"); !status) {
    return core::fail(status.error());
  }
  RangeProfiler profiler(cupti, params.pRangeProfilerObject, std::move(config), room);
  steps.push_back({"enable", ms_since(began)});
  const auto enabled = std::chrono::steady_clock::now();
  if (auto status = profiler.make_images(); !status) return core::fail(status.error());
  steps.push_back({"image", ms_since(enabled)});
  return profiler;
}

RangeProfiler::RangeProfiler(RangeProfiler&& other) noexcept
    : cupti_(other.cupti_),
      object_(std::exchange(other.object_, nullptr)),
      config_(std::move(other.config_)),
      room_(other.room_),
      pristine_(std::move(other.pristine_)),
      image_(std::move(other.image_)) {}

RangeProfiler::~RangeProfiler() {
  if (object_ == nullptr) return;
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Disable_Params, params);
  params.pRangeProfilerObject = object_;
  (void)cupti_->range_disable(&params);
}

core::Status RangeProfiler::check(CUptiResult result, std::string_view doing) const {
  return status_of(*cupti_, result, doing);
}

core::Status RangeProfiler::make_images() {
  auto names = c_strings(config_.names);
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataSize_Params, size);
  size.pRangeProfilerObject = object_;
  size.pMetricNames = names.data();
  size.numMetrics = names.size();
  size.maxNumOfRanges = room_;
  size.maxNumRangeTreeNodes = static_cast<std::uint32_t>(room_);
  if (auto status = check(cupti_->range_data_size(&size), "size the counter data"); !status) return status;
  pristine_.resize(size.counterDataSize);
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_CounterDataImage_Initialize_Params, initialize);
  initialize.pRangeProfilerObject = object_;
  initialize.counterDataSize = pristine_.size();
  initialize.pCounterData = pristine_.data();
  if (auto status = check(cupti_->range_data_initialize(&initialize), "prepare the counter data"); !status) {
    return status;
  }
  image_ = pristine_;
  return {};
}

// Called before each measurement, always with the same configuration: it takes the passes back to the first.
core::Status RangeProfiler::set_config() {
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_SetConfig_Params, params);
  params.pRangeProfilerObject = object_;
  params.configSize = config_.image.size();
  params.pConfig = config_.image.data();
  params.counterDataImageSize = image_.size();
  params.pCounterDataImage = image_.data();
  params.range = CUPTI_AutoRange;
  // Kernel replay would save and restore all memory around every pass, which changes what L2 holds; our
  // launches are idempotent and can simply be repeated (docs/counters.md has the measurement).
  params.replayMode = CUPTI_UserReplay;
  params.maxRangesPerPass = room_;
  params.numNestingLevels = 1;
  params.minNestingLevel = 1;
  params.passIndex = 0;
  params.targetNestingLevel = 0;
  return check(cupti_->range_set_config(&params), "set the counter configuration");
}

// A copy of the image as CUPTI initialised it is what a new initialisation gives, in a fraction of its time.
core::Status RangeProfiler::begin() {
  std::memcpy(image_.data(), pristine_.data(), pristine_.size());
  return set_config();
}

// One pass: the counters that the hardware can hold at once, over one run of the work.
core::Status RangeProfiler::take_pass(const std::function<core::Status()>& work, Pass& pass) const {
  const auto began = std::chrono::steady_clock::now();
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Start_Params, start);
  start.pRangeProfilerObject = object_;
  if (auto status = check(cupti_->range_start(&start), "start counting"); !status) return status;
  pass.start_ms = ms_since(began);
  const core::Status worked = work();
  // Stopped in every case: a profiler that is left running would count, and slow, whatever comes next.
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_Stop_Params, stop);
  stop.pRangeProfilerObject = object_;
  const auto stopped = check(cupti_->range_stop(&stop), "stop counting");
  pass.failed_in_work = !worked;
  if (!worked) return worked;
  pass.last = stop.isAllPassSubmitted != 0;
  return stopped;
}

core::Result<RangeData> RangeProfiler::measure(const std::function<core::Status()>& work,
                                               bool& failed_in_work, std::vector<core::StepRecord>& steps) {
  failed_in_work = false;
  const auto began = std::chrono::steady_clock::now();
  if (auto status = begin(); !status) return core::fail(status.error());
  steps.push_back({"image", ms_since(began)});
  const auto passes_began = std::chrono::steady_clock::now();
  double first_start_ms = 0;
  RangeData data;
  for (Pass pass; !pass.last;) {
    const auto status = take_pass(work, pass);
    failed_in_work = pass.failed_in_work;
    if (!status) return core::fail(status.error());
    if (data.passes++ == 0) first_start_ms = pass.start_ms;
  }
  steps.push_back({"first start", first_start_ms});
  steps.push_back({"passes", ms_since(passes_began) - first_start_ms});
  const auto decode_began = std::chrono::steady_clock::now();
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_DecodeData_Params, decode);
  decode.pRangeProfilerObject = object_;
  if (auto status = check(cupti_->range_decode(&decode), "decode the counter data"); !status) {
    return core::fail(status.error());
  }
  FLASHCORE_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataInfo_Params, info);
  info.pCounterDataImage = image_.data();
  info.counterDataImageSize = image_.size();
  if (auto status = check(cupti_->range_data_info(&info), "read the counter data"); !status) {
    return core::fail(status.error());
  }
  steps.push_back({"decode", ms_since(decode_began)});
  data.image = image_;
  data.ranges = info.numTotalRanges;
  data.dropped = decode.numOfRangeDropped;
  return data;
}

}  // namespace flashcore::collectors
