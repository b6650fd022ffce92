// A few small launches of every phase and type on memory in which nothing was written but the inputs: what
// scripts/sanitize runs under compute-sanitizer. Poison would count as written there, so there is none; the
// answer is held against the host's.
#include <gtest/gtest.h>

#include <numeric>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

class UnwrittenMemory : public GpuPhaseTest {
 protected:
  // Rows are padded, and neither the padding nor a guard is ever written.
  static std::int64_t extent(std::int64_t batch, std::int64_t heads, const Strides& s, std::int64_t seq,
                             std::int64_t d) {
    return TensorShape{batch, heads, seq, d, s}.extent();
  }
  static void copy_rows(cuda::DeviceMemory& memory, std::vector<std::uint16_t>& flat, const Strides& s,
                        const AttentionProblem& p, std::int64_t heads, std::int64_t seq,
                        cudaMemcpyKind kind) {
    const auto width = static_cast<std::size_t>(2 * p.head_dim);
    for (std::int64_t b = 0; b < p.batch; ++b) {
      for (std::int64_t h = 0; h < heads; ++h) {
        auto* device = static_cast<std::uint16_t*>(memory.data()) + b * s.batch + h * s.head;
        auto* host = flat.data() + (b * heads + h) * seq * p.head_dim;
        const bool up = kind == cudaMemcpyHostToDevice;
        const auto pitch = static_cast<std::size_t>(2 * s.row);
        cuda_ok(cudaMemcpy2D(up ? static_cast<void*>(device) : host, up ? pitch : width,
                             up ? static_cast<void*>(host) : device, up ? width : pitch, width,
                             static_cast<std::size_t>(seq), kind),
                "cudaMemcpy2D");
      }
    }
  }
  void launch_and_compare(const AttentionProblem& p);
};
FLASHCORE_FOR_EVERY_PHASE(UnwrittenMemory);

void UnwrittenMemory::launch_and_compare(const AttentionProblem& p) {
  SCOPED_TRACE(core::problem_label(p));
  Case c{p, Layout::kPadded, Layout::kPadded, Layout::kPadded, Layout::kPadded, 0, true};
  if (is_library()) {  // as it likes it best
    c = {.problem = p};
  }
  const AttentionCall call = call_of(c);
  const auto device = current_device_traits();
  auto plan = plan_launch(phase(), call, *device);
  count_served(plan.has_value(), plan ? "" : core::to_text(plan.error()));
  if (!plan) return;
  Inputs in = normal(p, 3);
  cuda::DeviceMemory q, k, v, o, lse, workspace;
  const auto take = [&](cuda::DeviceMemory& memory, std::int64_t bytes) {
    cuda_ok(memory.allocate(static_cast<std::size_t>(bytes)), "cudaMalloc");
  };
  take(q, 2 * extent(p.batch, p.heads, call.q_strides, p.seq_q, p.head_dim));
  take(k, 2 * extent(p.batch, p.kv_heads, call.k_strides, p.seq_k, p.head_dim));
  take(v, 2 * extent(p.batch, p.kv_heads, call.v_strides, p.seq_k, p.head_dim));
  take(o, 2 * extent(p.batch, p.heads, call.o_strides, p.seq_q, p.head_dim));
  std::vector<float> lse_values(static_cast<std::size_t>(p.batch * p.heads * p.seq_q));
  if (c.with_lse) take(lse, static_cast<std::int64_t>(sizeof(float) * lse_values.size()));
  take(workspace, static_cast<std::int64_t>((*plan)->workspace_bytes()));
  copy_rows(q, in.q, call.q_strides, p, p.heads, p.seq_q, cudaMemcpyHostToDevice);
  copy_rows(k, in.k, call.k_strides, p, p.kv_heads, p.seq_k, cudaMemcpyHostToDevice);
  copy_rows(v, in.v, call.v_strides, p, p.kv_heads, p.seq_k, cudaMemcpyHostToDevice);
  status_ok((*plan)->launch({.q = q.data(),
                             .k = k.data(),
                             .v = v.data(),
                             .o = o.data(),
                             .lse = static_cast<float*>(lse.data()),
                             .workspace = workspace.data()},
                            nullptr));
  cuda_ok(cudaDeviceSynchronize(), "the launch");
  std::vector<std::uint16_t> answer(static_cast<std::size_t>(p.q_elements()));
  copy_rows(o, answer, call.o_strides, p, p.heads, p.seq_q, cudaMemcpyDeviceToHost);

  std::vector<std::int64_t> rows(lse_values.size());
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<double> exact = reference_rows(p, in, rows);
  Bands plain = compare_bands(p, plain_rows(p, in, rows), rows, exact);
  for (const BandRows& band : band_rows(p)) {
    take_draws(plain[static_cast<std::size_t>(band.band)],
               plain_draw(p, core::InputKind::kNormal, band.band, 1 << 12));
  }
  const core::CheckRecord record =
      judge(p, core::InputKind::kNormal, 3, compare_bands(p, answer, rows, exact), plain, "the host");
  EXPECT_TRUE(record.passed) << record.max_error << " of " << record.max_tolerance << " at " << record.worst;
  if (!c.with_lse) return;
  cuda_ok(cudaMemcpy(lse_values.data(), lse.data(), lse.bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
  EXPECT_TRUE(compare_lse(lse_values, rows, reference_lse(p, in, rows)).passed);
}

// More than a tile of queries and of keys, neither a multiple of one; a head of keys for two of queries.
TEST_P(UnwrittenMemory, OfOddExtents) {
  for (const int d : {64, 128}) launch_and_compare(problem(1, 2, 1, 70, 150, d));
}

// Some rows see nothing.
TEST_P(UnwrittenMemory, UnderACausalMask) {
  for (const int d : {64, 128}) launch_and_compare(problem(1, 1, 1, 200, 140, d, true));
}

// Where the keys may be split.
TEST_P(UnwrittenMemory, OfOneQuery) {
  for (const int d : {64, 128}) launch_and_compare(problem(1, 2, 1, 1, 1100, d));
}

}  // namespace
}  // namespace flashcore::kernels::bench
