// The records' members in the order of their tables' columns, for writing and for reading.
//
// Owns: nothing. The names are those of store/migrations; tests/store/schema_doc_test.cpp compares
// the database with docs/schema.md, tests/store/columns_test.cpp every member
// by the name of its column.
#pragma once

#include <string_view>
#include <tuple>

#include "core/records.h"

namespace flashcore::store {

inline constexpr std::string_view kDeviceColumns =
    "name, chip, compute_major, compute_minor, sm_count, sm_clock_max_khz, memory_clock_max_khz, "
    "memory_bus_bits, memory_bytes, l2_bytes, shared_per_sm_bytes, shared_per_block_optin_bytes, "
    "shared_reserved_per_block_bytes, registers_per_sm, max_threads_per_sm, max_blocks_per_sm, warp_size";
template <typename Device>
auto device_fields(Device& d) {
  return std::tie(d.name, d.chip, d.compute_major, d.compute_minor, d.sm_count, d.sm_clock_max_khz,
                  d.memory_clock_max_khz, d.memory_bus_bits, d.memory_bytes, d.l2_bytes,
                  d.shared_per_sm_bytes, d.shared_per_block_optin_bytes, d.shared_reserved_per_block_bytes,
                  d.registers_per_sm, d.max_threads_per_sm, d.max_blocks_per_sm, d.warp_size);
}

inline constexpr std::string_view kEnvironmentColumns =
    "git_sha, kernels_dirty, kernels_hash, program_version, compiler, cuda_toolkit, cuda_driver, driver, "
    "cupti, nvml, operating_system, cpu, catalogue_hash";
template <typename Environment>
auto environment_fields(Environment& e) {
  return std::tie(e.git_sha, e.kernels_dirty, e.kernels_hash, e.program_version, e.compiler, e.cuda_toolkit,
                  e.cuda_driver, e.driver, e.cupti, e.nvml, e.operating_system, e.cpu, e.catalogue_hash);
}

inline constexpr std::string_view kSessionColumns = "started_at, command, origin, source";
template <typename Session>
auto session_fields(Session& s) {
  return std::tie(s.started_at, s.command, s.origin, s.source);
}

inline constexpr std::string_view kMeasurementColumns =
    "collector, tool, tool_version, taken_at, passes, status, reason";
template <typename Measurement>
auto measurement_fields(Measurement& m) {
  return std::tie(m.collector, m.tool, m.tool_version, m.taken_at, m.passes, m.status, m.reason);
}

inline constexpr std::string_view kSampleColumns =
    "kind, sample_index, launches, duration_ns, effective_clock_mhz, nominal_before_mhz, nominal_after_mhz";
template <typename Sample>
auto sample_fields(Sample& s) {
  return std::tie(s.kind, s.index, s.launches, s.duration_ns, s.effective_clock_mhz, s.nominal_before_mhz,
                  s.nominal_after_mhz);
}

inline constexpr std::string_view kClockColumns =
    "at_ms, sm_mhz, memory_mhz, power_w, temperature_c, reasons, other_processes";
template <typename Clock>
auto clock_fields(Clock& c) {
  return std::tie(c.at_ms, c.sm_mhz, c.memory_mhz, c.power_w, c.temperature_c, c.reasons, c.other_processes);
}

inline constexpr std::string_view kResourceColumns =
    "kernel, registers, static_shared_bytes, dynamic_shared_bytes, stack_bytes, spill_store_bytes, "
    "spill_load_bytes, local_bytes, binary_bytes, binary_arch, theoretical_occupancy, blocks_per_sm, "
    "occupancy_limiter, provenance";
template <typename Resource>
auto resource_fields(Resource& r) {
  return std::tie(r.kernel, r.registers, r.static_shared_bytes, r.dynamic_shared_bytes, r.stack_bytes,
                  r.spill_store_bytes, r.spill_load_bytes, r.local_bytes, r.binary_bytes, r.binary_arch,
                  r.theoretical_occupancy, r.blocks_per_sm, r.occupancy_limiter, r.provenance);
}

inline constexpr std::string_view kCorrectnessColumns =
    "seed, input, passed, max_error, mean_error, nan_count, inf_count, compared, max_tolerance, "
    "mean_tolerance, plain_max_error, worst, method";
template <typename Correctness>
auto correctness_fields(Correctness& c) {
  return std::tie(c.seed, c.input, c.passed, c.max_error, c.mean_error, c.nan_count, c.inf_count, c.compared,
                  c.max_tolerance, c.mean_tolerance, c.plain_max_error, c.worst, c.method);
}

inline constexpr std::string_view kStepColumns = "name, ms";
template <typename Step>
auto step_fields(Step& s) {
  return std::tie(s.name, s.ms);
}

inline constexpr std::string_view kDiagnosticColumns = "severity, code, message, hint, source";
template <typename Diagnostic>
auto diagnostic_fields(Diagnostic& d) {
  return std::tie(d.severity, d.code, d.message, d.hint, d.source);
}

}  // namespace flashcore::store
