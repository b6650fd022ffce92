// DeviceAttention: one launch with tensors laid out as a test wants them: any strides, any inputs,
// guard bands of NaN around every tensor. What PreparedAttention does not offer, because a profile
// does not need it.
//
// Owns: its device memory. Threads: one. Errors: a failed CUDA call fails the test.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "kernels/bench/reference.h"
#include "kernels/phase.h"

namespace flashcore::kernels::bench {

inline void cuda_ok(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  ADD_FAILURE() << what << ": " << cudaGetErrorString(error);
}

// How B, H, S, D lies in memory.
enum class Layout { kContiguous, kBshd, kPadded };

inline Strides strides_of(Layout layout, std::int64_t heads, std::int64_t seq, std::int64_t d) {
  switch (layout) {
    case Layout::kContiguous: return contiguous_strides(heads, seq, d);
    case Layout::kBshd: return {seq * heads * d, d, heads * d};
    case Layout::kPadded: return {heads * (seq * (d + 24) + 40), seq * (d + 24) + 40, d + 24};
  }
  return {};
}

// One tensor on the device between guard bands; gaps between its rows are guards too.
class GuardedTensor {
 public:
  static constexpr std::int64_t kGuard = 4096;      // elements before and after
  static constexpr std::uint16_t kCanary = 0x7eab;  // a NaN that no kernel writes

  GuardedTensor(std::int64_t batch, std::int64_t heads, std::int64_t seq, std::int64_t d, Layout layout)
      : batch_(batch), heads_(heads), seq_(seq), d_(d), strides_(strides_of(layout, heads, seq, d)) {
    const std::int64_t extent =
        (batch - 1) * strides_.batch + (heads - 1) * strides_.head + (seq - 1) * strides_.row + d;
    image_.assign(static_cast<std::size_t>(extent + 2 * kGuard), kCanary);
    cuda_ok(cudaMalloc(&device_, 2 * image_.size()), "cudaMalloc");
    upload();
  }
  GuardedTensor(const GuardedTensor&) = delete;
  GuardedTensor& operator=(const GuardedTensor&) = delete;
  ~GuardedTensor() { (void)cudaFree(device_); }

  void* data() const { return static_cast<std::uint16_t*>(device_) + kGuard; }
  const Strides& strides() const { return strides_; }

  void fill(const std::vector<std::uint16_t>& contiguous) {
    for_each_element([&](std::size_t at, std::size_t index) { image_[at] = contiguous[index]; });
    upload();
  }

  // The tensor's elements, contiguous; `intact` says whether everything around them is untouched.
  std::vector<std::uint16_t> read(bool& intact) {
    std::vector<std::uint16_t> image(image_.size());
    cuda_ok(cudaMemcpy(image.data(), device_, 2 * image.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
    std::vector<std::uint16_t> contiguous(static_cast<std::size_t>(batch_ * heads_ * seq_ * d_));
    for_each_element([&](std::size_t at, std::size_t index) {
      contiguous[index] = image[at];
      image[at] = kCanary;
    });
    intact = true;
    for (const std::uint16_t bits : image) intact = intact && bits == kCanary;
    return contiguous;
  }

 private:
  template <typename Visit>
  void for_each_element(Visit visit) const {
    std::size_t index = 0;
    for (std::int64_t b = 0; b < batch_; ++b) {
      for (std::int64_t h = 0; h < heads_; ++h) {
        for (std::int64_t s = 0; s < seq_; ++s) {
          const std::int64_t row = kGuard + b * strides_.batch + h * strides_.head + s * strides_.row;
          for (std::int64_t i = 0; i < d_; ++i) visit(static_cast<std::size_t>(row + i), index++);
        }
      }
    }
  }
  void upload() {
    cuda_ok(cudaMemcpy(device_, image_.data(), 2 * image_.size(), cudaMemcpyHostToDevice), "cudaMemcpy");
  }

  std::int64_t batch_, heads_, seq_, d_;
  Strides strides_;
  std::vector<std::uint16_t> image_;
  void* device_ = nullptr;
};

struct Answer {
  std::vector<std::uint16_t> o;
  bool surroundings_intact = false;
  core::CheckRecord record;
};

// The plain error of further normal inputs, kept: it depends on nothing but the band, D and, without a mask,
// Sk.
inline Comparison plain_of_draws(const core::AttentionProblem& p, int band) {
  static std::map<std::array<std::int64_t, 3>, Comparison> known;
  const auto [at, added] = known.try_emplace({band, p.head_dim, p.causal ? 0 : p.seq_k});
  if (added) at->second = plain_draw(p, core::InputKind::kNormal, band, 1 << 14);
  return at->second;
}

// Launches `phase` once on `inputs` and compares with the reference (every row).
inline Answer run_attention(const PhaseDescriptor& phase, const core::AttentionProblem& p,
                            const Inputs& inputs, Layout layout = Layout::kContiguous) {
  Answer answer;
  GuardedTensor q(p.batch, p.heads, p.seq_q, p.head_dim, layout);
  GuardedTensor k(p.batch, p.kv_heads, p.seq_k, p.head_dim, layout);
  GuardedTensor v(p.batch, p.kv_heads, p.seq_k, p.head_dim, layout);
  GuardedTensor o(p.batch, p.heads, p.seq_q, p.head_dim, layout);
  q.fill(inputs.q);
  k.fill(inputs.k);
  v.fill(inputs.v);
  void* workspace = nullptr;
  const std::size_t workspace_bytes = phase.workspace_bytes(p);
  if (workspace_bytes > 0) {
    cuda_ok(cudaMalloc(&workspace, workspace_bytes), "cudaMalloc");
    cuda_ok(cudaMemset(workspace, 0xff, workspace_bytes), "cudaMemset");  // NaN
  }
  const AttentionArgs args{p,           q.data(),
                           k.data(),    v.data(),
                           o.data(),    q.strides(),
                           k.strides(), v.strides(),
                           o.strides(), static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))),
                           workspace};
  if (auto launched = phase.launch(args, nullptr); !launched) {
    ADD_FAILURE() << core::to_text(launched.error());
  }
  cuda_ok(cudaDeviceSynchronize(), "the kernel");
  answer.o = o.read(answer.surroundings_intact);
  (void)cudaFree(workspace);
  const std::vector<std::int64_t> rows = rows_to_check(p, p.batch * p.heads * p.seq_q);
  const std::vector<double> exact = reference_rows(p, inputs.q, inputs.k, inputs.v, rows);
  Bands plain = compare_bands(p, plain_rows(p, inputs.q, inputs.k, inputs.v, rows), rows, exact);
  for (const BandRows& band : band_rows(p)) {
    take_draws(plain[static_cast<std::size_t>(band.band)], plain_of_draws(p, band.band));
  }
  answer.record =
      judge(p, core::InputKind::kNormal, 0, compare_bands(p, answer.o, rows, exact), plain, "the host");
  return answer;
}

}  // namespace flashcore::kernels::bench
