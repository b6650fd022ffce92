#include "analysis/denominators.h"

#include <algorithm>
#include <array>
#include <optional>

#include "analysis/aggregate.h"

namespace flashcore::analysis {
namespace {

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return text.ends_with(end); });
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Denominator weighed(std::vector<std::string> weights) {
  weights.emplace_back(kKernelDurationCounter);
  return {Combine::kWeigh, std::move(weights)};
}

// "smsp" of "smsp__inst_executed.sum"; empty for a name that is no counter of a unit.
std::string_view unit_of(std::string_view counter) {
  const auto at = counter.find("__");
  return at == std::string_view::npos ? std::string_view() : counter.substr(0, at);
}

// What lies in an SM and runs at its clock.
bool in_sm(std::string_view unit) {
  return unit == "sm" || unit == "smsp" || unit == "l1tex" || unit == "idc" || unit == "tpc";
}

// Cycles of a unit, its own first. A part of the SM can be idle while the SM is not, so that the SM's stand
// for its own only where those were not counted.
std::vector<std::string> cycles_of(std::string_view unit, std::string_view kind) {
  std::vector<std::string> cycles;
  const auto add = [&](std::string_view of) {
    for (const std::string_view rollup : {".sum", ".avg", ".max"}) {
      cycles.push_back(std::string(of) + "__cycles_" + std::string(kind) + std::string(rollup));
    }
  };
  if (!unit.empty()) add(unit);
  if (unit != "sm" && in_sm(unit)) add("sm");
  return cycles;
}

// The unit whose peak a throughput of the whole GPU is a share of.
std::string_view peak_unit(std::string_view counter) {
  if (counter.starts_with("gpu__dram_")) return "dram";
  if (counter.starts_with("gpu__compute_memory_")) return "gpc";
  return unit_of(counter);
}

// "..._per_issue_active": the plural under which the denominator is counted, where it is not the word itself.
struct Word {
  std::string_view in_name, counter;
};
constexpr std::array kWords{Word{"issue_active", "issue_active"},
                            Word{"inst_executed", "inst_executed"},
                            Word{"inst_issued", "inst_issued"},
                            Word{"warp_active", "warps_active"},
                            Word{"warp", "warps_launched"},
                            Word{"warp_launched", "warps_launched"},
                            Word{"cycle_active", "cycles_active"},
                            Word{"cycle_elapsed", "cycles_elapsed"},
                            Word{"active_cycle", "cycles_active"},
                            Word{"elapsed_cycle", "cycles_elapsed"},
                            Word{"branch", "branches"},
                            Word{"issue", "issue_active"}};

// Names that no rule reads.
constexpr std::array kNamed{
    Word{"smsp__average_warp_latency", "smsp__warps_launched.sum"},
    Word{"smsp__sass_average_branch_targets_threads_uniform", "smsp__sass_branch_targets.sum"},
    Word{"sm__maximum_warps_per_active_cycle", "sm__cycles_active.sum"},
    Word{"smsp__maximum_warps_avg_per_active_cycle", "smsp__cycles_active.sum"},
    Word{"smsp__branch_targets_threads_uniform", "smsp__branch_targets.sum"},
    Word{"smsp__thread_inst_executed_pred_on_per_inst", "smsp__inst_executed.sum"},
    Word{"derived__avg_thread_executed", "smsp__inst_executed.sum"}};

// "t_sectors_per_request_pipe_lsu_mem_global_op_ld" -> "t_requests_pipe_lsu_mem_global_op_ld".
std::optional<std::string> requests_of(std::string_view quantity, std::string_view after) {
  for (const std::string_view what : {std::string_view("tag_request"), std::string_view("request"),
                                      std::string_view("sector"), std::string_view("wavefront")}) {
    if (!after.starts_with(what)) continue;
    std::string plural = std::string(what) + "s" + std::string(after.substr(what.size()));
    // The stage of the pipe ("t_", "m_") stands before the numerator alone.
    const std::string_view numerator = quantity.starts_with("average_") ? quantity.substr(8) : quantity;
    if (numerator.size() > 2 && numerator[1] == '_') plural.insert(0, numerator.substr(0, 2));
    return plural;
  }
  return std::nullopt;
}

// The counter of a ratio's denominator, by its name.
std::optional<std::string> ratio_denominator(std::string_view name) {
  const std::string_view unit = unit_of(name);
  const std::string_view quantity = name.substr(unit.size() + 2);
  const std::string prefix = std::string(unit) + "__";
  if (const auto at = quantity.find("_hit_rate"); at != std::string_view::npos) {
    // "t_sector_op_read_hit_rate": sectors that were read.
    std::string looked_up(quantity.substr(0, at));
    for (const std::string_view one : {"sector", "request"}) {
      const auto found = looked_up.find(one);
      if (found != std::string::npos) return prefix + looked_up.insert(found + one.size(), "s") + ".sum";
    }
    return std::nullopt;
  }
  const auto per = quantity.rfind("_per_");
  if (per == std::string_view::npos) return std::nullopt;
  const std::string_view after = quantity.substr(per + 5);
  for (const Word& word : kWords) {
    if (after == word.in_name) return prefix + std::string(word.counter) + ".sum";
  }
  if (auto requests = requests_of(quantity, after)) return prefix + *requests + ".sum";
  return std::nullopt;
}

// `name` without its ".ratio", ".pct" or ".max_rate".
Denominator ratio(std::string_view name) {
  if (const auto denominator = ratio_denominator(name)) return weighed({*denominator});
  for (const Word& named : kNamed) {
    if (name.starts_with(named.in_name)) return weighed({std::string(named.counter)});
  }
  return weighed({});
}

// ncu's data of a launch, which no unit counted.
Denominator of_launch(std::string_view name) {
  if (ends_with_any(name, {"__grid_size", "__thread_count", "__cluster_size_total"}))
    return {Combine::kAdd, {}};
  if (has(name, "__occupancy")) return {Combine::kLeast, {}};
  return {Combine::kMost, {}};
}

constexpr std::array<std::string_view, 4> kRollups{".sum", ".avg", ".max", ".min"};

bool has_rollup(std::string_view counter) {
  return std::any_of(kRollups.begin(), kRollups.end(),
                     [&](std::string_view rollup) { return has(counter, rollup); });
}

}  // namespace

Denominator denominator_of(std::string_view counter) {
  const std::string_view unit = unit_of(counter);
  if (counter.starts_with("device__attribute")) return {Combine::kConstant, {}};
  if (counter.starts_with("launch__")) return of_launch(counter);
  if (unit.empty()) return weighed({});
  if (counter.ends_with(".per_second")) return weighed({});
  if (ends_with_any(counter, {".peak_sustained", ".peak_burst", ".max_rate"}))
    return {Combine::kConstant, {}};
  if (ends_with_any(counter,
                    {".pct_of_peak_sustained_active", ".pct_of_peak_burst_active", ".per_cycle_active"}))
    return weighed(cycles_of(unit, "active"));
  if (ends_with_any(counter,
                    {".pct_of_peak_sustained_elapsed", ".pct_of_peak_burst_elapsed", ".per_cycle_elapsed"}))
    return weighed(cycles_of(peak_unit(counter), "elapsed"));
  if (has(counter, ".pct_of_peak_") || has(counter, ".per_cycle_")) return weighed({});
  const auto dot = counter.rfind('.');
  if (ends_with_any(counter, {".ratio", ".pct"})) return ratio(counter.substr(0, dot));
  if (ends_with_any(counter, {".sum", ".avg"})) return {Combine::kAdd, {}};
  if (counter.ends_with(".max")) return {Combine::kMost, {}};
  if (counter.ends_with(".min")) return {Combine::kLeast, {}};
  // "X.avg.peak_sustained_active": the peak times the cycles, which is a count.
  if (has_rollup(counter) && has(counter, ".peak_")) return {Combine::kAdd, {}};
  return ratio(counter);
}

std::vector<std::string> weights_for(const std::vector<std::string>& counters) {
  std::vector<std::string> wanted;
  const auto there = [&](const std::string& name) {
    return std::find(counters.begin(), counters.end(), name) != counters.end() ||
           std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  for (const std::string& counter : counters) {
    const Denominator denominator = denominator_of(counter);
    if (denominator.how == Combine::kConstant || denominator.weights.empty()) continue;
    const std::string& own = denominator.weights.front();
    const std::string base = own.substr(0, own.rfind('.'));
    std::string needed = own;
    if (has(own, "__cycles_elapsed")) {
      // All of an SM runs at one clock. Outside of it elapsed cycles are time at a clock that stays: time
      // weighs as they do, for no pass.
      needed = in_sm(unit_of(own)) ? "sm__cycles_elapsed.sum" : std::string(kKernelDurationCounter);
    }
    const bool held =
        std::any_of(denominator.weights.begin(), denominator.weights.end(), [&](const std::string& weight) {
          return weight.substr(0, weight.rfind('.')) == base && there(weight);
        });
    if (!held && !there(needed)) wanted.push_back(needed);
  }
  std::sort(wanted.begin(), wanted.end());
  return wanted;
}

}  // namespace flashcore::analysis
