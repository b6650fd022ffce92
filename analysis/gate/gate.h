// Gates: limits that runs must keep, declared in TOML, and whether they do.
//
//   [[limit]]
//   name = "fused spills nothing"
//   phases = ["fused"]          # absent: all
//   problems = ["mission"]      # absent: all
//   metric = "spill_bytes"
//   max = 0                     # or min, or both; in the metric's own unit
//
//   [[limit]]
//   name = "no regression"
//   metric = "duration"
//   base = "main"               # any word for runs: tag, branch, commit, run (docs/words.md)
//   max_change = "2%"           # of the worse direction; judged by analysis/verdict
//
//   [[limit]]
//   name = "faster than wmma"
//   phases = ["fused"]
//   metric = "duration"
//   reference = "wmma"          # the same problem, another phase of the same runs
//   min_speedup = 2.0
//
// docs/gates.md has every key and how each kind of limit is judged. A limit is held against series: the runs
// of one subject on one problem, class of device and state of the caches at their newest build, however many
// processes that was. Whatever it names and nobody ran is a row of its own, so that no gate passes by
// checking nothing.
//
// Owns: plain values; rows point into the file, which must outlive them. Units: of the metric; changes are
// relative, 0.02 is 2%. Threads: pure functions, the same input gives the same answer. Errors: kUsage with
// file, line, the key as it was written and the nearest one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/run_analysis.h"
#include "analysis/verdict/comparison.h"
#include "core/result.h"

namespace flashcore::analysis {

// What a limit demands.
enum class GateKind {
  kAbsolute,  // min, max of a metric or of one of gate_values()
  kAnswer,    // metric = "answer": every check passed
  kChange,    // base, max_change
  kSpeedup,   // reference, min_speedup
};

struct GateLimit {
  std::string name;
  int line = 0;
  GateKind kind = GateKind::kAbsolute;
  std::vector<std::string> phases;
  std::vector<core::Problem> problems;
  std::string device;  // part of the class's name; empty: any
  std::optional<core::CacheState> cache;
  std::string metric;                // id of the catalogue, or one of gate_values()
  std::string title, unit;           // of the metric
  std::optional<double> min, max;    // in the metric's own unit; both are allowed themselves
  std::string base;                  // word for runs; empty: an absolute limit
  std::optional<double> max_change;  // relative, of the worse direction
  std::string reference;             // a phase; empty: none
  std::optional<double> min_speedup;
  bool optional = false;  // what is missing does not break it
  std::string reason;     // why the limit is what it is; shown where it is broken
};

struct GateFile {
  std::string name;  // of the file
  std::vector<GateLimit> limits;
};

// What a limit may name beside the catalogue's metrics, for it is of the run as a whole.
struct GateValue {
  std::string_view id, title, unit, description;
};
std::span<const GateValue> gate_values() noexcept;

core::Result<GateFile> parse_gate_file(std::string_view toml, const std::string& name,
                                       const Catalogue& catalogue);
core::Result<GateFile> read_gate_file(const std::filesystem::path& path, const Catalogue& catalogue);

enum class GateState {
  kKept,
  kBroken,
  kAmbiguous,  // the verdict is: fails with --strict
  kMissing,    // no value, no base or no run: broken unless the limit is optional
};

// One limit on one series of runs.
struct GateRow {
  const GateLimit* limit = nullptr;
  std::string label;    // run_label(); of a limit that matched no run what it asked for
  core::RowId run = 0;  // the newest of the series; 0: none
  int runs = 0;         // of the series
  GateState state = GateState::kMissing;
  std::optional<double> measured;   // the metric's value, the relative change, or the speed-up
  std::optional<double> low, high;  // the interval of change and speed-up
  std::string value, allowed;       // for people, with units
  std::string sentence;             // what was found, or why it is missing
};

// Whether the row fails the gate.
bool fails(const GateRow& row, bool strict) noexcept;

struct GateResult {
  std::vector<GateRow> rows;       // in the file's order
  std::vector<std::string> notes;  // older builds that were left out
  int count(GateState state) const;
  bool passed(bool strict) const;  // false where nothing was checked
  std::string summary() const;     // "12 kept, 1 broken, 2 ambiguous, 0 missing"
};

// Gives the runs that a base's word names; asked once a word. kUsage and kExternalTool make the rows missing
// with the error's sentence, any other error is check_gates' own.
using FindBase = std::function<core::Result<std::vector<RunAnalysis>>(const std::string& word)>;

core::Result<GateResult> check_gates(const GateFile& file, std::span<const RunAnalysis> runs,
                                     const FindBase& find_base, const CompareOptions& options);

}  // namespace flashcore::analysis

namespace flashcore::core {
template <>
inline constexpr auto kNames<analysis::GateKind> =
    names<analysis::GateKind>({{analysis::GateKind::kAbsolute, "value"},
                               {analysis::GateKind::kAnswer, "answer"},
                               {analysis::GateKind::kChange, "change"},
                               {analysis::GateKind::kSpeedup, "speedup"}});
template <>
inline constexpr auto kNames<analysis::GateState> =
    names<analysis::GateState>({{analysis::GateState::kKept, "kept"},
                                {analysis::GateState::kBroken, "broken"},
                                {analysis::GateState::kAmbiguous, "ambiguous"},
                                {analysis::GateState::kMissing, "missing"}});
}  // namespace flashcore::core
