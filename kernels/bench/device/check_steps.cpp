#include "kernels/bench/device/check_steps.h"

#include <cuda_runtime_api.h>

#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "cuda/runtime/error.h"
#include "kernels/bench/random.h"
#include "kernels/bench/refusals.h"

namespace flashcore::kernels::bench {

using core::fail;
using core::Result;
using core::Status;
using cuda::cuda_status;

namespace {

std::size_t as_size(std::int64_t bytes) noexcept {
  return static_cast<std::size_t>(bytes);
}

}  // namespace

Status take_memory(cuda::DeviceMemory& memory, std::int64_t bytes, std::string_view what) {
  const cudaError_t error = memory.allocate(as_size(bytes));
  if (error == cudaErrorMemoryAllocation) return fail(refused_memory(bytes, what));
  return cuda_status(error, "take memory on the device");
}

Status fill_inputs(const core::AttentionProblem& p, core::InputKind input, std::uint64_t seed,
                   const DeviceInputs& to) {
  const InputStreams streams = input_streams(input, seed);
  const Element element = element_of(p);
  cudaError_t error =
      fill_elements(element, const_cast<void*>(to.q), p.q_elements(), streams.q, streams.q_gain);
  if (error == cudaSuccess) {
    error = fill_elements(element, const_cast<void*>(to.k), p.kv_elements(), streams.k, 1.0F);
  }
  if (error == cudaSuccess) {
    error = fill_elements(element, const_cast<void*>(to.v), p.kv_elements(), streams.v, 1.0F);
  }
  return cuda_status(error, "make the inputs on the device");
}

// How many elements of Q, K and V are not those of the input and the seed.
Result<std::array<unsigned long long, 3>> count_changed(const core::AttentionProblem& p,
                                                        core::InputKind input, std::uint64_t seed,
                                                        const DeviceInputs& in, void* scratch) {
  std::array<unsigned long long, 3> changed{};
  static_assert(sizeof changed <= kScratchBytes);
  auto* const count = static_cast<unsigned long long*>(scratch);
  const InputStreams of = input_streams(input, seed);
  cudaError_t error = cudaMemset(count, 0, sizeof changed);
  const auto look = [&](const void* at, std::int64_t elements, std::uint64_t stream, float gain, int tensor) {
    if (error != cudaSuccess) return;
    error = count_differing_elements(element_of(p), at, elements, stream, gain, count + tensor);
  };
  look(in.q, p.q_elements(), of.q, of.q_gain, 0);
  look(in.k, p.kv_elements(), of.k, 1.0F, 1);
  look(in.v, p.kv_elements(), of.v, 1.0F, 2);
  if (error == cudaSuccess) error = cudaMemcpy(changed.data(), count, sizeof changed, cudaMemcpyDeviceToHost);
  if (auto ok = cuda_status(error, "look whether the inputs were changed"); !ok) return fail(ok.error());
  return changed;
}

Result<Bands> compare_on_device(const core::AttentionProblem& p, const void* o, const double* reference,
                                void* scratch) {
  Bands bands{};
  for (const BandRows& rows : band_rows(p)) {
    const cudaError_t error =
        compare_band(p, rows, o, reference, scratch, bands[static_cast<std::size_t>(rows.band)]);
    if (auto ok = cuda_status(error, "compare an answer with the reference"); !ok) return fail(ok.error());
  }
  return bands;
}

// The error of the plain method on these inputs, whose reference is there.
Result<Bands> plain_on_device(const core::AttentionProblem& p, const DeviceInputs& inputs,
                              const double* reference, void* scratch) {
  cuda::DeviceMemory plain;
  if (auto ok = take_memory(plain, output_bytes(p), "the plain answer"); !ok) return fail(ok.error());
  const cudaError_t error = plain_attention(p, inputs, plain.data());
  if (auto ok = cuda_status(error, "launch the plain method"); !ok) return fail(ok.error());
  return compare_on_device(p, plain.data(), reference, scratch);
}

// The plain error of a band's further draws.
Result<Comparison> draw_on_device(const core::AttentionProblem& problem, core::InputKind input, int band,
                                  void* scratch) {
  const core::AttentionProblem p = draw_problem(problem, band, kPlainElements);
  cuda::DeviceMemory q, k, v, reference;
  for (const auto& [memory, bytes] : {std::pair<cuda::DeviceMemory*, std::int64_t>{&q, 2 * p.q_elements()},
                                      {&k, 2 * p.kv_elements()},
                                      {&v, 2 * p.kv_elements()},
                                      {&reference, reference_bytes(p)}}) {
    if (auto ok = take_memory(*memory, bytes, "further draws of the plain error"); !ok)
      return fail(ok.error());
  }
  const DeviceInputs inputs{q.data(), k.data(), v.data()};
  if (auto ok = fill_inputs(p, input, draw_seed(band), inputs); !ok) return fail(ok.error());
  auto* exact = static_cast<double*>(reference.data());
  const cudaError_t error = reference_attention(p, inputs, exact);
  if (auto ok = cuda_status(error, "launch the reference"); !ok) return fail(ok.error());
  auto bands = plain_on_device(p, inputs, exact, scratch);
  if (!bands) return fail(bands.error());
  return (*bands)[static_cast<std::size_t>(band)];
}

Result<LseReference> read_lse_reference(const core::AttentionProblem& p, const DeviceInputs& inputs,
                                        const double* lse) {
  const std::int64_t q_rows = p.q_elements() / p.head_dim;
  const std::int64_t k_rows = p.kv_elements() / p.head_dim;
  cuda::DeviceMemory norms;
  if (auto ok = take_memory(norms, 8 * (q_rows + k_rows), "the lengths of rows"); !ok)
    return fail(ok.error());
  auto* q_norms = static_cast<double*>(norms.data());
  std::vector<double> lengths(as_size(q_rows + k_rows));
  LseReference reference;
  reference.lse.resize(as_size(q_rows));
  cudaError_t error = row_norms(p, inputs.q, q_rows, q_norms);
  if (error == cudaSuccess) error = row_norms(p, inputs.k, k_rows, q_norms + q_rows);
  if (error == cudaSuccess) {
    error = cudaMemcpy(lengths.data(), norms.data(), 8 * lengths.size(), cudaMemcpyDeviceToHost);
  }
  if (error == cudaSuccess) {
    error = cudaMemcpy(reference.lse.data(), lse, 8 * reference.lse.size(), cudaMemcpyDeviceToHost);
  }
  if (auto ok = cuda_status(error, "read the reference's LSE"); !ok) return fail(ok.error());
  std::vector<std::int64_t> rows(as_size(q_rows));
  std::iota(rows.begin(), rows.end(), 0);
  const std::span all(lengths);
  reference.limits = lse_limits(p, scale_of(p, inputs.scale), rows, all.first(as_size(q_rows)),
                                all.subspan(as_size(q_rows)));
  return reference;
}

}  // namespace flashcore::kernels::bench
