// PreparedAttention: a phase with its problem's tensors on the current device, ready to launch.
//
// Owns: the plan (kernels/planned_launch.h), device memory for O and the workspace, and a share of the inputs
// (kernels/bench/attention_data.h). Layout is contiguous B, H, S, D; the scale is 1/sqrt(D) and no LSE is
// written. launch() does nothing but launch: no NVTX range is in the path that is timed. Ranges (cuda/nvtx.h)
// stand around a phase, a problem and a step, and are the caller's. Threads: one. Errors: kUsage where the
// phase does not serve the problem or the device's memory does not hold it (the rule is named, nothing is
// launched), kNoDevice without a toolkit or a GPU, kDevice where the driver fails.
//
//   auto data = AttentionData::create(problem);
//   auto run = PreparedAttention::create(*phase, *data);
//   (*data)->load(core::InputKind::kNormal, /*seed=*/0);
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
#include "kernels/bench/attention_data.h"
#include "kernels/phase.h"

namespace flashcore::kernels::bench {

class PreparedAttention final : public core::Launchable {
 public:
  static core::Result<std::unique_ptr<PreparedAttention>> create(const PhaseDescriptor& phase,
                                                                 std::shared_ptr<AttentionData> data);
  ~PreparedAttention() override;

  std::string_view label() const override { return label_; }
  core::Status launch(core::StreamHandle stream) override;
  std::span<const core::KernelPlan> kernels() const override { return kernels_; }
  int kernels_per_launch() const override { return static_cast<int>(kernels_.size()); }
  std::string choice() const override;
  std::optional<core::CompiledResources> compiled(std::string_view kernel, int arch) const override;

  AttentionData& data() { return *data_; }

  // Fills O and the workspace with NaN: a launch overwrites the one, and takes nothing from the other that it
  // did not put there itself (core/launchable.h).
  core::Status poison();

  // Computes the fp64 reference of the loaded inputs, poisons, launches once and compares every element. The
  // answer is also wrong where the launch wrote its inputs or within 4 KiB of O or of the workspace; the
  // record's `worst` says so.
  core::Result<core::CheckRecord> check();

  // Compares what the last launch left. Where that is right, poisons, launches on other inputs and at once,
  // with no wait of the host, on the loaded ones, and compares again: state that one launch leaves to the
  // next shows only where the two compute different things. The record is that of the first look, or of the
  // one that failed. Both look at what was written beside O as check() does.
  core::Result<core::CheckRecord> check_output();

  // The last launch's O, as the bits of its elements.
  core::Result<std::vector<std::uint16_t>> output() const;

 private:
  struct Buffers;
  core::Status take_buffers();
  core::Status find_kernels();
  core::Result<core::CheckRecord> look_at_output();
  PreparedAttention(const PhaseDescriptor& phase, std::shared_ptr<AttentionData> data,
                    std::unique_ptr<PlannedLaunch> plan);

  const PhaseDescriptor& phase_;
  std::shared_ptr<AttentionData> data_;
  std::unique_ptr<PlannedLaunch> plan_;
  std::string label_;
  std::vector<core::KernelPlan> kernels_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace flashcore::kernels::bench
