// AttentionData: the inputs of a problem on the current device and what the right answer is, shared by all
// phases that are prepared for the problem.
//
// Owns: device memory of Q, K, V (contiguous B, H, S, D elements), and of the FP64 reference O of the inputs
// at hand, computed by prepare_check() or when it is first asked for, and kept until other inputs are loaded.
// Inputs are generated on the device and are bit for bit those of random_inputs()
// (kernels/bench/reference.h). Before the first load() they are zeros. The plain error that the limit follows
// from (kernels/bench/check.h) is kept by input and seed; the draws beyond the problem's own elements are
// kept by input. Threads: one, with the device current. Errors: kUsage where the check does not serve the
// problem (f16 or bf16, D a multiple of 8 up to 128) or the memory does not hold it, kNoDevice without a
// toolkit or a GPU, kDevice with the driver's text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/attention.h"
#include "core/input_kind.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::kernels::bench {

class AttentionData {
 public:
  static core::Result<std::shared_ptr<AttentionData>> create(const core::AttentionProblem& problem);
  ~AttentionData();

  const core::AttentionProblem& problem() const { return problem_; }
  const void* q() const;
  const void* k() const;
  const void* v() const;

  // Fills Q, K and V; nothing is done where they hold these already.
  core::Status load(core::InputKind input, std::uint64_t seed);

  bool loaded() const;

  // Computes the reference and the plain error of the loaded inputs, unless they are there: before the launch
  // that is checked, because it could write the inputs that they are computed from. kUsage before the first
  // load().
  core::Status prepare_check();

  // "" where Q, K and V hold, bit for bit, what load() made, and nothing within 4 KiB of them was written;
  // else how much of which: "3 elements of K, 16 bytes around V". What was changed is then made anew. Waits
  // for the default stream. kUsage before the first load().
  core::Result<std::string> mend_inputs();

  // Enqueues on the default stream, without waiting: other inputs, `launch`, the loaded inputs again,
  // `launch`. A launch that depends on what the one before it left has then computed on wrong data.
  core::Status launch_behind_other_inputs(const std::function<core::Status()>& launch);

  // Compares every element of `o` (device memory, contiguous B, H, Sq, D elements) with the reference, on the
  // device. Waits for all work on it. kUsage before the first load().
  core::Result<core::CheckRecord> compare(const void* o);

  // Device bytes beside the tensors: the reference and what the comparison needs.
  static std::int64_t check_bytes(const core::AttentionProblem& problem) noexcept;

  // Those of them that compare() has yet to take.
  std::int64_t pending_bytes() const noexcept;

 private:
  struct Buffers;
  explicit AttentionData(const core::AttentionProblem& problem);
  core::Status check_loaded() const;
  core::AttentionProblem problem_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace flashcore::kernels::bench
