// Speed of light: how busy each unit was against its own peak, as a strip of bars, and the memory chart
// behind it. Which metrics these are is data (analysis/catalogue/speed_of_light.toml); no face names one.
//
// A bar is a metric in percent of the unit's own peak. The binding one is the highest bar that is there; of a
// unit and a part of it that makes up most of it (shared memory in L1) it is the part, which can never stand
// above the whole. The highest is only said to bind from kBindsFrom on: below it nothing does, and the kernel
// waits. The
// chart has nodes (SM, L1, shared, L2, DRAM) and arrows between them with bytes and throughput; a node may
// carry a hit rate and a share of its peak. A value that is missing stays in its place, with its reason.
//
// Owns: plain values; text may come from outside (a catalogue's folder). Units: percent, bytes, B/s, as the
// metric says. Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/catalogue.h"

namespace flashcore::analysis {

// A metric's value as a face shows it.
struct ShownValue {
  std::string metric;           // its id; empty where the catalogue has none for this place
  std::optional<double> value;  // in the metric's unit
  std::string text;             // "63.4 %", "4.19 MB"; "missing" where it is
  std::string note;             // provenance, or why it is missing
  std::string tip;              // what it is: the metric's description
};

struct SpeedBar {
  std::string id;     // "tensor"
  std::string title;  // "Tensor", as short as a strip needs
  ShownValue share;   // percent of its own peak
  bool binding = false;
  std::string mark;  // of the binding one, why: "the highest", "the highest: it binds", "most of L1, ..."
};

struct MemoryNode {
  std::string id;       // "sm", "l1", "shared", "l2", "dram"
  std::string title;    // "L1"
  ShownValue hit_rate;  // metric empty: a node of this kind has none
  ShownValue share;     // of its own peak; metric empty: none
};

struct MemoryArrow {
  std::string from, to;   // ids of nodes, in the direction in which the bytes move
  std::string title;      // "loads"
  ShownValue bytes;       // of a launch
  ShownValue throughput;  // B/s, bytes over the launch's counted time
};

inline constexpr double kBindsFrom = 60;  // percent of a unit's own peak

struct SpeedOfLight {
  std::vector<SpeedBar> bars;     // in the catalogue's order
  std::vector<MemoryNode> nodes;  // from the SM outwards
  std::vector<MemoryArrow> arrows;
  // "counter pass: 13.98 µs (timed: 10.79 µs)": shares of elapsed cycles and throughputs are
  // those of that pass. Empty where its time is missing.
  std::string pass_note;
  std::string reason;  // why nothing of it is known (no counters); empty where something is

  const SpeedBar* binding() const;  // null where no bar has a value
  // Whether the highest bar may be called the busiest unit: of at least three quarters of the units it is
  // known how busy they were. A tensor pipe at 0 % is the highest of a run whose other counters were not
  // collected.
  bool names_busiest() const;
  const MemoryNode* node(std::string_view id) const;
};

// From the metrics of a run (Catalogue::evaluate).
SpeedOfLight speed_of_light(const Catalogue& catalogue, const std::vector<MetricValue>& metrics);

}  // namespace flashcore::analysis
