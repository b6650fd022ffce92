#include "analysis/run_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>

#include "analysis/aggregate.h"
#include "analysis/clock.h"
#include "analysis/devices.h"
#include "analysis/kernels.h"
#include "analysis/limit.h"
#include "analysis/statistics.h"

namespace flashcore::analysis {
namespace {

constexpr std::array kVariables{
    RunVariable{"duration_ns", "timing", "median of the graph samples, a launch"},
    RunVariable{"launch_duration_ns", "timing", "median of the single launches between events"},
    RunVariable{
        "sm_clock_hz", "timing",
        "median effective SM clock of the graph samples, else of the launch samples; NVML's nominal one in "
        "runs that have no other"},
    RunVariable{"clock_is_nominal", "timing", "1 where `sm_clock_hz` is NVML's nominal clock, else 0"},
    RunVariable{"nominal_clock_hz", "timing", "median of NVML's SM clock while the run was timed"},
    RunVariable{"empty_kernel_ns", "timing",
                "median of an empty kernel in a graph on this machine: the floor under `duration_ns`"},
    RunVariable{"model_flops", "model", "FLOPs that the problem needs"},
    RunVariable{"model_bytes", "model",
                "least bytes of the problem: each input read once, each output written once"},
    RunVariable{"model_exps", "model", "exponentials that the problem needs"},
    RunVariable{"limit_ns", "model",
                "least time that products, exponentials and bytes of the problem allow at `sm_clock_hz`"},
    RunVariable{"limit_share", "model", "`limit_ns` over the time of a launch, 0 to 1"},
    RunVariable{"sm_count", "device", "SMs"},
    RunVariable{"sm_clock_max_hz", "device", "highest SM clock"},
    RunVariable{"l2_size_bytes", "device", "size of the L2 cache"},
    RunVariable{"max_warps_per_sm", "device", "warps that an SM holds"},
    RunVariable{"dram_peak_bytes_per_second", "device", "2 * bus bits / 8 * highest memory clock"},
    RunVariable{"tensor_f16_flops_per_clk_sm", "device",
                "dense FP16 FLOPs with FP32 accumulation a clock and SM"},
    RunVariable{"fp32_flops_per_clk_sm", "device", "FP32 FLOPs a clock and SM"},
    RunVariable{"mufu_ops_per_clk_sm", "device", "special functions a clock and SM"},
    RunVariable{"shortest_kernel_ns", "counters",
                "time of the shortest range that was counted: of a kernel, or of the launch as one"},
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
    RunVariable{
        "theoretical_occupancy", "resources",
        "0 to 1, by the occupancy calculator; of several kernels the mean, weighed as the achieved one"},
    RunVariable{"blocks_per_sm", "resources", "resident blocks an SM; the least of any kernel"},
};

constexpr const char* kSaidByNobody =
    "nobody said it for every kernel of the launch (a library's kernels say little)";

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

// How many empty kernels a replay held: the fewer, the more of a replay's own cost each of them carries.
std::string launches_of_floor(const std::vector<core::Sample>& samples) {
  for (const core::Sample& sample : samples) {
    if (sample.kind == core::SampleKind::kEmpty && sample.launches > 0)
      return fmt::format(", {} a replay", sample.launches);
  }
  return {};
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

  const auto clock = run_clock(run);
  const std::string no_clock = samples.empty() ? "the run has no samples" : "no sample carries an SM clock";
  const char* which =
      clock && clock->nominal ? "timing (median nominal SM clock)" : "timing (median effective SM clock)";
  put(values, "sm_clock_hz", clock ? std::optional<double>(clock->hz) : std::nullopt, no_clock, which);
  put(values, "clock_is_nominal", clock ? std::optional<double>(clock->nominal ? 1 : 0) : std::nullopt,
      no_clock, which);
  put(values, "nominal_clock_hz", nominal_clock_hz(run), "NVML's clock was not read while the run was timed",
      "timing (median of NVML's readings)");
  put(values, "empty_kernel_ns", empty_kernel_ns(run), "no empty kernel was timed beside this run",
      fmt::format("timing (p50 of an empty kernel in a graph{})", launches_of_floor(samples)));
}

void put_model(const core::RunRecord& run, Values& values) {
  const auto modelled = [&](double core::ModelRecord::*field) {
    return run.model ? positive((*run.model).*field) : std::nullopt;
  };
  put(values, "model_flops", modelled(&core::ModelRecord::flops), "the run carries no FLOP model", "model");
  put(values, "model_bytes", modelled(&core::ModelRecord::bytes), "the run carries no byte model", "model");
  const ProblemLimit limit = limit_of(run);
  const LimitTerm* exps = limit.term("exps");
  put(values, "model_exps", exps != nullptr ? std::optional<double>(exps->work) : std::nullopt,
      "the run's model names no exponentials", "model");
  std::string binding;
  for (const LimitTerm& term : limit.terms) {
    if (limit.binds(term)) binding += (binding.empty() ? "" : " and ") + term.id;
  }
  const std::string from = binding.empty() ? "model" : "model (limit of the " + binding + ")";
  put(values, "limit_ns", limit.ns, limit.missing, from);
  put(values, "limit_share", limit.share, limit.missing, from);
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
  put(values, "sm_clock_max_hz", positive(static_cast<double>(device.sm_clock_max_khz) * 1e3), unsaid,
      "device");
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

// Of several kernels the mean over the same cycles as the achieved one, so that the two can be compared: the
// least of any kernel would let a launch reach more than there is.
void put_occupancy(const core::RunRecord& run, const std::vector<KernelResources>& kernels,
                   const std::string& none, Values& values) {
  constexpr const char* kName = "theoretical_occupancy";
  constexpr const char* kAchieved = "sm__warps_active.avg.pct_of_peak_sustained_active";
  const auto field = [](const KernelResources& k) { return maybe(k.resources.theoretical_occupancy); };
  const auto least = fold(kernels, Fold::kLeast, field), most = fold(kernels, Fold::kMost, field);
  if (!least || *least == *most) {
    put(values, kName, least, kernels.empty() ? none : kSaidByNobody, resource_provenance(kernels, true));
    return;
  }
  const KernelCounters counted = counters_by_kernel(run);
  const LaunchCounters launch = aggregate_counters(run);
  auto stands = launch.find(kAchieved);
  if (stands == launch.end()) stands = launch.find(kKernelDurationCounter);
  const auto weights =
      stands == launch.end() ? std::nullopt : kernel_weights(counted, kAchieved, stands->second.measurement);
  const auto weighs = [&](const KernelResources& k) { return weights->of.contains(k.kernel.ordinal); };
  if (!weights || !std::all_of(kernels.begin(), kernels.end(), weighs)) {
    const std::string why = fmt::format(
        "the {} kernels of the launch differ in it, and nothing was counted that weighs all of them: see the "
        "kernels",
        kernels.size());
    return put(values, kName, std::nullopt, why, "resources");
  }
  double sum = 0, total = 0;
  for (const KernelResources& kernel : kernels) {
    const double weight = weights->of.at(kernel.kernel.ordinal);
    sum += weight * *field(kernel);
    total += weight;
  }
  put(values, kName, positive(total > 0 ? sum / total : 0), "the kernels had no active cycles",
      fmt::format("{}, weighted by {}", resource_provenance(kernels, false),
                  weights->by == kKernelDurationCounter ? "time" : weights->by));
}

// Stamps of cycles and time lie around what was counted as one range.
void put_shortest(const core::RunRecord& run, Values& values) {
  const LaunchCounters launch = aggregate_counters(run);
  const auto counted = launch.find(kKernelDurationCounter);
  std::optional<double> shortest;
  std::string from = "counters";
  if (counted != launch.end() && counted->second.value) {
    shortest = counted->second.value;
    from = counter_provenance(counted->second);
    if (counted->second.kernels > 1) {
      for (const auto& [ordinal, counters] : counters_by_kernel(run)) {
        const CounterReading* one = reading_of(counters, kKernelDurationCounter, counted->second.measurement);
        if (one != nullptr && one->value) shortest = std::min(*shortest, *one->value);
      }
    }
  }
  put(values, "shortest_kernel_ns", shortest, "no time was counted", from);
}

void put_resources(const core::RunRecord& run, Values& values) {
  using K = KernelResources;
  const std::vector<KernelResources> kernels = kernel_resources(run);
  const std::string none = "the run does not tell of its kernels";
  const auto add = [&](const char* name, Fold how, const Field& field) {
    const bool occupancy = std::string_view(name) == "blocks_per_sm";
    put(values, name, fold(kernels, how, field), kernels.empty() ? none : kSaidByNobody,
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
  put_occupancy(run, kernels, none, values);
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
  put_model(run, values);
  put_device(run.device, values);
  put_resources(run, values);
  put_shortest(run, values);
  return values;
}

}  // namespace flashcore::analysis
