// Records: what a run is made of, as plain values. Collectors fill them through a sink, the store
// keeps them, analysis reads them. The database's tables carry the same names (docs/schema.md).
//
// Owns: its strings and vectors. Units are in the names. Missing is std::nullopt, never zero.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"

namespace flashcore::core {

// Rows of the database are named by their id; 0 is "not stored yet".
using RowId = std::int64_t;

struct DeviceRecord {
  std::string name;  // the driver's, e.g. "NVIDIA H200"
  std::string chip;  // CUPTI's, e.g. "GH100"; empty where CUPTI could not say
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

  bool operator==(const DeviceRecord&) const = default;
};

struct EnvironmentRecord {
  std::string git_sha;         // of the build; "unknown" outside a checkout
  bool kernels_dirty = false;  // kernels/ differed from git_sha when built
  std::string kernels_hash;    // SHA-256 over kernels/, hex
  std::string program_version;
  std::string compiler;      // host compiler
  std::string cuda_toolkit;  // of the build, e.g. "13.0.88"; empty in a viewer
  std::string cuda_driver;   // API version of the driver, e.g. "13.0"
  std::string driver;        // e.g. "580.159.04"; empty where NVML is missing
  std::string cupti;         // API version, e.g. "130000"
  std::string nvml;
  std::string operating_system;  // pretty name and kernel; never a host's name
  std::string cpu;               // model and threads
  std::string catalogue_hash;    // of the metric catalogue that chose the counters
  bool operator==(const EnvironmentRecord&) const = default;
};

enum class Origin { kLive, kRecording };

struct SessionRecord {
  RowId id = 0;
  std::string started_at;  // UTC, ISO 8601, when the session was taken (or replayed)
  std::string command;     // how it was asked for
  Origin origin = Origin::kLive;
  std::string recording;  // file name of the recording, for Origin::kRecording
  std::map<std::string, std::string> tags;
  EnvironmentRecord environment;
};

enum class SampleKind { kLaunch, kGraph };

// One timing sample. kLaunch: CUDA events around a single launch (launches == 1), so launch
// overhead is in it. kGraph: events around one replay of a graph of `launches` launches;
// duration_ns is already divided by `launches`.
struct Sample {
  SampleKind kind = SampleKind::kLaunch;
  int index = 0;
  int launches = 1;
  double duration_ns = 0;
  std::optional<double> sm_clock_before_mhz;
  std::optional<double> sm_clock_after_mhz;
  bool operator==(const Sample&) const = default;
};

// One raw number from the hardware, by its vendor name, for one kernel of a launch.
// kernel_index counts the kernels of one launch from 0; -1 means the whole launch in one range.
struct CounterValue {
  std::string name;
  int kernel_index = -1;
  std::optional<double> value;
  std::string reason;     // why value is missing
  std::string collector;  // "cupti"
  int passes = 0;         // of the configuration that the value was taken in
  std::string tool;       // e.g. "CUPTI 130000"
  bool operator==(const CounterValue&) const = default;
};

// What the compiler and the driver allotted to one kernel of a launch.
struct ResourceRecord {
  int kernel_index = 0;
  std::string kernel;  // the function's readable name
  std::int64_t grid_x = 1, grid_y = 1, grid_z = 1;
  int block_x = 1, block_y = 1, block_z = 1;
  std::optional<int> registers;                     // a thread; missing for a library's kernel
  std::optional<std::int64_t> static_shared_bytes;  // a block
  std::int64_t dynamic_shared_bytes = 0;
  std::optional<std::int64_t> stack_bytes;        // a thread
  std::optional<std::int64_t> spill_store_bytes;  // a thread; from ptxas
  std::optional<std::int64_t> spill_load_bytes;
  std::optional<std::int64_t> local_bytes;      // a thread; from the driver
  std::optional<std::int64_t> binary_bytes;     // the kernel's machine code
  std::optional<int> binary_arch;               // 90 for sm_90a
  std::optional<double> theoretical_occupancy;  // 0..1
  std::optional<int> blocks_per_sm;
  std::string occupancy_limiter;  // registers, shared, warps, blocks; several joined by +
  std::string provenance;         // e.g. "driver+ptxas", "ptxas"
  bool operator==(const ResourceRecord&) const = default;
};

struct CorrectnessRecord {
  std::uint64_t seed = 0;
  bool passed = false;
  double max_error = 0;  // absolute, against the fp64 host reference
  double mean_error = 0;
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  std::int64_t compared = 0;  // elements
  double max_tolerance = 0;
  double mean_tolerance = 0;
  std::string method;  // "fp64 host reference, every row" or "... 512 sampled rows"
  bool operator==(const CorrectnessRecord&) const = default;
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

// Something kept whole beside the numbers (a compiler log, a disassembly).
struct ArtifactRecord {
  std::string kind;
  std::string name;
  std::string media_type;
  std::string content;
  bool operator==(const ArtifactRecord&) const = default;
};

// The phase as it was when the run was taken; a database outlives the program's index.
struct PhaseRecord {
  std::string id;
  std::string title;
  int rung = 0;
  bool reference = false;
  std::string kernel_hash;  // SHA-256 over the phase's file and the device code that it shares
  bool operator==(const PhaseRecord&) const = default;
};

struct RunRecord {
  RowId id = 0;
  RowId session_id = 0;
  std::string taken_at;  // UTC, ISO 8601: when the GPU ran it (a replay keeps the original)
  Origin origin = Origin::kLive;
  PhaseRecord phase;
  Problem problem;
  DeviceRecord device;
  EnvironmentRecord environment;
  double model_flops = 0;  // of one launch; provenance "model"
  double model_bytes = 0;  // least DRAM traffic of one launch
  int warmup = 0, iterations = 0;
  std::map<std::string, std::string> tags;
  std::vector<Sample> samples;
  std::vector<CounterValue> counters;
  std::vector<ResourceRecord> resources;
  std::vector<CorrectnessRecord> correctness;
  std::vector<DiagnosticRecord> diagnostics;
  std::vector<ArtifactRecord> artifacts;

  // False when any check failed. A run without checks has not been shown right.
  bool correct() const;
};

std::string_view name_of(Origin) noexcept;      // "live", "recording"
std::string_view name_of(SampleKind) noexcept;  // "launch", "graph"
std::string_view name_of(Severity) noexcept;    // "info", "warning", "error"

// "2026-01-31T12:00:00Z"
std::string utc_now();

}  // namespace flashcore::core
