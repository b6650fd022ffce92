// A few small launches of every phase and type on memory in which nothing was written but the inputs: what
// scripts/sanitize runs under compute-sanitizer. Poison would count as written there, so there is none; the
// answer is held against the host's.
#include <gtest/gtest.h>

#include <numeric>
#include <string>

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
  // Planned for the GPU at hand.
  void launch_and_compare(const AttentionProblem& p) {
    const auto device = current_device_traits();
    ASSERT_TRUE(device) << core::to_text(device.error());
    launch_and_compare(p, *device, "");
  }
  // As for a GPU of these traits. `tile`, where there is one, is part of the first kernel's name.
  void launch_and_compare(const AttentionProblem& p, const DeviceTraits& device, const std::string& tile);
};
FLASHCORE_FOR_EVERY_PHASE(UnwrittenMemory);

void UnwrittenMemory::launch_and_compare(const AttentionProblem& p, const DeviceTraits& device,
                                         const std::string& tile) {
  SCOPED_TRACE(core::problem_label(p));
  Case c{p, Layout::kPadded, Layout::kPadded, Layout::kPadded, Layout::kPadded, 0, true};
  if (is_library()) {  // as it likes it best
    c = {.problem = p};
  }
  const AttentionCall call = call_of(c);
  auto plan = plan_launch(phase(), call, device);
  count_served(plan.has_value(), plan ? "" : core::to_text(plan.error()));
  if (!plan) return;
  if (!tile.empty()) {
    EXPECT_NE((*plan)->kernels().front().name.find(tile), std::string::npos)
        << (*plan)->kernels().front().name << " is not " << tile;
  }
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

// Each tile of `fused`: problems and SMs so few that it is chosen. No one GPU chooses them all.
TEST_P(UnwrittenMemory, OfEveryTile) {
  if (phase().info.id != "fused") GTEST_SKIP() << "only fused chooses its tile by the GPU";
  const auto real = current_device_traits();
  ASSERT_TRUE(real) << core::to_text(real.error());
  if (real->shared_per_sm_bytes < (164 << 10)) GTEST_SKIP() << "this GPU holds some of the tiles only";
  DeviceTraits one = *real, four = *real, little = *real;
  one.sm_count = 1, four.sm_count = 4, little.sm_count = 1;
  little.shared_per_sm_bytes = 100 << 10, little.shared_per_block_bytes = 99 << 10;
  for (const int d : {64, 128}) {
    const std::string end = std::to_string(d) + ">";
    launch_and_compare(problem(1, 1, 1, 130, 70, d), one, "FusedLarge" + end);
    launch_and_compare(problem(1, 2, 1, 35, 70, d, true), little, "FusedModest" + end);
    if (d == 64) launch_and_compare(problem(1, 1, 1, 70, 140, d), one, "FusedWide" + end);
    launch_and_compare(problem(1, 2, 1, 20, 270, d), one, "FusedMedium" + end);
    launch_and_compare(problem(1, 2, 1, 20, 270, d, true), four, "FusedSmall" + end);
    launch_and_compare(problem(1, 2, 1, 3, 150, d), one, "FusedFew" + end);
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
