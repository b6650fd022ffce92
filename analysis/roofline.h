// The roofline (Williams, Waterman and Patterson, "Roofline: an insightful visual performance model
// for multicore architectures", CACM 52(4), 2009): theoretical ceilings of a device at the clock of
// a run, and a run's point under them.
//
// attainable(I) = min(compute ceiling, I * bandwidth ceiling); I = FLOPs / bytes.
// Compute ceilings: operations a clock and SM of each kind of instruction (analysis/catalogue/devices.toml,
// with the document; on Hopper mma.sync and wgmma differ) * SMs * effective SM clock. Bandwidths: DRAM = 2 *
// bus bits / 8 * memory clock; L2 and L1 = bytes a clock * clock. Points by counted bytes are the detail;
// what a run is judged by is the share of its problem's limit (analysis/limit.h). The point's FLOPs are the
// model's (the problem's own), its bytes the counted DRAM or L2 bytes, or those of L1 and shared
// memory together, which share one data path (TMA's copies are not among them), and its time the graph p50.
// Where there is no model (an import) the FLOPs are the counted ones of all precisions, where there are no
// counted DRAM bytes they are the model's least bytes, where nothing was timed the time is the counted one;
// the provenance of each says so. FLOPs of a precision that was not counted are not in it, which is told.
//
// Owns: plain values. Units: FLOP/s, B/s, FLOP/B. Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::analysis {

struct Ceiling {
  std::string id;  // "tensor_f16", "tensor_f16_mma", "fp32", "mufu", "dram", "l2", "l1"
  std::string title;
  bool bandwidth = false;
  // False: a definition that nothing reaches (the counted peak of L2's slices), or a roof of one kind of
  // instruction below another. Drawn so.
  bool limit = true;
  double value = 0;    // FLOP/s (operations/s for mufu) or B/s
  std::string source;  // how it was computed, with the clock
};

struct RooflinePoint {
  std::string memory;  // "dram", "l2" or "l1": one point a memory, by its counted bytes
  double flops = 0, bytes = 0, duration_ns = 0;
  double intensity = 0;    // FLOP/B
  double performance = 0;  // FLOP/s
  // FLOP/s under the memory's and the tensor ceiling; nothing where the memory's is no limit, but a
  // definition.
  std::optional<double> attainable;
  std::optional<double> attainable_fraction;  // performance / attainable
  std::string bound;                          // "memory" or "compute": which ceiling is nearer at I; or empty
  std::string flops_provenance;               // "model", "ncu (FP32, FP64)"
  std::string bytes_provenance;               // "cupti", "cupti (global, local and shared memory)" or "model"
  std::string time_provenance;                // "graph p50 of 100", "gpu__time_duration.sum, ncu"
};

struct Roofline {
  // Of the timing, or of the counter pass where nothing was timed; nothing: the device's maximum was used.
  std::optional<double> sm_clock_hz;
  std::vector<Ceiling> ceilings;
  std::vector<RooflinePoint> points;
  std::string reason;  // why ceilings or points are missing

  const Ceiling* ceiling(std::string_view id) const;
};

Roofline roofline_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics);

}  // namespace flashcore::analysis
