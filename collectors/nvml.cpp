#include "collectors/nvml.h"

#include <fmt/format.h>

#include <array>

#include "cuda/dynamic_library.h"

namespace flashcore::collectors {
namespace {

constexpr int kNvmlSuccess = 0;
constexpr int kClockSm = 1;         // nvmlClockType_t NVML_CLOCK_SM
constexpr int kClockMemory = 2;     // NVML_CLOCK_MEM
constexpr int kTemperatureGpu = 0;  // nvmlTemperatureSensors_t NVML_TEMPERATURE_GPU
constexpr double kMilliwattsPerWatt = 1000;

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
  return record;
}

std::vector<std::string> slowdown_names(std::uint64_t reasons) {
  std::vector<std::string> names;
  for (const Slowdown& slowdown : kSlowdowns) {
    if ((reasons & slowdown.bit) != 0) names.emplace_back(slowdown.name);
  }
  return names;
}

}  // namespace flashcore::collectors
