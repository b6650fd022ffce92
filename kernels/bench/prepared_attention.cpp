#include "kernels/bench/prepared_attention.h"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "kernels/bench/check_bytes.h"
#include "kernels/bench/refusals.h"
#include "kernels/device_traits.h"
#include "kernels/phase_index.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#include "kernels/bench/captured_launch.h"
#include "kernels/bench/device/guarded_memory.h"
#endif

namespace flashcore::kernels::bench {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

std::optional<core::CompiledResources> PreparedAttention::compiled(std::string_view kernel, int arch) const {
  for (const CompilerReport& report : compiler_reports()) {
    if (report.phase != phase_.info.id || report.kernel != kernel || report.arch != arch) continue;
    return core::CompiledResources{report.registers,           report.stack_bytes,
                                   report.spill_store_bytes,   report.spill_load_bytes,
                                   report.static_shared_bytes, report.binary_bytes};
  }
  return std::nullopt;
}

#if FLASHCORE_CUDA

using cuda::cuda_status;

namespace {

// What the launch and its check take beside the inputs, which are there.
Status check_memory(const PhaseDescriptor& phase, const PlannedLaunch& plan, const AttentionData& data) {
  const core::AttentionProblem& problem = data.problem();
  const std::int64_t output = output_bytes(problem);
  const std::int64_t check = data.pending_bytes();
  const auto workspace = static_cast<std::int64_t>(plan.workspace_bytes());
  std::size_t free_bytes = 0, total_bytes = 0;
  if (auto ok = cuda_status(cudaMemGetInfo(&free_bytes, &total_bytes), "ask how much memory is free"); !ok) {
    return ok;
  }
  const std::int64_t usable = static_cast<std::int64_t>(free_bytes) - kReservedBytes;
  constexpr auto kGuards = static_cast<std::int64_t>(4 * GuardedMemory::kGuardBytes);
  if (output + workspace + kGuards + check <= usable) return {};
  return fail(
      ErrorCode::kUsage,
      fmt::format("{} with phase {} needs {} for its output, {} of workspace and {} for the check; the "
                  "device has {} free of {}",
                  core::problem_label(problem), phase.info.id, mebibytes(output), mebibytes(workspace),
                  mebibytes(check), mebibytes(static_cast<std::int64_t>(free_bytes)),
                  mebibytes(static_cast<std::int64_t>(total_bytes))),
      workspace > output + check ? "take a smaller problem, or a phase that keeps no scores in device memory"
                                 : "take a smaller problem, or end other programs on the device");
}

}  // namespace

struct PreparedAttention::Buffers {
  GuardedMemory o, workspace;
  AttentionPointers at;

  cudaError_t poison() {
    const cudaError_t error = o.poison();
    return error == cudaSuccess ? workspace.poison() : error;
  }
};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, std::shared_ptr<AttentionData> data,
                                     std::unique_ptr<PlannedLaunch> plan)
    : phase_(phase),
      data_(std::move(data)),
      plan_(std::move(plan)),
      label_(fmt::format("{}, {}", phase.info.id, core::problem_label(data_->problem()))),
      kernels_(plan_->kernels().begin(), plan_->kernels().end()),
      buffers_(std::make_unique<Buffers>()) {}

PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     std::shared_ptr<AttentionData> data) {
  const AttentionCall call = contiguous_call(data->problem());
  if (auto ok = check_supported(phase, call); !ok) return fail(ok.error());
  const auto device = current_device_traits();
  if (!device) return fail(device.error());
  auto plan = plan_launch(phase, call, *device);
  if (!plan) return fail(plan.error());
  if (auto ok = check_memory(phase, **plan, *data); !ok) return fail(ok.error());

  std::unique_ptr<PreparedAttention> run(new PreparedAttention(phase, std::move(data), std::move(*plan)));
  if (auto ok = run->take_buffers(); !ok) return fail(ok.error());
  if (auto ok = run->poison(); !ok) return fail(ok.error());
  if (auto ok = run->find_kernels(); !ok) return fail(ok.error());
  return run;
}

Status PreparedAttention::take_buffers() {
  Buffers& b = *buffers_;
  const auto o_bytes = static_cast<std::size_t>(output_bytes(data_->problem()));
  for (const auto& [memory, bytes] :
       {std::pair<GuardedMemory*, std::size_t>{&b.o, o_bytes}, {&b.workspace, plan_->workspace_bytes()}}) {
    const cudaError_t error = memory->allocate(bytes);
    if (error == cudaErrorMemoryAllocation) {
      return fail(refused_memory(static_cast<std::int64_t>(bytes), label_));
    }
    if (auto ok = cuda_status(error, "take memory on the device"); !ok) return ok;
  }
  b.at = {
      .q = data_->q(), .k = data_->k(), .v = data_->v(), .o = b.o.data(), .workspace = b.workspace.data()};
  return {};
}

// Only a library knows which kernels it chose for this problem; a captured launch tells.
Status PreparedAttention::find_kernels() {
  if (!plan_->calls_library()) return {};
  auto captured = capture_kernels([&](core::StreamHandle s) { return launch(s); }, plan_->kernels());
  if (!captured) return fail(captured.error());
  kernels_ = std::move(*captured);
  // Runs that share the data may have loaded it; what this launch does to it is for its own check to say.
  if (!data_->loaded()) return {};
  if (auto mended = data_->mend_inputs(); !mended) return fail(mended.error());
  return {};
}

Status PreparedAttention::launch(core::StreamHandle stream) {
  return plan_->launch(buffers_->at, stream);
}

std::string PreparedAttention::choice() const {
  return plan_->choice();
}

Status PreparedAttention::poison() {
  // Other streams may still write O, and may be the next to.
  cudaError_t error = cudaDeviceSynchronize();
  if (error == cudaSuccess) error = buffers_->poison();
  if (error == cudaSuccess) error = cudaDeviceSynchronize();
  return cuda_status(error, "clear the output and the workspace");
}

Result<core::CheckRecord> PreparedAttention::check() {
  if (auto ok = data_->prepare_check(); !ok) return fail(ok.error());
  if (auto ok = poison(); !ok) return fail(ok.error());
  if (auto ok = launch(nullptr); !ok) return fail(ok.error());
  return look_at_output();
}

Result<core::CheckRecord> PreparedAttention::check_output() {
  auto left = look_at_output();
  if (!left || !left->passed) return left;
  if (auto ok = cuda_status(buffers_->poison(), "clear the output and the workspace"); !ok) {
    return fail(ok.error());
  }
  if (auto ok = data_->launch_behind_other_inputs([this] { return launch(nullptr); }); !ok) {
    return fail(ok.error());
  }
  auto behind = look_at_output();
  if (!behind) return behind;
  behind->method += "; launched right behind a launch on other inputs";
  if (!behind->passed) return behind;
  left->method += "; and once more right behind a launch on other inputs";
  return left;
}

// What is in O now, and what was written beside it.
Result<core::CheckRecord> PreparedAttention::look_at_output() {
  if (auto ok = cuda_status(cudaDeviceSynchronize(), fmt::format("finish the kernel of {}", label_)); !ok) {
    return fail(ok.error());
  }
  auto record = data_->compare(buffers_->o.data());
  if (!record) return record;
  const auto blame = [&](const std::string& what) {
    record->passed = false;
    record->worst += (record->worst.empty() ? "" : "; and ") + what;
  };
  const auto changed = data_->mend_inputs();
  if (!changed) return fail(changed.error());
  if (!changed->empty()) blame(fmt::format("inputs were written: {}", *changed));
  for (const auto& [memory, name] :
       {std::pair{&buffers_->o, "the output"}, {&buffers_->workspace, "the workspace"}}) {
    std::int64_t damage = 0;
    if (auto ok = cuda_status(memory->count_damage(damage), "read the guards of the output"); !ok) {
      return fail(ok.error());
    }
    if (damage > 0)
      blame(fmt::format("memory around {} was written: {} byte{}", name, damage, damage == 1 ? "" : "s"));
  }
  return record;
}

Result<std::vector<std::uint16_t>> PreparedAttention::output() const {
  std::vector<std::uint16_t> elements;
  try {
    elements.resize(static_cast<std::size_t>(data_->problem().q_elements()));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kUsage, fmt::format("the host's memory does not hold the output of {}", label_),
                "take a smaller problem");
  }
  const cudaError_t error =
      cudaMemcpy(elements.data(), buffers_->o.data(), 2 * elements.size(), cudaMemcpyDeviceToHost);
  if (auto ok = cuda_status(error, "copy the output from the device"); !ok) return fail(ok.error());
  return elements;
}

#else  // a viewer: nothing can be prepared, so no object ever exists

struct PreparedAttention::Buffers {};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, std::shared_ptr<AttentionData> data,
                                     std::unique_ptr<PlannedLaunch> plan)
    : phase_(phase), data_(std::move(data)), plan_(std::move(plan)) {}
PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     std::shared_ptr<AttentionData> data) {
  if (auto ok = check_supported(phase, contiguous_call(data->problem())); !ok) return fail(ok.error());
  return fail(no_toolkit());
}
Status PreparedAttention::launch(core::StreamHandle) {
  return fail(no_toolkit());
}
Status PreparedAttention::take_buffers() {
  return fail(no_toolkit());
}
Status PreparedAttention::find_kernels() {
  return fail(no_toolkit());
}
std::string PreparedAttention::choice() const {
  return {};
}
Status PreparedAttention::poison() {
  return fail(no_toolkit());
}
Result<core::CheckRecord> PreparedAttention::check() {
  return fail(no_toolkit());
}
Result<core::CheckRecord> PreparedAttention::check_output() {
  return fail(no_toolkit());
}
Result<core::CheckRecord> PreparedAttention::look_at_output() {
  return fail(no_toolkit());
}
Result<std::vector<std::uint16_t>> PreparedAttention::output() const {
  return fail(no_toolkit());
}

#endif

}  // namespace flashcore::kernels::bench
