// Summary: what a list shows of a run, kept beside it so that no list reads samples or counters.
//
// Owns: nothing. Threads: any. Errors: none; SqlFailure from the database.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <span>
#include <vector>

#include "core/records.h"

namespace flashcore::store {

struct Summary {
  std::optional<double> graph_p50_ns, launch_p50_ns, counted_ns;
  std::optional<double> clock_mhz;  // effective; of the graph samples, else of the single launches
  std::int64_t measurement_count = 0, counter_count = 0, diagnostic_count = 0;
  bool operator==(const Summary&) const = default;
};

// Nearest-rank median: the ceil(n / 2)-th smallest; nothing of nothing.
std::optional<double> median(std::vector<double> values);

// What the last measurement that knows it says a launch took (gpu__time_duration.sum, or nvbench's mean): of
// the whole launch, or summed over its kernels.
std::optional<double> counted_ns(std::span<const core::MeasurementRecord> measurements);

Summary summarize(const core::RunRecord& run);

}  // namespace flashcore::store
