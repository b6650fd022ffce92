// The metric catalogue: what a person reads, as formulas over counters. The TOML files of
// analysis/catalogue/ are compiled in; a folder given by --catalogue or FLASHCORE_CATALOGUE
// overrides and adds.
//
// A metric: id, title, unit, description, direction, section, set, and for each architecture a
// formula (muParser) over named counters, with an example whose result the test computes. Beside
// counters a formula may use the run's own values: duration_ns (graph p50), sm_clock_hz,
// sm_count, model_flops, model_bytes, and the resource fields (registers, theoretical_occupancy,
// ...); docs/metrics.md lists them.
//
// Owns: its metrics; immutable once loaded. Threads: const use from any.
// Errors: kUsage with file, line and rule for a bad catalogue.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::analysis {

enum class Direction { kHigherIsBetter, kLowerIsBetter, kNeutral };
enum class CounterSet { kQuick, kStandard, kFull };  // each holds the one before

// One formula with the counters that it reads: variable name -> vendor name.
struct MetricFormula {
  std::vector<std::string> chips;  // "GH100", ...; "*" for any
  std::map<std::string, std::string> counters;
  std::string formula;
  std::map<std::string, double> example;  // variable -> value
  double example_result = 0;
};

// When a metric's value means nothing: where `when` (a formula over the metric's own value, `value`, its
// counters and run variables) is not zero, the value is missing with `reason`.
struct MetricGuard {
  std::string when;  // "value > sm_clock_max_hz"
  std::string reason;
};

struct Metric {
  std::string id;  // "tensor_pipe_active"
  std::string title;
  std::string unit;  // of analysis/units.h: "%", "B", "B/s", "FLOP/s", "1", "warps", ...
  std::string description;
  Direction direction = Direction::kNeutral;
  std::string section;
  CounterSet set = CounterSet::kStandard;
  std::vector<MetricFormula> formulas;
  std::vector<MetricGuard> guards;

  const MetricFormula* formula_for(std::string_view chip) const;
};

// The strip of bars and the memory chart (analysis/speed_of_light.h): which metric stands where. An id that
// is empty stands for nothing.
struct BarSpec {
  std::string id, title, metric;
  std::string part_of;  // the bar that its unit is a part of
};
struct NodeSpec {
  std::string id, title, hit_rate, share;
};
struct ArrowSpec {
  std::string from, to, title, bytes, throughput;
  bool where_counted = false;  // left out where its bytes are missing
};
struct SpeedOfLightSpec {
  std::vector<BarSpec> bars;
  std::vector<NodeSpec> nodes;
  std::vector<ArrowSpec> arrows;
};

// Counters of one set in the order in which CUPTI needs the fewest passes on some chips, as it was searched
// for (analysis/catalogue/order.toml).
struct CounterOrder {
  std::vector<std::string> chips;
  CounterSet set = CounterSet::kStandard;
  std::vector<std::string> counters;
};

struct Section {
  std::string id;  // "tensor", "occupancy", "memory", "stalls", "instructions", "flops", "launch"
  std::string title;
  std::string description;
  int order = 0;
};

struct MetricValue {
  const Metric* metric = nullptr;
  std::optional<double> value;
  std::string reason;      // why it is missing
  std::string provenance;  // "cupti, 4 passes, CUPTI 130000" or "model" or "resources"
};

class CatalogueBuilder;

class Catalogue {
 public:
  static core::Result<Catalogue> builtin();
  // The built-in one with the *.toml of `folder` laid over it.
  static core::Result<Catalogue> with_folder(const std::filesystem::path& folder);
  // From text alone, for tests and tools: file name -> TOML.
  static core::Result<Catalogue> from_text(const std::map<std::string, std::string>& files);

  std::span<const Section> sections() const { return sections_; }  // in order
  std::span<const Metric> metrics() const { return metrics_; }     // by section
  const Metric* find(std::string_view id) const;
  const std::string& hash() const { return hash_; }  // over all its text

  const SpeedOfLightSpec& speed_of_light() const { return speed_of_light_; }

  // Vendor names to collect for a set on a chip, each once, with what weighs them (analysis/denominators.h),
  // in the order in which CUPTI schedules them into the fewest passes, as far as one was searched for
  // (analysis/catalogue/order.toml); the order is part of the catalogue. Counters that no order names come
  // behind it, by name.
  std::vector<std::string> counters_for(std::string_view chip, CounterSet set) const;

  // Every metric of the catalogue for a run: with a value, or with the reason why not.
  std::vector<MetricValue> evaluate(const core::RunRecord& run) const;
  // One of them; `run` need hold no more than needs_of() says.
  MetricValue evaluate(const core::RunRecord& run, const Metric& metric) const;

 private:
  static core::Result<Catalogue> from_parts(CatalogueBuilder& builder, const std::string& hashed);

  std::vector<Section> sections_;
  std::vector<Metric> metrics_;
  SpeedOfLightSpec speed_of_light_;
  std::vector<CounterOrder> orders_;
  std::string hash_;
};

core::Result<CounterSet> parse_counter_set(std::string_view name);  // quick, standard, full
std::string_view name_of(CounterSet) noexcept;
std::string_view name_of(Direction) noexcept;  // higher, lower, neutral

// Evaluates a muParser formula; kUsage with the parser's sentence when it cannot.
core::Result<double> evaluate_formula(const std::string& formula,
                                      const std::map<std::string, double>& variables);

}  // namespace flashcore::analysis
