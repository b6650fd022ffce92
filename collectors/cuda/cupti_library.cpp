#include "collectors/cuda/cupti_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "cuda/dynamic_library.h"
#include "cuda/toolkit_libraries.h"

namespace flashcore::collectors {

using cuda::DynamicLibrary;

namespace {

constexpr std::uint32_t kVersionsPerMajor = 10000;  // 130001 is CUDA 13.0's second API version
constexpr std::uint32_t kBuiltMajor = CUPTI_API_VERSION / kVersionsPerMajor;
[[maybe_unused]] constexpr const char* kInstallHint =
    "install the CUDA toolkit's CUPTI (Debian and Ubuntu: cuda-cupti-13-0), or set CUDA_HOME to a toolkit";

// libcupti opens libnvperf_host by its bare name. Opening the one beside it first makes that name
// resolve wherever the two lie, without an RPATH in libcupti.
void preload_nvperf(const std::string& folder) {
  const std::string path = folder + "libnvperf_host.so";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) (void)DynamicLibrary::open({path});
}

[[maybe_unused]] DynamicLibrary open_library(std::string& why) {
  const std::string file = fmt::format("libcupti.so.{}", kBuiltMajor);
  for (const std::string& folder : cuda::toolkit_library_folders()) {
    const std::string path = folder + file;
    // A folder that may not be looked into (of CUDA_HOME, say) is one without it.
    std::error_code ignored;
    if (!folder.empty()) {
      if (!std::filesystem::exists(path, ignored)) continue;
      preload_nvperf(folder);
    }
    DynamicLibrary library = DynamicLibrary::open({path});
    if (library) return library;
    if (!folder.empty() || why.empty()) why = library.why();
  }
  return {};
}

[[maybe_unused]] bool find_all(const DynamicLibrary& library, CuptiLibrary& cupti, std::string& missing) {
  const auto need = [&](const char* symbol, auto*& function) {
    if (!library.find(symbol, function) && missing.empty()) missing = symbol;
  };
  need("cuptiGetVersion", cupti.get_version);
  need("cuptiGetResultString", cupti.result_string);
  need("cuptiDeviceGetChipName", cupti.device_chip_name);
  need("cuptiProfilerInitialize", cupti.profiler_initialize);
  need("cuptiProfilerDeInitialize", cupti.profiler_deinitialize);
  need("cuptiProfilerDeviceSupported", cupti.device_supported);
  need("cuptiProfilerGetCounterAvailability", cupti.counter_availability);
  need("cuptiProfilerHostGetSupportedChips", cupti.host_chips);
  need("cuptiProfilerHostInitialize", cupti.host_initialize);
  need("cuptiProfilerHostDeinitialize", cupti.host_deinitialize);
  need("cuptiProfilerHostGetMetricProperties", cupti.host_properties);
  need("cuptiProfilerHostConfigAddMetrics", cupti.host_add);
  need("cuptiProfilerHostGetConfigImageSize", cupti.host_config_size);
  need("cuptiProfilerHostGetConfigImage", cupti.host_config);
  need("cuptiProfilerHostGetNumOfPasses", cupti.host_passes);
  need("cuptiProfilerHostEvaluateToGpuValues", cupti.host_evaluate);
  need("cuptiRangeProfilerEnable", cupti.range_enable);
  need("cuptiRangeProfilerDisable", cupti.range_disable);
  need("cuptiRangeProfilerSetConfig", cupti.range_set_config);
  need("cuptiRangeProfilerStart", cupti.range_start);
  need("cuptiRangeProfilerStop", cupti.range_stop);
  need("cuptiRangeProfilerDecodeData", cupti.range_decode);
  need("cuptiRangeProfilerGetCounterDataSize", cupti.range_data_size);
  need("cuptiRangeProfilerCounterDataImageInitialize", cupti.range_data_initialize);
  need("cuptiRangeProfilerGetCounterDataInfo", cupti.range_data_info);
  return missing.empty();
}

core::Result<CuptiLibrary> load() {
#ifdef __SANITIZE_ADDRESS__
  // libcupti opens libnvperf_host with RTLD_DEEPBIND, upon which the sanitizer's runtime ends the process.
  return core::fail(core::ErrorCode::kExternalTool,
                    "CUPTI cannot be loaded into a program built with the address sanitizer",
                    "count with a build without FLASHCORE_SANITIZE");
#else
  std::string why;
  const DynamicLibrary library = open_library(why);
  if (!library) {
    return core::fail(
        core::ErrorCode::kExternalTool,
        fmt::format("libcupti.so.{} was not found, so hardware counters cannot be read", kBuiltMajor),
        kInstallHint, why);
  }
  CuptiLibrary cupti;
  std::string missing;
  if (!find_all(library, cupti, missing)) {
    return core::fail(core::ErrorCode::kExternalTool,
                      fmt::format("{} has no {}: it is too old", library.name(), missing), kInstallHint);
  }
  Dl_info info{};
  cupti.path = library.name();
  if (dladdr(reinterpret_cast<void*>(cupti.get_version), &info) != 0 && info.dli_fname != nullptr) {
    cupti.path = info.dli_fname;
  }
  preload_nvperf(std::filesystem::path(cupti.path).parent_path().string() + "/");
  cupti.get_version(&cupti.version);
  if (cupti.version / kVersionsPerMajor != kBuiltMajor) {
    return core::fail(core::ErrorCode::kExternalTool,
                      fmt::format("{} is CUPTI {}, but this program was built for {}", cupti.path,
                                  cupti.version, CUPTI_API_VERSION),
                      kInstallHint);
  }
  return cupti;
#endif
}

}  // namespace

std::string CuptiLibrary::tool() const {
  return fmt::format("CUPTI {}", version);
}

std::string CuptiLibrary::text_of(CUptiResult result) const {
  const char* text = nullptr;
  result_string(result, &text);
  return fmt::format("{} ({})", text == nullptr ? "CUPTI error" : text, static_cast<int>(result));
}

core::Result<const CuptiLibrary*> load_cupti() {
  static const core::Result<CuptiLibrary> library = load();
  if (!library) return core::fail(library.error());
  return &*library;
}

}  // namespace flashcore::collectors
