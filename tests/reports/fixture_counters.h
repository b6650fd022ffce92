// The counters of the strip of bars and of the memory chart, for one kernel or for a whole launch. Made for
// the tests; nothing of them is a measurement.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "analysis/catalogue.h"
#include "core/records.h"

namespace flashcore::reports::fixtures {

struct Load {
  double ns = 0, tensor_percent = 0, occupancy_percent = 0, dram_megabytes = 0;
};

// Vendor names that the places of the strip and of the chart read on the tests' chip.
inline std::set<std::string> speed_counter_names() {
  static const analysis::Catalogue catalogue = analysis::Catalogue::builtin().value();
  std::set<std::string> metrics, names;
  const analysis::SpeedOfLightSpec& spec = catalogue.speed_of_light();
  for (const auto& bar : spec.bars) metrics.insert(bar.metric);
  for (const auto& node : spec.nodes) metrics.insert({node.hit_rate, node.share});
  for (const auto& arrow : spec.arrows) metrics.insert({arrow.bytes, arrow.throughput});
  for (const std::string& id : metrics) {
    const analysis::Metric* metric = catalogue.find(id);
    const analysis::MetricFormula* formula = metric != nullptr ? metric->formula_for("GH100") : nullptr;
    if (formula == nullptr) continue;
    for (const auto& [variable, name] : formula->counters) names.insert(name);
  }
  return names;
}

inline void add_speed_counters(core::MeasurementRecord& m, std::optional<int> kernel, const Load& load) {
  const auto add = [&](const std::string& name, double value) {
    m.counters.push_back({name, kernel, value, ""});
  };
  const auto percent = [&](const std::string& name, double value) {
    add(name + ".avg.pct_of_peak_sustained_elapsed", value);
  };
  const double bytes = load.dram_megabytes * 1e6, busy = load.occupancy_percent;
  add("gpu__time_duration.sum", load.ns);
  add("sm__cycles_active.avg", load.ns * 1.7);
  add("sm__cycles_elapsed.avg", load.ns * 1.755);
  percent("sm__pipe_tensor_cycles_active", load.tensor_percent * 0.97);
  percent("sm__inst_executed_pipe_xu", busy * 0.7);
  percent("sm__pipe_fma_cycles_active", busy * 0.4);
  percent("smsp__issue_active", busy * 1.08);
  percent("l1tex__data_pipe_lsu_wavefronts", busy * 0.66);
  percent("l1tex__data_bank_reads", busy * 0.3);
  percent("l1tex__data_bank_writes", busy * 0.2);
  percent("l1tex__m_xbar2l1tex_read_sectors", busy * 0.11);
  percent("l1tex__data_pipe_lsu_wavefronts_mem_shared", busy * 0.57);
  for (const char* part :
       {"t_tag_requests", "t_sectors", "d_sectors", "xbar2lts_cycles_active", "lts2xbar_cycles_active"}) {
    percent("lts__" + std::string(part), busy * 0.13);
  }
  percent("dram__throughput", 100 * bytes / (load.ns * 4917));
  add("l1tex__t_sectors_lookup_hit.sum", bytes * 0.3);
  add("l1tex__t_sectors.sum", bytes * 0.36);
  add("lts__t_sectors_lookup_hit.sum", bytes * 0.12);
  add("lts__t_sectors.sum", bytes * 0.17);
  add("l1tex__t_bytes.sum", bytes * 9);
  add("smsp__sass_l1tex_t_sectors_pipe_lsu_mem_global_op_st.sum", bytes * 0.25 / 32);
  add("smsp__sass_l1tex_t_sectors_pipe_lsu_mem_local_op_st.sum", 0);
  add("lts__t_sectors_srcunit_tex_op_write.sum", bytes * 0.25 / 32);
  add("smsp__sass_data_bytes_mem_shared_op_ld.sum", bytes * 21);
  add("smsp__sass_data_bytes_mem_shared_op_ldsm.sum", bytes * 3);
  add("smsp__sass_data_bytes_mem_shared_op_st.sum", bytes * 4);
  add("smsp__sass_data_bytes_mem_shared_op_stsm.sum", 0);
  add("l1tex__m_xbar2l1tex_read_bytes.sum", bytes * 5);
  add("l1tex__m_l1tex2xbar_write_bytes.sum", bytes * 0.25);
  add("dram__bytes_read.sum", bytes * 0.8);
  add("dram__bytes_write.sum", bytes * 0.2);
  // Whatever else the catalogue reads there: it may count the same in another way.
  for (const std::string& name : speed_counter_names()) {
    const bool known = std::any_of(
        m.counters.begin(), m.counters.end(),
        [&](const core::CounterValue& counter) { return counter.name == name && counter.kernel == kernel; });
    if (!known) add(name, name.find(".pct") != std::string::npos ? busy * 0.1 : bytes * 0.4);
  }
}

}  // namespace flashcore::reports::fixtures
