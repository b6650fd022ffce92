#include "kernels/prepared_attention.h"

#include <fmt/format.h>

#include <cmath>
#include <new>

#include "kernels/reference.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>
#include <nvtx3/nvToolsExt.h>

#include "kernels/captured_launch.h"
#endif

namespace flashcore::kernels {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

#if FLASHCORE_CUDA

namespace {

// Left to the driver: the context, the module's code and the local memory of other kernels.
constexpr std::int64_t kReservedBytes = std::int64_t{64} << 20;

// One allocation on the device.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() {
    if (data_ != nullptr) (void)cudaFree(data_);
  }
  cudaError_t allocate(std::size_t bytes) { return bytes == 0 ? cudaSuccess : cudaMalloc(&data_, bytes); }
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

std::string mebibytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

Status device_error(std::string sentence, cudaError_t error) {
  (void)cudaGetLastError();
  return fail(ErrorCode::kDevice, std::move(sentence),
              "run `flashcore-profile doctor`; after a failed kernel the program must be started again",
              fmt::format("{}: {}", cudaGetErrorName(error), cudaGetErrorString(error)));
}

// The current device's compute capability, 10 * major + minor.
Result<int> device_compute() {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess || count == 0) {
    (void)cudaGetLastError();
    const bool no_driver = found == cudaErrorInsufficientDriver;
    return fail(ErrorCode::kNoDevice,
                no_driver ? "the NVIDIA driver is missing or older than this build's CUDA"
                          : "no CUDA device was found",
                "install a driver for the GPU (see `flashcore-profile doctor`), or look at a recording with "
                "--replay",
                found == cudaSuccess ? "cudaGetDeviceCount: 0 devices" : cudaGetErrorString(found));
  }
  int device = 0, major = 0, minor = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (error != cudaSuccess) return fail(device_error("the current device does not answer", error).error());
  return 10 * major + minor;
}

Status check_memory(const PhaseDescriptor& phase, const core::Problem& problem) {
  const std::int64_t tensors = core::tensor_bytes(problem);
  const auto workspace = static_cast<std::int64_t>(phase.workspace_bytes(problem));
  std::size_t free_bytes = 0, total_bytes = 0;
  if (const cudaError_t error = cudaMemGetInfo(&free_bytes, &total_bytes); error != cudaSuccess) {
    return device_error("the device does not say how much memory is free", error);
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

nvtxDomainHandle_t nvtx_domain() {
  static const nvtxDomainHandle_t domain = nvtxDomainCreateA("flashcore");
  return domain;
}

class NvtxRange {
 public:
  explicit NvtxRange(const std::string& name) {
    nvtxEventAttributes_t attributes{};
    attributes.version = NVTX_VERSION;
    attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    attributes.messageType = NVTX_MESSAGE_TYPE_ASCII;
    attributes.message.ascii = name.c_str();
    nvtxDomainRangePushEx(nvtx_domain(), &attributes);
  }
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
  ~NvtxRange() { nvtxDomainRangePop(nvtx_domain()); }
};

}  // namespace

struct PreparedAttention::Buffers {
  DeviceMemory q, k, v, o, workspace;
  AttentionArgs args;
  Inputs inputs;  // the host's copy, for the reference
  int kernels_per_launch = 0;
};

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, const core::Problem& problem)
    : phase_(phase),
      problem_(problem),
      label_(fmt::format("{}, {}", phase.info.id, core::problem_label(problem))),
      plan_(phase.plan(problem)),
      buffers_(std::make_unique<Buffers>()) {}

PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     const core::Problem& problem,
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
  const auto q_bytes = static_cast<std::size_t>(2 * problem.q_elements());
  const auto kv_bytes = static_cast<std::size_t>(2 * problem.kv_elements());
  for (const auto& [memory, bytes] : {std::pair<DeviceMemory*, std::size_t>{&b.q, q_bytes},
                                      {&b.k, kv_bytes},
                                      {&b.v, kv_bytes},
                                      {&b.o, q_bytes},
                                      {&b.workspace, phase.workspace_bytes(problem)}}) {
    const cudaError_t error = memory->allocate(bytes);
    if (error == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      return fail(ErrorCode::kUsage,
                  fmt::format("the device refused {} for {}", mebibytes(static_cast<std::int64_t>(bytes)),
                              run->label_),
                  "take a smaller problem, or end other programs on the device");
    }
    if (error != cudaSuccess) return fail(device_error("the device refused memory", error).error());
  }
  const core::Problem& p = run->problem_;
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
  const NvtxRange range(label_);
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
       {std::pair<const DeviceMemory*, const std::vector<std::uint16_t>*>{&b.q, &b.inputs.q},
        {&b.k, &b.inputs.k},
        {&b.v, &b.inputs.v}}) {
    const cudaError_t error = cudaMemcpy(to->data(), from->data(), 2 * from->size(), cudaMemcpyHostToDevice);
    if (error != cudaSuccess) return device_error("the inputs could not be copied to the device", error);
  }
  return {};
}

Result<core::CorrectnessRecord> PreparedAttention::check(std::int64_t row_limit) {
  const Buffers& b = *buffers_;
  // 0xffff is a NaN in every half, so that an element which no one writes is seen.
  cudaError_t error = cudaMemset(b.o.data(), 0xff, static_cast<std::size_t>(2 * problem_.q_elements()));
  if (error != cudaSuccess) return fail(device_error("the output could not be cleared", error).error());
  if (auto ok = launch(nullptr); !ok) return fail(ok.error());
  error = cudaDeviceSynchronize();
  if (error != cudaSuccess) {
    return fail(device_error(fmt::format("the kernel of {} failed while it ran", label_), error).error());
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
  if (error != cudaSuccess) {
    return fail(device_error("the output could not be copied from the device", error).error());
  }
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

PreparedAttention::PreparedAttention(const PhaseDescriptor& phase, const core::Problem& problem)
    : phase_(phase), problem_(problem) {}
PreparedAttention::~PreparedAttention() = default;

Result<std::unique_ptr<PreparedAttention>> PreparedAttention::create(const PhaseDescriptor& phase,
                                                                     const core::Problem& problem,
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
Result<core::CorrectnessRecord> PreparedAttention::check(std::int64_t) {
  return fail(no_toolkit());
}
Result<std::vector<std::uint16_t>> PreparedAttention::output() const {
  return fail(no_toolkit());
}

#endif

}  // namespace flashcore::kernels
