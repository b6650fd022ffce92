#include "kernels/bench/prepared_attention.h"

#include <fmt/format.h>

#include <cmath>
#include <new>
#include <utility>

#include "kernels/bench/refusals.h"
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

// The current device's compute capability, 10 * major + minor.
Result<int> device_compute() {
  constexpr const char* kDoing = "ask the current device for its compute capability";
  int count = 0, device = 0, major = 0, minor = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count == 0) error = cudaErrorNoDevice;
  if (error == cudaSuccess) error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (auto ok = cuda_status(error, kDoing); !ok) return fail(ok.error());
  return 10 * major + minor;
}

// What the launch and its check take beside the inputs, which are there.
Status check_memory(const PhaseDescriptor& phase, const AttentionData& data) {
  const core::AttentionProblem& problem = data.problem();
  const std::int64_t output = 2 * problem.q_elements();
  const std::int64_t check = data.pending_bytes();
  const auto workspace = static_cast<std::int64_t>(phase.workspace_bytes(problem));
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
  AttentionArgs args;
  int kernels_per_launch = 0;

  cudaError_t poison() {
    const cudaError_t error = o.poison();
    return error == cudaSuccess ? workspace.poison() : error;
  }
};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, std::shared_ptr<AttentionData> data)
    : phase_(phase),
      data_(std::move(data)),
      label_(fmt::format("{}, {}", phase.info.id, core::problem_label(data_->problem()))),
      plan_(phase.plan(data_->problem())),
      buffers_(std::make_unique<Buffers>()) {}

PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     std::shared_ptr<AttentionData> data) {
  const core::AttentionProblem& p = data->problem();
  if (auto ok = phase.supports(p); !ok) return fail(ok.error());
  const auto compute = device_compute();
  if (!compute) return fail(compute.error());
  if (*compute < phase.info.min_compute) {
    return fail(
        ErrorCode::kNoDevice,
        fmt::format("phase {} needs a GPU of compute capability {}.{}, and this one has {}.{}", phase.info.id,
                    phase.info.min_compute / 10, phase.info.min_compute % 10, *compute / 10, *compute % 10),
        "choose another device with --device, or another phase");
  }
  if (phase.available != nullptr) {
    if (auto ok = phase.available(); !ok) return fail(ok.error());
  }
  if (auto ok = check_memory(phase, *data); !ok) return fail(ok.error());

  std::unique_ptr<PreparedAttention> run(new PreparedAttention(phase, data));
  Buffers& b = *run->buffers_;
  const auto o_bytes = static_cast<std::size_t>(2 * p.q_elements());  // halves
  for (const auto& [memory, bytes] :
       {std::pair<GuardedMemory*, std::size_t>{&b.o, o_bytes}, {&b.workspace, phase.workspace_bytes(p)}}) {
    const cudaError_t error = memory->allocate(bytes);
    if (error == cudaErrorMemoryAllocation) {
      return fail(refused_memory(static_cast<std::int64_t>(bytes), run->label_));
    }
    if (auto ok = cuda_status(error, "take memory on the device"); !ok) return fail(ok.error());
  }
  const Strides q_strides = contiguous_strides(p.heads, p.seq_q, p.head_dim);
  const Strides kv_strides = contiguous_strides(p.kv_heads, p.seq_k, p.head_dim);
  b.args = AttentionArgs{p,
                         data->q(),
                         data->k(),
                         data->v(),
                         b.o.data(),
                         q_strides,
                         kv_strides,
                         kv_strides,
                         q_strides,
                         static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))),
                         b.workspace.data()};
  if (auto ok = run->poison(); !ok) return fail(ok.error());
  if (phase.available != nullptr) {
    // Only the library knows which kernels it chose for this problem; a captured launch tells.
    auto captured =
        capture_kernels([&](core::StreamHandle s) { return phase.launch(b.args, s); }, run->plan_);
    if (!captured) return fail(captured.error());
    run->plan_ = std::move(*captured);
    // Runs that share the data may have loaded it; what this launch does to it is for its own check to say.
    if (data->loaded()) {
      if (auto mended = data->mend_inputs(); !mended) return fail(mended.error());
    }
  }
  b.kernels_per_launch = static_cast<int>(run->plan_.size());
  return run;
}

Status PreparedAttention::launch(core::StreamHandle stream) {
  return phase_.launch(buffers_->args, stream);
}

int PreparedAttention::kernels_per_launch() const {
  return buffers_->kernels_per_launch;
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
  std::vector<std::uint16_t> halves;
  try {
    halves.resize(static_cast<std::size_t>(data_->problem().q_elements()));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kUsage, fmt::format("the host's memory does not hold the output of {}", label_),
                "take a smaller problem");
  }
  const cudaError_t error =
      cudaMemcpy(halves.data(), buffers_->o.data(), 2 * halves.size(), cudaMemcpyDeviceToHost);
  if (auto ok = cuda_status(error, "copy the output from the device"); !ok) return fail(ok.error());
  return halves;
}

#else  // a viewer: nothing can be prepared, so no object ever exists

struct PreparedAttention::Buffers {};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, std::shared_ptr<AttentionData> data)
    : phase_(phase), data_(std::move(data)) {}
PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     std::shared_ptr<AttentionData> data) {
  if (auto ok = phase.supports(data->problem()); !ok) return fail(ok.error());
  return fail(no_toolkit());
}
Status PreparedAttention::launch(core::StreamHandle) {
  return fail(no_toolkit());
}
int PreparedAttention::kernels_per_launch() const {
  return 0;
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
