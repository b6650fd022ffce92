// Records: what a run is made of, as plain values. A run is one subject on one problem on one device in one
// build; it has kernels, and measurements, each taken by one collector in one go. Collectors and importers
// fill measurements, the store keeps them, analysis reads them. The database's tables carry the same names
// (docs/schema.md).
//
// Owns: its strings and vectors. Units are in the names. Missing is std::nullopt, never zero.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/problem.h"

namespace flashcore::core {

// Rows of the database are named by their id; 0 is "not stored yet".
using RowId = std::int64_t;

using Tags = std::map<std::string, std::string>;

// --- what was run -------------------------------------------------------------------------------------

enum class SubjectKind { kPhase, kKernel, kMicrobenchmark };

// Where a phase stands on its ladder.
struct LadderRecord {
  int rung = 0;
  bool reference = false;  // a library's kernel, for comparison
  bool operator==(const LadderRecord&) const = default;
};

// The subject as it was when the run was taken; a database outlives the program's index.
struct SubjectRecord {
  SubjectKind kind = SubjectKind::kPhase;
  std::string name;                    // "wmma"; of an imported kernel its function's name
  std::string title;                   // may be empty
  std::optional<LadderRecord> ladder;  // phases only
  std::string source_hash;             // SHA-256 over its sources, hex; empty where there are none to hash
  bool operator==(const SubjectRecord&) const = default;
};

// A GPU with what the driver says of it. Two cards that agree in all but the UUID are of one class.
struct DeviceRecord {
  std::string name;  // the driver's, e.g. "NVIDIA H200"
  std::string chip;  // CUPTI's, e.g. "GH100"; empty where it is not known
  int compute_major = 0, compute_minor = 0;
  int sm_count = 0;
  std::int64_t sm_clock_max_khz = 0;
  std::int64_t memory_clock_max_khz = 0;
  int memory_bus_bits = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t shared_per_sm_bytes = 0;
  std::int64_t shared_per_block_optin_bytes = 0;
  std::int64_t shared_reserved_per_block_bytes = 0;
  int registers_per_sm = 0;
  int max_threads_per_sm = 0;
  int max_blocks_per_sm = 0;
  int warp_size = 32;
  std::string uuid;  // "GPU-..."; which card of its class; empty where it is not known

  bool operator==(const DeviceRecord&) const = default;
};
// Equal in everything but the UUID.
bool same_class(const DeviceRecord& a, const DeviceRecord& b);
bool same_class(const std::optional<DeviceRecord>& a,
                const std::optional<DeviceRecord>& b);  // two unknown: true

struct EnvironmentRecord {
  std::string git_sha;         // of the build; "unknown" outside a checkout
  bool kernels_dirty = false;  // kernels/ or cuda/ differed from git_sha when built
  std::string kernels_hash;    // SHA-256 over kernels/ and cuda/, hex
  std::string program_version;
  std::string compiler;      // host compiler
  std::string cuda_toolkit;  // of the build, e.g. "13.0.88"; empty in a viewer
  std::string cuda_driver;   // API version of the driver, e.g. "13.0"
  std::string driver;        // e.g. "580.159.04"; empty where NVML is missing
  std::string cupti;         // API version; empty where CUPTI was not loaded: its measurement says it
  std::string nvml;
  std::string operating_system;  // pretty name and kernel; never a host's name
  std::string cpu;               // model and threads
  std::string catalogue_hash;    // of the metric catalogue that chose the counters
  bool operator==(const EnvironmentRecord&) const = default;
};

// What a problem asks of any kernel that solves it, computed from the problem alone; provenance "model". The
// same for every subject.
struct ModelRecord {
  double flops = 0;  // of the products
  double bytes = 0;  // each input read once, each output written once
  double exps = 0;   // exponentials; 0 where the workload has none
  bool operator==(const ModelRecord&) const = default;
};

// --- kernels ------------------------------------------------------------------------------------------

struct Extent3 {
  std::int64_t x = 1, y = 1, z = 1;
  std::int64_t count() const { return x * y * z; }
  bool operator==(const Extent3&) const = default;
};

// One kernel of a run. `ordinal` counts the kernels of one launch from 0; measurements name kernels by it.
struct KernelRecord {
  int ordinal = 0;
  std::string name;              // readable, "attention_wmma<__half, 64>"
  std::optional<Extent3> grid;   // blocks
  std::optional<Extent3> block;  // threads
  bool operator==(const KernelRecord&) const = default;
};

// What the compiler and the driver allotted to one kernel.
struct ResourceRecord {
  int kernel = 0;                                    // KernelRecord::ordinal
  std::optional<int> registers;                      // a thread
  std::optional<std::int64_t> static_shared_bytes;   // a block
  std::optional<std::int64_t> dynamic_shared_bytes;  // a block
  std::optional<std::int64_t> stack_bytes;           // a thread
  std::optional<std::int64_t> spill_store_bytes;     // a thread; from ptxas
  std::optional<std::int64_t> spill_load_bytes;      // a thread; from ptxas
  std::optional<std::int64_t> local_bytes;           // a thread; from the driver
  std::optional<std::int64_t> binary_bytes;          // the kernel's machine code
  std::optional<int> binary_arch;                    // 90 for sm_90a
  std::optional<double> theoretical_occupancy;       // 0..1
  std::optional<int> blocks_per_sm;
  std::string occupancy_limiter;  // registers, shared, warps, blocks; several joined by +
  std::string provenance;         // "driver+ptxas", "ptxas", "plan", "ncu"
  bool operator==(const ResourceRecord&) const = default;
};

// --- what a measurement holds -------------------------------------------------------------------------

enum class SampleKind { kLaunch, kGraph, kEmpty };

// One timing sample. kLaunch: CUDA events around a single launch (launches == 1), so launch
// overhead is in it. kGraph: events around one replay of a graph of `launches` launches;
// duration_ns is already divided by `launches`, so it is the mean of a batch and holds the gap between two
// nodes of a graph; from cold caches, the mean of launches between two event nodes each, with the events' own
// gap. kEmpty: the same replay with an empty kernel in the subject's place: the floor of this machine under
// any kGraph sample of a launch of one kernel from caches in that state.
struct Sample {
  SampleKind kind = SampleKind::kLaunch;
  int index = 0;
  int launches = 1;
  double duration_ns = 0;
  std::optional<double> effective_clock_mhz;  // SM cycles over time, stamped on the GPU around the sample
  // NVML's reading, which stays at the nominal clock whatever runs; only in runs taken before the stamps.
  std::optional<double> nominal_before_mhz;
  std::optional<double> nominal_after_mhz;
  bool operator==(const Sample&) const = default;
};

// One raw number from the hardware, by its vendor name, for one kernel, or for the whole launch where
// `kernel` is nothing.
struct CounterValue {
  std::string name;
  std::optional<int> kernel;  // KernelRecord::ordinal
  std::optional<double> value;
  std::string reason;  // why value is missing
  bool operator==(const CounterValue&) const = default;
};

// One comparison of the kernel's answer with a reference.
struct CheckRecord {
  std::uint64_t seed = 0;
  std::string input;  // "normal", "peaked"; empty in runs taken before there were two
  bool passed = false;
  double max_error = 0;  // absolute; of the rows nearest to or furthest past their limit
  double mean_error = 0;
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  std::int64_t compared = 0;             // elements
  double max_tolerance = 0;              // the check's limit for this problem and input
  std::optional<double> mean_tolerance;  // that of the mean; empty where only the largest error is judged
  // Largest error of the same maths done plainly in the element type; the limit follows from it.
  std::optional<double> plain_max_error;
  std::string worst;   // where the largest error is, "b 0, h 3, row 117, d 5"; empty where it is not known
  std::string method;  // "fp64 on the GPU, every element"
  bool operator==(const CheckRecord&) const = default;
};

// What the driver said of the GPU while a measurement was taken.
struct ClockRecord {
  double at_ms = 0;              // since the measurement began
  std::optional<double> sm_mhz;  // nominal: what the driver set, not what the SMs do under load
  std::optional<double> memory_mhz;
  std::optional<double> power_w;
  std::optional<double> temperature_c;
  std::optional<std::int64_t> reasons;          // bits of nvmlClocksEventReasons
  std::optional<std::int64_t> other_processes;  // computing on this GPU beside FlashCore's own
  bool operator==(const ClockRecord&) const = default;
};

enum class Severity { kInfo, kWarning, kError };

struct DiagnosticRecord {
  Severity severity = Severity::kInfo;
  std::string code;  // stable: "counters_refused", "clock_drift", "nvml_missing", ...
  std::string message;
  std::string hint;
  std::string source;  // collector or part that says so
  bool operator==(const DiagnosticRecord&) const = default;
};

// Something kept whole beside the numbers (a compiler log, an .ncu-rep).
struct ArtifactRecord {
  std::string kind;
  std::string name;
  std::string media_type;
  std::string content;
  bool operator==(const ArtifactRecord&) const = default;
};

// --- measurement --------------------------------------------------------------------------------------

enum class MeasurementStatus {
  kComplete,
  kPartial,  // some of it is missing; the values say which and why
  kRefused,  // the driver, a permission or a missing tool stood against it
  kFailed,   // the tool or its process broke
  kStopped,  // the user stopped it
};

// Where time went: one step of the work, in the process that did it.
struct StepRecord {
  std::string name;  // "driver", "module", "check", "timing", "set-up", "passes", "decode", "store", ...
  double ms = 0;
  bool operator==(const StepRecord&) const = default;
};

// What one collector took in one go.
// MeasurementRecord::parameters: what the launch chose for its problem and GPU (core::Launchable::choice()).
inline constexpr const char* kChoiceParameter = "choice";

struct MeasurementRecord {
  RowId id = 0;
  std::string collector;     // id in the registry: "timing", "cupti", "ncu", "resources", "check"
  std::string tool;          // "CUPTI", "Nsight Compute", "FlashCore"
  std::string tool_version;  // "130001"
  std::string taken_at;      // UTC, ISO 8601
  std::optional<int> passes;
  std::map<std::string, std::string> parameters;  // "cache": "warm", "replay": "user", "warmup": "20"
  MeasurementStatus status = MeasurementStatus::kComplete;
  std::string reason;  // why status is not kComplete

  std::vector<KernelRecord> kernels;  // the kernels of a launch as this collector saw them
  std::vector<ResourceRecord> resources;
  std::vector<Sample> samples;
  std::vector<CounterValue> counters;
  std::vector<CheckRecord> checks;
  std::vector<ClockRecord> clocks;
  std::vector<DiagnosticRecord> diagnostics;
  std::vector<ArtifactRecord> artifacts;
  std::vector<StepRecord> steps;  // of taking it, in the order done; several runs may have shared one step
  bool operator==(const MeasurementRecord&) const = default;
};

// --- run and session ----------------------------------------------------------------------------------

enum class Origin { kLive, kRecording, kImport };

// Whether a run's answer is right. Its times are a result unless it is wrong or unchecked.
enum class Answer {
  kRight,
  kWrong,
  kUnchecked,     // it could have been checked and was not
  kDoesNotApply,  // nothing to check it against: an import, a microbenchmark
};
bool times_are_results(Answer answer) noexcept;

// What the caches hold when a launch begins. kWarm: what the launch before left. kCold: more than L2 was read
// in between. Runs of different states are never compared.
enum class CacheState { kWarm, kCold };

struct RunRecord {
  RowId id = 0;
  RowId session_id = 0;
  std::string taken_at;  // UTC, ISO 8601: when the GPU ran it (a replay or import keeps the original)
  Origin origin = Origin::kLive;
  SubjectRecord subject;
  std::optional<Problem> problem;
  std::optional<DeviceRecord> device;
  EnvironmentRecord environment;
  std::optional<ModelRecord> model;
  std::optional<CacheState> cache;  // nothing: the file of an import does not say
  Answer answer = Answer::kUnchecked;
  Tags tags;
  std::vector<KernelRecord> kernels;            // by ordinal
  std::vector<MeasurementRecord> measurements;  // in the order taken
  std::vector<DiagnosticRecord> diagnostics;    // of the run as a whole

  // The measurements of one collector, in the order taken; or the last complete one (null where none is).
  std::vector<const MeasurementRecord*> measured_by(std::string_view collector) const;
};

// Takes a measurement into a run: its kernels join the run's (what a kernel lacks is filled in, what it has
// stays), and where it holds checks they decide the answer: one wrong makes it wrong for good.
void add_measurement(RunRecord& run, MeasurementRecord measurement);

struct SessionRecord {
  RowId id = 0;
  std::string started_at;  // UTC, ISO 8601, when the session was taken (or replayed, or imported)
  std::string command;     // how it was asked for
  Origin origin = Origin::kLive;
  std::string source;  // file name of the recording or import; empty for a live one
  Tags tags;
  EnvironmentRecord environment;
  std::vector<StepRecord> steps;  // of the whole session, in the order begun; known when it has ended
};

// "2026-01-31T12:00:00Z"
std::string utc_now();

// Everything of all measurements, in order: for readers that do not care who took it.
std::vector<Sample> all_samples(const RunRecord& run);
std::vector<CheckRecord> all_checks(const RunRecord& run);
// The run's own diagnostics, then those of its measurements.
std::vector<DiagnosticRecord> all_diagnostics(const RunRecord& run);

template <>
inline constexpr auto kNames<Origin> =
    names<Origin>({{Origin::kLive, "live"}, {Origin::kRecording, "recording"}, {Origin::kImport, "import"}});
template <>
inline constexpr auto kNames<SubjectKind> = names<SubjectKind>({{SubjectKind::kPhase, "phase"},
                                                                {SubjectKind::kKernel, "kernel"},
                                                                {SubjectKind::kMicrobenchmark,
                                                                 "microbenchmark"}});
template <>
inline constexpr auto kNames<SampleKind> = names<SampleKind>({{SampleKind::kLaunch, "launch"},
                                                              {SampleKind::kGraph, "graph"},
                                                              {SampleKind::kEmpty, "empty"}});
template <>
inline constexpr auto kNames<CacheState> = names<CacheState>({{CacheState::kWarm, "warm"},
                                                              {CacheState::kCold, "cold"}});
template <>
inline constexpr auto kNames<Severity> = names<Severity>({{Severity::kInfo, "info"},
                                                          {Severity::kWarning, "warning"},
                                                          {Severity::kError, "error"}});
template <>
inline constexpr auto kNames<Answer> = names<Answer>({{Answer::kRight, "right"},
                                                      {Answer::kWrong, "wrong"},
                                                      {Answer::kUnchecked, "unchecked"},
                                                      {Answer::kDoesNotApply, "does_not_apply"}});
template <>
inline constexpr auto kNames<MeasurementStatus> =
    names<MeasurementStatus>({{MeasurementStatus::kComplete, "complete"},
                              {MeasurementStatus::kPartial, "partial"},
                              {MeasurementStatus::kRefused, "refused"},
                              {MeasurementStatus::kFailed, "failed"},
                              {MeasurementStatus::kStopped, "stopped"}});

}  // namespace flashcore::core
