// PhaseDescriptor: one rung of the ladder, as data. Each file in kernels/phases/ ends in one:
//
//   FLASHCORE_PHASE(wmma) = { .info = {...}, .supports = ..., .launch = ... };
//
// CMake finds the files and generates the index (kernels/phase_index.h); adding a phase is adding a
// file. In a build without a CUDA toolkit the same files are compiled as plain C++ with
// FLASHCORE_CUDA 0: the descriptor is there, its launcher is null.
//
// Owns: nothing. Threads: descriptors are immutable; a launch runs on the calling thread's device.
// Errors: supports() says what a phase does not serve (kUsage); launch() reports device errors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/attention.h"
#include "core/launchable.h"
#include "core/phase.h"
#include "core/result.h"

namespace flashcore::kernels {

// Element strides of a B, H, S, D tensor; the last is always 1 (checked).
struct Strides {
  std::int64_t batch = 0, head = 0, row = 0;
};

// Row-major B, H, S, D.
Strides contiguous_strides(std::int64_t heads, std::int64_t seq, std::int64_t head_dim) noexcept;

// Device pointers and layouts of one launch. Pointers are 16-byte aligned, and so are all rows
// (strides are multiples of 8 elements); check_arguments() holds both.
struct AttentionArgs {
  core::AttentionProblem problem;
  const void* q = nullptr;  // half, B x H x Sq x D
  const void* k = nullptr;  // half, B x Hkv x Sk x D
  const void* v = nullptr;  // half, B x Hkv x Sk x D
  void* o = nullptr;        // half, B x H x Sq x D
  Strides q_strides, k_strides, v_strides, o_strides;
  float scale = 0;            // 1/sqrt(D)
  void* workspace = nullptr;  // workspace_bytes() of device memory
};

core::Status check_arguments(const AttentionArgs& args);

struct PhaseDescriptor {
  core::PhaseInfo info;
  // Says why a problem is not served; the device's side is info.min_compute.
  core::Status (*supports)(const core::AttentionProblem&) = nullptr;
  // The rest is null without a CUDA toolkit.
  std::size_t (*workspace_bytes)(const core::AttentionProblem&) = nullptr;
  std::vector<core::KernelPlan> (*plan)(const core::AttentionProblem&) = nullptr;
  // Things that must exist outside this program (a library); null where nothing must.
  core::Status (*available)() = nullptr;
  core::Status (*launch)(const AttentionArgs&, core::StreamHandle) = nullptr;
};

#define FLASHCORE_PHASE(name)                                                \
  extern const ::flashcore::kernels::PhaseDescriptor flashcore_phase_##name; \
  const ::flashcore::kernels::PhaseDescriptor flashcore_phase_##name

}  // namespace flashcore::kernels
