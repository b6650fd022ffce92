// DeviceAttention: one call of a phase as a test wants it: any strides, any inputs, any scale, LSE or not,
// and canaries that are NaN around every tensor, between its rows and behind its last key. What
// PreparedAttention does not offer, because a profile does not need it.
//
// Owns: its device memory. Threads: one; the current device. Errors: a failed CUDA call fails the test.
//
//   DeviceAttention attention({.problem = p, .k = Layout::kBshd, .with_lse = true}, random_inputs(p, ...));
//   if (attention.plan(phase)) { attention.launch(); answer = attention.look(); }
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda/runtime/memory.h"
#include "kernels/bench/device/attention_kernels.h"
#include "kernels/bench/device/guarded_memory.h"
#include "kernels/bench/reference.h"
#include "kernels/phase.h"
#include "layout_kernels.h"

namespace flashcore::kernels::bench {

inline void cuda_ok(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();
  ADD_FAILURE() << what << ": " << cudaGetErrorString(error);
}

inline void status_ok(const core::Status& status) {
  if (!status) ADD_FAILURE() << core::to_text(status.error());
}

// How B, H, S, D lies in memory. Only inputs may be broadcast: one head for all, one batch for all.
enum class Layout { kContiguous, kBshd, kPadded, kOneHead, kOneBatch };
Strides strides_of(Layout layout, std::int64_t heads, std::int64_t seq, std::int64_t head_dim);

struct Case {
  core::AttentionProblem problem;
  Layout q = Layout::kContiguous, k = Layout::kContiguous, v = Layout::kContiguous, o = Layout::kContiguous;
  float scale = 0;  // 0: 1/sqrt(D)
  bool with_lse = false;
};
AttentionCall call_of(const Case& c);

// One tensor on the device between guards. What it should be is kept beside it, so that a write anywhere is
// seen.
class GuardedTensor {
 public:
  static constexpr std::int64_t kGuard = 2048;  // elements before and behind

  explicit GuardedTensor(const TensorShape& shape);

  void* data() const { return static_cast<std::uint16_t*>(image_.data()) + kGuard; }

  // The contiguous elements to where they belong; canaries everywhere else.
  void put(const void* contiguous);
  // Canaries everywhere.
  void poison();
  // What the elements are now, contiguous; canaries take their place.
  void take(void* contiguous);
  // To contiguous memory, and nothing is changed.
  void copy(void* contiguous);
  // How many 16-bit words are not what put(), poison() and take() left.
  unsigned long long damage() const;

 private:
  std::int64_t words() const { return shape_.extent() + 2 * kGuard; }
  void keep();
  TensorShape shape_;
  cuda::DeviceMemory image_, kept_;
};

struct Answer {
  core::CheckRecord record;
  LseComparison lse;             // passed without LSE
  std::string trespass;          // which memory was written that is not the launch's to write; ""
  std::vector<std::uint16_t> o;  // contiguous
  std::vector<float> lse_values;

  bool right() const { return record.passed && lse.passed && trespass.empty(); }
  std::string text() const;
};

class DeviceAttention {
 public:
  DeviceAttention(const Case& c, const Inputs& inputs);
  // Inputs that are made on the device, for tensors that no host should hold.
  DeviceAttention(const Case& c, core::InputKind input, std::uint64_t seed);

  // Other values in the same memory.
  void load(const Inputs& inputs);

  // Plans and takes the workspace. False where the phase does not serve the call; `why` is its sentence.
  bool plan(const PhaseDescriptor& phase, std::string& why);
  // As for a GPU of these traits; it is launched on the current one.
  bool plan(const PhaseDescriptor& phase, const DeviceTraits& device, std::string& why);
  const PlannedLaunch& planned() const { return *plan_; }

  const AttentionCall& call() const { return call_; }
  AttentionPointers pointers() const;

  // Canaries in O and LSE, NaN in the workspace. Waits.
  void poison();
  void launch(cudaStream_t stream = nullptr) { launch(*plan_, stream); }
  void launch(const PlannedLaunch& plan, cudaStream_t stream) { status_ok(plan.launch(pointers(), stream)); }

  // Waits for the device and holds what is there against the reference. O and LSE are poisoned after it.
  Answer look();
  // O as it lies, contiguous, and nothing else; leaves all as it is.
  std::vector<std::uint16_t> output();
  // Whether O and LSE are poisoned still.
  bool untouched();

 private:
  void take_memory();
  void spread_inputs();
  void ensure_reference();
  std::string find_trespass() const;

  Case case_;
  AttentionCall call_;
  core::AttentionProblem problem_;
  std::unique_ptr<GuardedTensor> q_, k_, v_, o_;
  cuda::DeviceMemory flat_q_, flat_k_, flat_v_, flat_o_;  // contiguous
  GuardedMemory lse_, workspace_;
  std::unique_ptr<PlannedLaunch> plan_;
  bool has_reference_ = false;
  cuda::DeviceMemory reference_, lse_reference_, scratch_;
  Bands plain_{};
  LseReference expected_lse_;
};

}  // namespace flashcore::kernels::bench
