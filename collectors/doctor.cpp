#include "collectors/doctor.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/chips.h"
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
  const bool certain =
      guess_chip(device->compute_major, device->compute_minor, device->sm_count, device->name).certain;
  const char* how = certain ? "" : " (assumed)";
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

Finding ncu() {
  const auto path = find_ncu();
  if (!path) return failed("ncu", path.error());
  const std::string version = version_number(version_output(*path));
  if (version.empty()) {
    return {"ncu", false, fmt::format("{} does not say its version", path->string()),
            "install Nsight Compute again, or name another ncu with --ncu-path or FLASHCORE_NCU_PATH"};
  }
  return well("ncu", fmt::format("{} ({})", version, path->string()));
}

}  // namespace

std::vector<Finding> examine_machine(int device) {
  const auto used = use_device(device);
  return {driver(read_environment()), gpu(device, used), toolkit(), cupti(), counters(used), nvml(), ncu()};
}

}  // namespace flashcore::collectors
