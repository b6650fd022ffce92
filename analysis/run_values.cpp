#include "analysis/run_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>

#include "analysis/devices.h"
#include "analysis/kernels.h"
#include "analysis/statistics.h"

namespace flashcore::analysis {
namespace {

constexpr std::array kVariables{
    RunVariable{"duration_ns", "timing", "median of the graph samples, a launch"},
    RunVariable{"launch_duration_ns", "timing", "median of the single launches between events"},
    RunVariable{"sm_clock_hz", "timing", "median SM clock of the graph samples, else of the launch samples"},
    RunVariable{"model_flops", "model", "FLOPs that the problem needs"},
    RunVariable{"model_bytes", "model", "least DRAM bytes of the problem"},
    RunVariable{"sm_count", "device", "SMs"},
    RunVariable{"l2_size_bytes", "device", "size of the L2 cache"},
    RunVariable{"max_warps_per_sm", "device", "warps that an SM holds"},
    RunVariable{"dram_peak_bytes_per_second", "device", "2 * bus bits / 8 * highest memory clock"},
    RunVariable{"tensor_f16_flops_per_clk_sm", "device",
                "dense FP16 FLOPs with FP32 accumulation a clock and SM"},
    RunVariable{"fp32_flops_per_clk_sm", "device", "FP32 FLOPs a clock and SM"},
    RunVariable{"mufu_ops_per_clk_sm", "device", "special functions a clock and SM"},
    RunVariable{"kernels", "resources", "kernels of a launch"},
    RunVariable{"grid_blocks", "resources", "blocks of all kernels of a launch"},
    RunVariable{"block_threads", "resources", "threads of a block; the most of any kernel"},
    RunVariable{"registers", "resources", "registers of a thread; the most of any kernel"},
    RunVariable{"static_shared_bytes", "resources",
                "declared shared memory of a block; the most of any kernel"},
    RunVariable{"dynamic_shared_bytes", "resources",
                "requested shared memory of a block; the most of any kernel"},
    RunVariable{"spill_bytes", "resources", "spill stores and loads of a thread; of all kernels together"},
    RunVariable{"stack_bytes", "resources", "stack of a thread; the most of any kernel"},
    RunVariable{"local_bytes", "resources", "local memory of a thread; the most of any kernel"},
    RunVariable{"binary_bytes", "resources", "machine code of all kernels together"},
    RunVariable{"theoretical_occupancy", "resources",
                "0 to 1, by the occupancy calculator; the least of any kernel"},
    RunVariable{"blocks_per_sm", "resources", "resident blocks an SM; the least of any kernel"},
};

using Values = std::map<std::string, RunValue, std::less<>>;

void put(Values& values, const char* name, std::optional<double> value, std::string reason,
         std::string provenance) {
  RunValue entry;
  entry.value = value;
  if (!value) entry.reason = std::move(reason);
  entry.provenance = std::move(provenance);
  values.insert_or_assign(name, std::move(entry));
}

std::optional<double> positive(double value) {
  return value > 0 ? std::optional<double>(value) : std::nullopt;
}

void put_timing(const core::RunRecord& run, Values& values) {
  const std::string objection = timing_objection(run);
  const std::vector<core::Sample> samples = core::all_samples(run);
  const auto duration = [&](const char* name, core::SampleKind kind, const char* what) {
    const auto summary = objection.empty() ? summarise(samples, kind) : std::nullopt;
    put(values, name, summary ? std::optional<double>(summary->p50) : std::nullopt,
        objection.empty() ? fmt::format("the run has no {} samples", what) : objection,
        fmt::format("timing ({} p50 of {})", what, summary ? summary->n : 0));
  };
  duration("duration_ns", core::SampleKind::kGraph, "graph");
  duration("launch_duration_ns", core::SampleKind::kLaunch, "launch");

  auto clock = median_clock_mhz(samples, core::SampleKind::kGraph);
  if (!clock) clock = median_clock_mhz(samples, core::SampleKind::kLaunch);
  put(values, "sm_clock_hz", clock ? std::optional<double>(*clock * 1e6) : std::nullopt,
      samples.empty() ? "the run has no samples" : "no sample carries an SM clock",
      "timing (median SM clock)");
}

void put_device(const std::optional<core::DeviceRecord>& known, Values& values) {
  if (!known) {
    for (const RunVariable& variable : kVariables) {
      if (variable.source == "device") put(values, variable.name.data(), std::nullopt, kNoDevice, "device");
    }
    return;
  }
  const core::DeviceRecord& device = *known;
  const std::string unsaid = "the driver did not say it for this device";
  put(values, "sm_count", positive(device.sm_count), unsaid, "device");
  put(values, "l2_size_bytes", positive(static_cast<double>(device.l2_bytes)), unsaid, "device");
  const double warps = device.warp_size > 0 ? device.max_threads_per_sm / device.warp_size : 0;
  put(values, "max_warps_per_sm", positive(warps), unsaid, "device");
  put(values, "dram_peak_bytes_per_second", dram_peak_bandwidth(device), unsaid, "device");
  const DeviceRates rates = rates_of(device);
  put(values, "tensor_f16_flops_per_clk_sm", rates.tensor_f16.value, rates.tensor_f16.missing, "device");
  put(values, "fp32_flops_per_clk_sm", rates.fp32.value, rates.fp32.missing, "device");
  put(values, "mufu_ops_per_clk_sm", rates.mufu.value, rates.mufu.missing, "device");
}

enum class Fold { kSum, kMost, kLeast };
using Field = std::function<std::optional<double>(const KernelResources&)>;

// A value of the launch from its kernels'; missing when one kernel's is.
std::optional<double> fold(const std::vector<KernelResources>& kernels, Fold how, const Field& field) {
  std::optional<double> all;
  for (const KernelResources& kernel : kernels) {
    const std::optional<double> one = field(kernel);
    if (!one) return std::nullopt;
    if (!all) {
      all = one;
    } else if (how == Fold::kSum) {
      all = *all + *one;
    } else {
      all = how == Fold::kMost ? std::max(*all, *one) : std::min(*all, *one);
    }
  }
  return all;
}

template <typename T>
std::optional<double> maybe(const std::optional<T>& value) {
  return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

std::optional<double> maybe_count(const std::optional<core::Extent3>& extent) {
  if (!extent) return std::nullopt;
  return static_cast<double>(extent->x) * static_cast<double>(extent->y) * static_cast<double>(extent->z);
}

std::string resource_provenance(const std::vector<KernelResources>& kernels, bool with_limiter) {
  if (kernels.empty()) return "resources";
  const core::ResourceRecord* tightest = &kernels.front().resources;
  for (const KernelResources& kernel : kernels) {
    const core::ResourceRecord& r = kernel.resources;
    if (r.theoretical_occupancy && tightest->theoretical_occupancy &&
        *r.theoretical_occupancy < *tightest->theoretical_occupancy) {
      tightest = &r;
    }
  }
  std::string text =
      fmt::format("resources ({}", tightest->provenance.empty() ? "unsaid" : tightest->provenance);
  if (kernels.size() > 1) text += fmt::format(", {} kernels aggregated", kernels.size());
  text += ")";
  if (with_limiter && !tightest->occupancy_limiter.empty()) {
    text += fmt::format(", limited by {}", tightest->occupancy_limiter);
  }
  return text;
}

void put_resources(const core::RunRecord& run, Values& values) {
  using K = KernelResources;
  const std::vector<KernelResources> kernels = kernel_resources(run);
  const std::string none = "the run does not tell of its kernels";
  const auto add = [&](const char* name, Fold how, const Field& field) {
    const bool occupancy =
        std::string_view(name) == "theoretical_occupancy" || std::string_view(name) == "blocks_per_sm";
    put(values, name, fold(kernels, how, field),
        kernels.empty() ? none
                        : "nobody said it for every kernel of the launch (a library's kernels say little)",
        resource_provenance(kernels, occupancy));
  };
  put(values, "kernels", positive(static_cast<double>(kernels.size())), none,
      resource_provenance(kernels, false));
  add("grid_blocks", Fold::kSum, [](const K& k) { return maybe_count(k.kernel.grid); });
  add("block_threads", Fold::kMost, [](const K& k) { return maybe_count(k.kernel.block); });
  add("registers", Fold::kMost, [](const K& k) { return maybe(k.resources.registers); });
  add("static_shared_bytes", Fold::kMost, [](const K& k) { return maybe(k.resources.static_shared_bytes); });
  add("dynamic_shared_bytes", Fold::kMost,
      [](const K& k) { return maybe(k.resources.dynamic_shared_bytes); });
  add("spill_bytes", Fold::kSum, [](const K& k) -> std::optional<double> {
    if (!k.resources.spill_store_bytes || !k.resources.spill_load_bytes) return std::nullopt;
    return static_cast<double>(*k.resources.spill_store_bytes + *k.resources.spill_load_bytes);
  });
  add("stack_bytes", Fold::kMost, [](const K& k) { return maybe(k.resources.stack_bytes); });
  add("local_bytes", Fold::kMost, [](const K& k) { return maybe(k.resources.local_bytes); });
  add("binary_bytes", Fold::kSum, [](const K& k) { return maybe(k.resources.binary_bytes); });
  add("theoretical_occupancy", Fold::kLeast,
      [](const K& k) { return maybe(k.resources.theoretical_occupancy); });
  add("blocks_per_sm", Fold::kLeast, [](const K& k) { return maybe(k.resources.blocks_per_sm); });
}

}  // namespace

std::span<const RunVariable> run_variables() noexcept {
  return kVariables;
}

const RunVariable* find_run_variable(std::string_view name) noexcept {
  const auto found = std::find_if(kVariables.begin(), kVariables.end(),
                                  [&](const RunVariable& variable) { return variable.name == name; });
  return found == kVariables.end() ? nullptr : &*found;
}

std::string timing_objection(const core::RunRecord& run) {
  if (core::times_are_results(run.answer)) return {};
  return run.answer == core::Answer::kWrong ? "the answer is wrong, so that its timing is no result"
                                            : "the answer was not checked, so that its timing is no result";
}

std::map<std::string, RunValue, std::less<>> run_values(const core::RunRecord& run) {
  Values values;
  put_timing(run, values);
  const auto modelled = [&](double core::ModelRecord::*field) {
    return run.model ? positive((*run.model).*field) : std::nullopt;
  };
  put(values, "model_flops", modelled(&core::ModelRecord::flops), "the run carries no FLOP model", "model");
  put(values, "model_bytes", modelled(&core::ModelRecord::bytes), "the run carries no byte model", "model");
  put_device(run.device, values);
  put_resources(run, values);
  return values;
}

}  // namespace flashcore::analysis
