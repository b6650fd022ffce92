#include "collectors/nvml.h"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "cuda/dynamic_library.h"

namespace flashcore::collectors {
namespace {

constexpr int kNvmlSuccess = 0;
constexpr int kNvmlInsufficientSize = 7;  // the count then says how many there are
constexpr int kClockSm = 1;               // nvmlClockType_t NVML_CLOCK_SM
constexpr int kClockMemory = 2;           // NVML_CLOCK_MEM
constexpr int kTemperatureGpu = 0;        // nvmlTemperatureSensors_t NVML_TEMPERATURE_GPU
constexpr double kMilliwattsPerWatt = 1000;

// nvmlProcessInfo_v1_t and nvmlProcessInfo_t; only the pid is read.
struct ProcessV1 {
  unsigned pid;
  unsigned long long used_bytes;
};
struct ProcessV3 {
  unsigned pid;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
};
constexpr unsigned kProcessesAtFirst = 64;
constexpr int kProcessTries = 3;  // the list may grow between two calls

// 0 where there is no such process or it may not be looked at.
pid_t parent_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The name in parentheses may hold anything, also parentheses; state and parent follow the last one.
  const auto end_of_name = line.rfind(") ");
  int parent = 0;
  if (end_of_name == std::string::npos ||
      std::sscanf(line.c_str() + end_of_name + 2, "%*c %d", &parent) != 1) {
    return 0;
  }
  return parent;
}

// True where `old` is a parent of `young`, or a parent's parent.
bool descends(pid_t young, pid_t old) {
  constexpr int kDeepest = 64;  // a pid that is taken again meanwhile may close a circle
  for (int depth = 0; depth < kDeepest && young > 1; ++depth) {
    young = parent_of(young);
    if (young == old) return true;
  }
  return false;
}

bool belongs_to(pid_t pid, pid_t own) {
  if (pid == own || (getpgid(pid) >= 0 && getpgid(pid) == getpgid(own))) return true;
  return descends(pid, own) || descends(own, pid);
}

struct Slowdown {
  std::uint64_t bit;
  const char* name;
};
// nvml.h: nvmlClocksEventReason*. 0x1 (idle), 0x2 (application clocks), 0x10 (sync boost) and 0x100
// (display clocks) are settings or rest, not a GPU that cannot keep its clock.
constexpr std::array kSlowdowns{
    Slowdown{0x4, "power cap"},         Slowdown{0x8, "hardware slowdown"},
    Slowdown{0x20, "thermal slowdown"}, Slowdown{0x40, "hardware thermal slowdown"},
    Slowdown{0x80, "power brake"},
};

}  // namespace

const Nvml& Nvml::instance() {
  static const Nvml nvml;
  return nvml;
}

Nvml::Nvml() {
  const auto library = cuda::DynamicLibrary::open({"libnvidia-ml.so.1"});
  if (!library) {
    why_ = library.why();
    return;
  }
  if (!library.find("nvmlInit_v2", init_) ||
      !library.find("nvmlDeviceGetHandleByPciBusId_v2", handle_by_bus_id_) ||
      !library.find("nvmlDeviceGetClockInfo", clock_info_)) {
    why_ = "libnvidia-ml.so.1 lacks a function that this program needs";
    return;
  }
  library.find("nvmlSystemGetDriverVersion", driver_version_);
  library.find("nvmlSystemGetNVMLVersion", library_version_);
  // The old name; drivers keep it beside nvmlDeviceGetCurrentClocksEventReasons.
  library.find("nvmlDeviceGetCurrentClocksThrottleReasons", clock_reasons_);
  library.find("nvmlDeviceGetPowerUsage", power_usage_);
  library.find("nvmlDeviceGetTemperature", temperature_);
  if (library.find("nvmlDeviceGetComputeRunningProcesses_v3", processes_)) {
    process_bytes_ = sizeof(ProcessV3);
  } else if (library.find("nvmlDeviceGetComputeRunningProcesses", processes_)) {
    process_bytes_ = sizeof(ProcessV1);
  }
  if (const int result = init_(); result != kNvmlSuccess) {
    why_ = fmt::format("nvmlInit failed with {}", result);
    return;
  }
  available_ = true;
}

std::string Nvml::driver_version() const {
  std::array<char, 96> text{};
  if (!available_ || driver_version_ == nullptr ||
      driver_version_(text.data(), static_cast<unsigned>(text.size())) != kNvmlSuccess) {
    return {};
  }
  return text.data();
}

std::string Nvml::library_version() const {
  std::array<char, 96> text{};
  if (!available_ || library_version_ == nullptr ||
      library_version_(text.data(), static_cast<unsigned>(text.size())) != kNvmlSuccess) {
    return {};
  }
  return text.data();
}

std::optional<Nvml::Device> Nvml::device(const std::string& pci_bus_id) const {
  Device handle = nullptr;
  if (!available_ || handle_by_bus_id_(pci_bus_id.c_str(), &handle) != kNvmlSuccess) return std::nullopt;
  return handle;
}

std::optional<double> Nvml::sm_clock_mhz(Device device) const {
  unsigned mhz = 0;
  if (!available_ || clock_info_(device, kClockSm, &mhz) != kNvmlSuccess) return std::nullopt;
  return mhz;
}

std::optional<std::uint64_t> Nvml::clock_reasons(Device device) const {
  unsigned long long reasons = 0;
  if (!available_ || clock_reasons_ == nullptr || clock_reasons_(device, &reasons) != kNvmlSuccess) {
    return std::nullopt;
  }
  return reasons;
}

std::optional<std::int64_t> Nvml::other_processes(Device device) const {
  if (!available_ || processes_ == nullptr) return std::nullopt;
  unsigned room = kProcessesAtFirst;
  for (int i = 0; i < kProcessTries; ++i) {
    std::vector<std::byte> entries(room * process_bytes_);
    unsigned count = room;
    const int result = processes_(device, &count, entries.data());
    if (result == kNvmlInsufficientSize) {
      room = std::max(count, room) * 2;
      continue;
    }
    if (result != kNvmlSuccess || count > room) return std::nullopt;
    std::vector<unsigned> pids(count);
    for (unsigned k = 0; k < count; ++k) {
      std::memcpy(&pids[k], entries.data() + k * process_bytes_, sizeof(unsigned));
    }
    return count_others(pids, static_cast<unsigned>(getpid()));
  }
  return std::nullopt;
}

core::ClockRecord Nvml::clock_record(Device device) const {
  core::ClockRecord record;
  if (!available_) return record;
  record.sm_mhz = sm_clock_mhz(device);
  unsigned value = 0;
  if (clock_info_(device, kClockMemory, &value) == kNvmlSuccess) record.memory_mhz = value;
  if (power_usage_ != nullptr && power_usage_(device, &value) == kNvmlSuccess) {
    record.power_w = value / kMilliwattsPerWatt;
  }
  if (temperature_ != nullptr && temperature_(device, kTemperatureGpu, &value) == kNvmlSuccess) {
    record.temperature_c = value;
  }
  if (const auto reasons = clock_reasons(device)) record.reasons = static_cast<std::int64_t>(*reasons);
  record.other_processes = other_processes(device);
  return record;
}

std::optional<std::int64_t> count_others(std::span<const unsigned> pids, unsigned own) {
  if (std::find(pids.begin(), pids.end(), own) == pids.end()) return std::nullopt;
  return std::count_if(pids.begin(), pids.end(), [own](unsigned pid) {
    return !belongs_to(static_cast<pid_t>(pid), static_cast<pid_t>(own));
  });
}

std::vector<std::string> slowdown_names(std::uint64_t reasons) {
  std::vector<std::string> names;
  for (const Slowdown& slowdown : kSlowdowns) {
    if ((reasons & slowdown.bit) != 0) names.emplace_back(slowdown.name);
  }
  return names;
}

}  // namespace flashcore::collectors
