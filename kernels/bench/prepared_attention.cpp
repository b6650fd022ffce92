#include "kernels/bench/prepared_attention.h"

#include <fmt/format.h>

#include <cmath>
#include <new>

#include "kernels/bench/reference.h"
#include "kernels/phase_index.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#include "cuda/runtime/memory.h"
#include "kernels/bench/captured_launch.h"
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

// Left to the driver: the context, the module's code and the local memory of other kernels.
constexpr std::int64_t kReservedBytes = std::int64_t{64} << 20;

std::string mebibytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

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

Status check_memory(const PhaseDescriptor& phase, const core::AttentionProblem& problem) {
  const std::int64_t tensors = core::tensor_bytes(problem);
  const auto workspace = static_cast<std::int64_t>(phase.workspace_bytes(problem));
  std::size_t free_bytes = 0, total_bytes = 0;
  if (auto ok = cuda_status(cudaMemGetInfo(&free_bytes, &total_bytes), "ask how much memory is free"); !ok) {
    return ok;
  }
  const std::int64_t usable = static_cast<std::int64_t>(free_bytes) - kReservedBytes;
  if (tensors + workspace <= usable) return {};
  return fail(ErrorCode::kUsage,
              fmt::format("{} with phase {} needs {} for its tensors and {} of workspace; the device has {} "
                          "free of {}",
                          core::problem_label(problem), phase.info.id, mebibytes(tensors),
                          mebibytes(workspace), mebibytes(static_cast<std::int64_t>(free_bytes)),
                          mebibytes(static_cast<std::int64_t>(total_bytes))),
              workspace > tensors ? "take a smaller problem, or a phase that keeps no scores in device memory"
                                  : "take a smaller problem, or end other programs on the device");
}

}  // namespace

struct PreparedAttention::Buffers {
  cuda::DeviceMemory q, k, v, o, workspace;
  AttentionArgs args;
  Inputs inputs;  // the host's copy, for the reference
  int kernels_per_launch = 0;
};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, const core::AttentionProblem& problem)
    : phase_(phase),
      problem_(problem),
      label_(fmt::format("{}, {}", phase.info.id, core::problem_label(problem))),
      plan_(phase.plan(problem)),
      buffers_(std::make_unique<Buffers>()) {}

PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     const core::AttentionProblem& problem,
                                                                     std::uint64_t seed) {
  if (auto ok = core::validate(problem); !ok) return fail(ok.error());
  if (auto ok = phase.supports(problem); !ok) return fail(ok.error());
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
  if (auto ok = check_memory(phase, problem); !ok) return fail(ok.error());

  std::unique_ptr<PreparedAttention> run(new PreparedAttention(phase, problem));
  Buffers& b = *run->buffers_;
  const auto q_bytes = static_cast<std::size_t>(2 * problem.q_elements());  // halves
  const auto kv_bytes = static_cast<std::size_t>(2 * problem.kv_elements());
  for (const auto& [memory, bytes] : {std::pair<cuda::DeviceMemory*, std::size_t>{&b.q, q_bytes},
                                      {&b.k, kv_bytes},
                                      {&b.v, kv_bytes},
                                      {&b.o, q_bytes},
                                      {&b.workspace, phase.workspace_bytes(problem)}}) {
    const cudaError_t error = memory->allocate(bytes);
    if (error == cudaErrorMemoryAllocation) {
      return fail(ErrorCode::kUsage,
                  fmt::format("the device refused {} for {}", mebibytes(static_cast<std::int64_t>(bytes)),
                              run->label_),
                  "take a smaller problem, or end other programs on the device");
    }
    if (auto ok = cuda_status(error, "take memory on the device"); !ok) return fail(ok.error());
  }
  const core::AttentionProblem& p = run->problem_;
  const Strides q_strides = contiguous_strides(p.heads, p.seq_q, p.head_dim);
  const Strides kv_strides = contiguous_strides(p.kv_heads, p.seq_k, p.head_dim);
  b.args = AttentionArgs{p,
                         b.q.data(),
                         b.k.data(),
                         b.v.data(),
                         b.o.data(),
                         q_strides,
                         kv_strides,
                         kv_strides,
                         q_strides,
                         static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))),
                         b.workspace.data()};
  if (auto ok = run->reseed(seed); !ok) return fail(ok.error());
  if (phase.available != nullptr) {
    // Only the library knows which kernels it chose for this problem; a captured launch tells.
    auto captured =
        capture_kernels([&](core::StreamHandle s) { return phase.launch(b.args, s); }, run->plan_);
    if (!captured) return fail(captured.error());
    run->plan_ = std::move(*captured);
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

Status PreparedAttention::reseed(std::uint64_t seed) {
  Buffers& b = *buffers_;
  try {
    b.inputs = random_inputs(problem_, seed);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kUsage,
                fmt::format("the host's memory does not hold the inputs of {} ({})", label_,
                            mebibytes(core::tensor_bytes(problem_))),
                "take a smaller problem");
  }
  seed_ = seed;
  for (const auto& [to, from] :
       {std::pair<const cuda::DeviceMemory*, const std::vector<std::uint16_t>*>{&b.q, &b.inputs.q},
        {&b.k, &b.inputs.k},
        {&b.v, &b.inputs.v}}) {
    const cudaError_t error = cudaMemcpy(to->data(), from->data(), 2 * from->size(), cudaMemcpyHostToDevice);
    if (auto ok = cuda_status(error, "copy the inputs to the device"); !ok) return ok;
  }
  return {};
}

Result<core::CheckRecord> PreparedAttention::check(std::int64_t row_limit) {
  const Buffers& b = *buffers_;
  // 0xffff is a NaN in every half, so that an element which no one writes is seen.
  const cudaError_t cleared =
      cudaMemset(b.o.data(), 0xff, static_cast<std::size_t>(2 * problem_.q_elements()));
  if (auto ok = cuda_status(cleared, "clear the output"); !ok) return fail(ok.error());
  if (auto ok = launch(nullptr); !ok) return fail(ok.error());
  if (auto ok = cuda_status(cudaDeviceSynchronize(), fmt::format("finish the kernel of {}", label_)); !ok) {
    return fail(ok.error());
  }
  auto o = output();
  if (!o) return fail(o.error());
  try {
    const std::vector<std::int64_t> rows = rows_to_check(problem_, row_limit);
    const std::vector<double> expected = reference_rows(problem_, b.inputs.q, b.inputs.k, b.inputs.v, rows);
    return compare_rows(problem_, *o, rows, expected, phase_.info.tolerance, seed_);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kUsage, fmt::format("the host's memory does not hold the reference of {}", label_),
                "check fewer rows, or take a smaller problem");
  }
}

Result<std::vector<std::uint16_t>> PreparedAttention::output() const {
  std::vector<std::uint16_t> halves;
  try {
    halves.resize(static_cast<std::size_t>(problem_.q_elements()));
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

namespace {
core::Error no_toolkit() {
  return core::Error{ErrorCode::kNoDevice,
                     "this build has no CUDA toolkit, so no kernel can be launched",
                     "build on a machine with the CUDA toolkit, or look at a recording with --replay",
                     {}};
}
}  // namespace

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, const core::AttentionProblem& problem)
    : phase_(phase), problem_(problem) {}
PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     const core::AttentionProblem& problem,
                                                                     std::uint64_t) {
  if (auto ok = core::validate(problem); !ok) return fail(ok.error());
  if (auto ok = phase.supports(problem); !ok) return fail(ok.error());
  return fail(no_toolkit());
}
Status PreparedAttention::launch(core::StreamHandle) {
  return fail(no_toolkit());
}
int PreparedAttention::kernels_per_launch() const {
  return 0;
}
Status PreparedAttention::reseed(std::uint64_t) {
  return fail(no_toolkit());
}
Result<core::CheckRecord> PreparedAttention::check(std::int64_t) {
  return fail(no_toolkit());
}
Result<std::vector<std::uint16_t>> PreparedAttention::output() const {
  return fail(no_toolkit());
}

#endif

}  // namespace flashcore::kernels::bench
