// History: one metric of one subject on one problem over the builds of one class of device, with its change
// points and with marks where driver, toolkit, clock or catalogue changed. Marks are never causes.
//
// Runs of one occasion hang together (analysis/history/occasions.h), so that a noisy metric is searched by
// its occasions, each with the median of its runs; where there are too few, by its runs, and no change is
// confirmed. The values themselves are taken as given. Of a time, a change says too whether the cycles (time
// x effective clock) changed at the same place: where they did not, it was the clock.
//
// Owns: plain values. Units: those of the metric. Threads: pure functions. Errors: none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/history/change_points.h"
#include "core/records.h"

namespace flashcore::analysis {

enum class Better { kLower, kHigher, kNeither };

// One run, oldest first.
struct HistoryPoint {
  core::RowId run = 0;
  std::string taken_at;
  std::string commit;  // git_sha of the build, whole
  bool dirty = false;
  std::string source_hash;  // of the subject
  std::string driver, toolkit, catalogue;
  std::string card;  // which card of the class; any text that tells two apart, never shown
  // What else ran while it was timed ("2 visits, 3 subjects; beside a counting process"): it moves short
  // kernels by some percent (docs/measurements.md). Empty where it is not known.
  std::string conditions;
  std::optional<double> clock_mhz;  // effective, median
  std::optional<double> value;
  std::string reason;            // why there is none
  std::optional<double> cycles;  // of a time: the same in SM cycles, where the clock is known
};

struct HistoryMark {
  std::size_t index = 0;  // the first point of the new state
  std::string kind;       // "driver", "toolkit", "clock", "catalogue", "conditions", "card"
  std::string text;       // "driver 575.57 -> 580.65"
};

// Whether a change of time is one of the kernel: by its cycles.
enum class InCycles { kUnknown, kConfirmed, kNot, kOpen };

struct HistoryChange {
  ChangePoint point;  // its index is that of `points`
  std::string commit_before, commit_at;
  bool better = false;                      // by the metric's direction
  std::vector<std::string> beside;          // marks at the same place: "the driver changed there too"
  bool same_source = false;                 // the subject's sources are the same on both sides
  InCycles in_cycles = InCycles::kUnknown;  // kUnknown: no time, or a run beside it has no clock
  std::optional<ChangePoint> cycles;        // of the same segments; its index is that of `points`
  // Why it may be the hour or the conditions and not the code; empty where it is confirmed. Of what is not
  // confirmed, `better` is to be read as "the values became better".
  std::vector<std::string> because;
  bool confirmed() const { return because.empty(); }
};

struct History {
  std::string metric, title, unit;  // of the catalogue
  std::string label;                // "fused on mission"
  std::string subject;
  std::string problem;  // canonical text; empty where there is none
  std::string cache;    // "warm", "cold"; empty where it is not known
  std::string device;
  Better better = Better::kNeither;
  std::vector<HistoryPoint> points;
  std::vector<HistoryChange> changes;
  std::vector<HistoryMark> marks;
  std::size_t occasions = 0;          // of the points that have a value
  bool by_occasion = false;           // whether they are what was searched
  std::optional<double> drift;        // relative, over the whole series, beside its changes
  std::vector<std::size_t> outliers;  // points whose values stand alone
  std::vector<std::string> notes;     // points that have no value, and why; drift; outliers; too few points
};

// Finds change points and marks; `points` oldest first.
History history_of(std::vector<HistoryPoint> points, Better better, const ChangePointOptions& options = {});

}  // namespace flashcore::analysis
