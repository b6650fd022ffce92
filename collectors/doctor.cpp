#include "collectors/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "collectors/device.h"
#include "collectors/external_tool.h"
#include "collectors/halves.h"
#include "collectors/nvml.h"
#include "core/build_info.h"

namespace flashcore::collectors {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

Finding well(std::string id, std::string detail) {
  return {std::move(id), true, std::move(detail), {}};
}

Finding failed(std::string id, const core::Error& error) {
  std::string detail = error.message;
  if (!error.context.empty()) detail += fmt::format(" [{}]", error.context);
  return {std::move(id), false, std::move(detail), error.hint};
}

Finding driver(const core::EnvironmentRecord& environment) {
  if (environment.driver.empty()) {
    return {"driver", false, "no NVIDIA driver is loaded",
            "install the NVIDIA driver; in a container start it with --gpus all"};
  }
  return well("driver",
              environment.cuda_driver.empty()
                  ? environment.driver
                  : fmt::format("{}, serves CUDA up to {}", environment.driver, environment.cuda_driver));
}

Finding gpu(int ordinal, const core::Result<core::DeviceRecord>& device) {
  if (!device) return failed("gpu", device.error());
  // Without CUPTI the chip is read off the compute capability (collectors/chips.h).
  const char* how = cupti_version() ? "" : " (assumed)";
  return well("gpu", fmt::format("{} {}: {}{}, compute capability {}.{}, {} SMs, {:.0f} GiB", ordinal,
                                 device->name, device->chip.empty() ? "unknown chip" : device->chip, how,
                                 device->compute_major, device->compute_minor, device->sm_count,
                                 static_cast<double>(device->memory_bytes) / kGiB));
}

Finding toolkit() {
  const std::string nvcc = find_on_path("nvcc").string();
  if (!built_with_cuda()) {
    return {"toolkit", false,
            nvcc.empty()
                ? "this program was built without a CUDA toolkit"
                : fmt::format("this program was built without a CUDA toolkit, though {} is here", nvcc),
            "install the CUDA toolkit 13, configure again and build; recordings can be viewed without"};
  }
  return well("toolkit", fmt::format("built with CUDA {}; nvcc {}", core::build_info().cuda_toolkit,
                                     nvcc.empty() ? "is not on PATH (only building needs it)" : nvcc));
}

Finding cupti() {
  const auto version = cupti_version();
  if (!version) return failed("cupti", version.error());
  return well("cupti", fmt::format("API version {}, {}", version->version, version->path));
}

Finding counters(const core::Result<core::DeviceRecord>& device) {
  if (!device) return {"counters", false, "not tried: there is no GPU to count on", "see gpu"};
  const auto tried = try_one_counter();
  return tried ? well("counters", *tried) : failed("counters", tried.error());
}

Finding nvml() {
  const Nvml& library = Nvml::instance();
  if (library.available()) return well("nvml", library.library_version());
  return {"nvml", false, library.why(),
          "install the driver's libnvidia-ml.so.1; without it clock changes during a timing go unseen"};
}

// ncu lies on PATH, in the toolkit, or in a folder of its own named by its version.
std::filesystem::path find_ncu() {
  if (auto path = find_on_path("ncu"); !path.empty()) return path;
  std::error_code ignored;
  std::vector<std::filesystem::path> found;
  if (std::filesystem::exists("/usr/local/cuda/bin/ncu", ignored))
    found.emplace_back("/usr/local/cuda/bin/ncu");
  std::error_code end;
  for (auto folder = std::filesystem::directory_iterator("/opt/nvidia/nsight-compute", end);
       !end && folder != std::filesystem::directory_iterator(); folder.increment(end)) {
    if (std::filesystem::exists(folder->path() / "ncu", ignored)) found.push_back(folder->path() / "ncu");
  }
  // Versions begin with a year, so the greatest path is the newest.
  return found.empty() ? std::filesystem::path() : *std::max_element(found.begin(), found.end());
}

Finding ncu() {
  const auto path = find_ncu();
  if (path.empty()) {
    return {"ncu", false, "Nsight Compute's ncu was not found",
            "install nsight-compute if you want to compare with it; FlashCore counts without it"};
  }
  const std::string version = version_number(version_output(path));
  return well("ncu", fmt::format("{} ({})", version.empty() ? "unknown version" : version, path.string()));
}

}  // namespace

std::vector<Finding> examine_machine(int device) {
  const auto used = use_device(device);
  return {driver(read_environment()), gpu(device, used), toolkit(), cupti(), counters(used), nvml(), ncu()};
}

}  // namespace flashcore::collectors
