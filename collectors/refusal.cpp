#include "collectors/refusal.h"

#include <fmt/format.h>

#include <utility>

namespace flashcore::collectors {
namespace {

// CUptiResult's numbers, which are part of CUPTI's binary interface; collectors/cuda asserts that the
// toolkit's header agrees.
enum Result : int {
  kOutOfMemory = 8,
  kHardware = 9,
  kNotCompatible = 14,
  kHardwareBusy = 26,
  kNotSupported = 27,
  kVirtualizedDevice = 33,
  kInsufficientPrivileges = 35,
  kOldProfilerApi = 36,
  kLegacyProfiler = 38,
  kMultipleSubscribers = 39,
  kVirtualizedPrivileges = 40,
  kConfidentialComputing = 41,
  kMiningDevice = 42,
  kMig = 43,
  kSli = 44,
  kWsl = 45,
};

constexpr std::string_view kPermissionHint =
    "as root, or allow every user: echo 'options nvidia NVreg_RestrictProfilingToAdminUsers=0' > "
    "/etc/modprobe.d/nvidia-profiling.conf, update the initramfs and reboot; in a container start it with "
    "--cap-add=SYS_ADMIN";
constexpr std::string_view kBusyHint =
    "stop the other profiler (ncu, nsys, another flashcore-profile) or pause it (dcgmi profile --pause), "
    "then run again";

core::Error permission(std::string detail) {
  return {core::ErrorCode::kPermission, "the driver lets only administrators read this GPU's counters",
          fmt::format("run {}", kPermissionHint), std::move(detail)};
}

core::Error busy(std::string detail) {
  return {core::ErrorCode::kPermission, "another profiler holds this GPU's counters", std::string(kBusyHint),
          std::move(detail)};
}

core::Error unsupported(std::string_view what, std::string_view hint, std::string detail) {
  return {core::ErrorCode::kPermission, fmt::format("counters cannot be read {}", what), std::string(hint),
          std::move(detail)};
}

}  // namespace

core::Error virtual_gpu_refusal(std::string detail) {
  return {core::ErrorCode::kPermission,
          "this is a virtual GPU, and its host does not let guests read counters",
          "ask the host's administrator to enable profiling for this vGPU (vGPU plugin parameter "
          "enable_profiling=1), or use a GPU that is passed through whole",
          std::move(detail)};
}

core::Error refusal_of(int result, std::string_view doing, std::string detail) {
  switch (result) {
    case kInsufficientPrivileges: return permission(std::move(detail));
    case kVirtualizedDevice:
    case kVirtualizedPrivileges: return virtual_gpu_refusal(std::move(detail));
    case kHardwareBusy:
    case kOldProfilerApi:
    case kMultipleSubscribers: return busy(std::move(detail));
    case kConfidentialComputing:
      return unsupported("while the GPU is in confidential-computing mode",
                         "turn the mode off, or its developer-tools mode on, and restart", std::move(detail));
    case kMig:
      return unsupported("on this MIG instance", "use a MIG instance that spans the GPU, or turn MIG off",
                         std::move(detail));
    case kWsl:
      return unsupported("under this Windows Subsystem for Linux",
                         "use WSL 2 with a Windows driver that allows profiling (NVIDIA Control Panel, "
                         "Developer, Manage GPU Performance Counters)",
                         std::move(detail));
    case kMiningDevice:
    case kSli:
    case kNotSupported:
    case kLegacyProfiler:
      return unsupported("on this device", "use a GPU of compute capability 7.0 or newer without SLI",
                         std::move(detail));
    case kNotCompatible:
      return {core::ErrorCode::kExternalTool, "the driver and CUPTI do not fit together",
              "install a driver that is at least as new as this program's CUDA toolkit", std::move(detail)};
    case kOutOfMemory:
      return {core::ErrorCode::kDevice, fmt::format("CUPTI could not {}: out of memory", doing),
              "close other programs on this GPU, or profile a smaller problem", std::move(detail)};
    case kHardware:
      return {core::ErrorCode::kDevice, fmt::format("CUPTI could not {}: the counter hardware failed", doing),
              "run again; if it persists, look for Xid messages in dmesg", std::move(detail)};
    default:
      return {
          core::ErrorCode::kExternalTool, fmt::format("CUPTI could not {}", doing),
          fmt::format("often another profiler is active: {}. flashcore-profile doctor says more", kBusyHint),
          std::move(detail)};
  }
}

std::optional<core::Error> simulated_refusal(const char* value) {
  if (value == nullptr || *value == '\0') return std::nullopt;
  const std::string_view kind = value;
  const std::string detail = fmt::format("simulated by FLASHCORE_SIMULATE_REFUSAL={}", kind);
  core::Error error;
  if (kind == "permission") {
    error = permission(detail);
  } else if (kind == "virtual_gpu") {
    error = virtual_gpu_refusal(detail);
  } else if (kind == "busy") {
    error = busy(detail);
  } else {
    return core::Error{core::ErrorCode::kPermission,
                       fmt::format("FLASHCORE_SIMULATE_REFUSAL={} is no refusal that can be simulated", kind),
                       "set it to permission, virtual_gpu or busy, or unset it", detail};
  }
  error.message += " (simulated)";
  return error;
}

}  // namespace flashcore::collectors
