#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "collectors/device.h"
#include "collectors/halves.h"
#include "collectors/nvml.h"
#include "core/build_info.h"

namespace flashcore::collectors {
namespace {

// The value of "key<separator>value" in a text file of such lines.
std::string value_in_file(const char* path, std::string_view key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!std::string_view(line).starts_with(key)) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    std::string_view value = std::string_view(line).substr(at + 1);
    const auto first = value.find_first_not_of(" \t\"");
    if (first == std::string_view::npos) return {};
    return std::string(value.substr(first, value.find_last_not_of(" \t\"") - first + 1));
  }
  return {};
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue ...", also for the open module: the
// first word that is a dotted number.
std::string driver_of_kernel_module() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string line;
  if (!std::getline(file, line)) return {};
  std::string word;
  for (const char c : line + " ") {
    if (c != ' ') {
      word += c;
      continue;
    }
    const bool dotted = word.find('.') != std::string::npos;
    if (dotted && word.find_first_not_of("0123456789.") == std::string::npos) return word;
    word.clear();
  }
  return {};
}

std::string operating_system() {
  std::string name = value_in_file("/etc/os-release", "PRETTY_NAME", '=');
  if (name.empty()) name = "Linux";
  utsname kernel{};
  if (uname(&kernel) != 0) return name;
  // The version alone: what a provider appends to it names machines, not what they run.
  const std::string_view release = kernel.release;
  const std::string_view version = release.substr(0, release.find_first_not_of("0123456789."));
  return fmt::format("{}, {} {} {}", name, kernel.sysname, version, kernel.machine);
}

std::string cpu() {
  std::string model = value_in_file("/proc/cpuinfo", "model name", ':');
  if (model.empty()) model = "unknown CPU";
  return fmt::format("{}, {} threads", model, std::thread::hardware_concurrency());
}

}  // namespace

core::EnvironmentRecord read_environment() {
  const core::BuildInfo& build = core::build_info();
  core::EnvironmentRecord record;
  record.git_sha = build.git_sha;
  record.kernels_dirty = build.kernels_dirty;
  record.program_version = build.version;
  record.compiler = build.compiler;
  record.cuda_toolkit = build.cuda_toolkit;
  record.cuda_driver = cuda_driver_api_version();
  const Nvml& nvml = Nvml::instance();
  record.driver = nvml.driver_version();
  if (record.driver.empty()) record.driver = driver_of_kernel_module();
  record.nvml = nvml.library_version();
  record.operating_system = operating_system();
  record.cpu = cpu();
  return record;
}

}  // namespace flashcore::collectors
