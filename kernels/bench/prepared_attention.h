// PreparedAttention: a phase with its problem's tensors on the current device, ready to launch.
//
// Owns: device memory for Q, K, V, O and the workspace; freed in the destructor. Layout is
// contiguous B, H, S, D, elements are halves.
// launch() does nothing but launch: no NVTX range is in the path that is timed. Ranges (cuda/nvtx.h) stand
// around a phase, a problem and a step, and are the caller's.
// Threads: one. Errors: kUsage where the phase does not serve the problem or the device's memory
// does not hold it (the rule is named, nothing is launched), kNoDevice without a toolkit or a
// GPU, kDevice where the driver fails.
//
//   auto run = PreparedAttention::create(*phase, problem, /*seed=*/0);
//   auto check = (*run)->check();
//   if (check->passed) time(**run);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/launchable.h"
#include "core/records.h"
#include "kernels/phase.h"

namespace flashcore::kernels::bench {

class PreparedAttention final : public core::Launchable {
 public:
  static core::Result<std::unique_ptr<PreparedAttention>> create(const PhaseDescriptor& phase,
                                                                 const core::AttentionProblem& problem,
                                                                 std::uint64_t seed);
  ~PreparedAttention() override;

  std::string_view label() const override { return label_; }
  core::Status launch(core::StreamHandle stream) override;
  std::span<const core::KernelPlan> kernels() const override { return plan_; }
  int kernels_per_launch() const override;
  std::optional<core::CompiledResources> compiled(std::string_view kernel, int arch) const override;

  // Fills the inputs anew from `seed`.
  core::Status reseed(std::uint64_t seed);

  // Poisons O with NaN, launches once, waits, copies O back and compares with the fp64 reference.
  // Rows beyond `row_limit` are sampled; the record's method says so.
  core::Result<core::CheckRecord> check(std::int64_t row_limit = 4096);

  // The last launch's O, as half bits.
  core::Result<std::vector<std::uint16_t>> output() const;

 private:
  struct Buffers;
  PreparedAttention(const PhaseDescriptor& phase, const core::AttentionProblem& problem);

  const PhaseDescriptor& phase_;
  core::AttentionProblem problem_;
  std::string label_;
  std::vector<core::KernelPlan> plan_;
  std::unique_ptr<Buffers> buffers_;
  std::uint64_t seed_ = 0;
};

}  // namespace flashcore::kernels::bench
