// Every phase and type, launched otherwise than once: in two streams at a time, from a graph, a thousand
// times.
#include <gtest/gtest.h>

#include <cstdio>

#include "cuda/runtime/handles.h"
#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

class Launches : public GpuPhaseTest {
 protected:
  // The problems that a launch is repeated on: the mission's, an odd causal one, one whose keys may be split.
  std::vector<AttentionProblem> repeated() const {
    return {problem(1, 8, 8, 512, 512, 64), problem(1, 3, 3, 333, 517, 128, true),
            problem(2, 16, 4, 1, 4096, 128)};
  }
  Case with_lse(const AttentionProblem& p) const {
    Case c{.problem = p, .with_lse = true};
    if (is_library() && !check_supported(phase(), call_of(c))) c.with_lse = false;
    return c;
  }
};
FLASHCORE_FOR_EVERY_PHASE(Launches);

// One plan, two sets of tensors.
TEST_P(Launches, OfOnePlanInTwoStreamsAtOnceAreRight) {
  for (const AttentionProblem& p : repeated()) {
    SCOPED_TRACE(core::problem_label(p));
    DeviceAttention a(with_lse(p), normal(p, 1)), b(with_lse(p), normal(p, 2));
    if (!planned(a) || !planned(b)) return;
    a.poison();
    b.poison();
    cuda::Stream first, second;
    cuda_ok(cudaStreamCreateWithFlags(first.out(), cudaStreamNonBlocking), "cudaStreamCreate");
    cuda_ok(cudaStreamCreateWithFlags(second.out(), cudaStreamNonBlocking), "cudaStreamCreate");
    for (int i = 0; i < 20; ++i) {
      a.launch(a.planned(), first.get());
      b.launch(a.planned(), second.get());
    }
    const Answer of_a = a.look(), of_b = b.look();
    EXPECT_TRUE(of_a.right()) << of_a.text();
    EXPECT_TRUE(of_b.right()) << of_b.text();
  }
}

TEST_P(Launches, OfAGraphAreRightAgainAndAgain) {
  for (const AttentionProblem& p : repeated()) {
    SCOPED_TRACE(core::problem_label(p));
    DeviceAttention attention(with_lse(p), normal(p, 3));
    if (!planned(attention)) return;
    attention.poison();
    attention.launch();  // a library loads code on first use
    const Answer alone = attention.look();
    cuda::Stream stream;
    cuda_ok(cudaStreamCreateWithFlags(stream.out(), cudaStreamNonBlocking), "cudaStreamCreate");
    cuda::Graph graph;
    cuda_ok(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    attention.launch(stream.get());
    attention.launch(stream.get());
    cuda_ok(cudaStreamEndCapture(stream.get(), graph.out()), "cudaStreamEndCapture");
    cuda::GraphExec replay;
    cuda_ok(cudaGraphInstantiate(replay.out(), graph.get(), 0), "cudaGraphInstantiate");
    EXPECT_TRUE(attention.untouched()) << "a captured launch is none";
    for (int i = 0; i < 3; ++i) cuda_ok(cudaGraphLaunch(replay.get(), stream.get()), "cudaGraphLaunch");
    const Answer replayed = attention.look();
    EXPECT_TRUE(replayed.right()) << replayed.text();
    EXPECT_EQ(replayed.o, alone.o);
    attention.load(normal(p, 4));  // other numbers in the same memory
    cuda_ok(cudaGraphLaunch(replay.get(), stream.get()), "cudaGraphLaunch");
    const Answer other = attention.look();
    EXPECT_TRUE(other.right()) << other.text();
    EXPECT_NE(other.o, alone.o);
  }
}

// Other launches and other memory traffic in between, another content of the workspace at every run: the same
// bits.
TEST_P(Launches, AThousandTimesGiveTheSameBits) {
  for (const AttentionProblem& p : repeated()) {
    SCOPED_TRACE(core::problem_label(p));
    const AttentionProblem between = problem(1, 5, 5, 100, 300, 64, true);
    DeviceAttention attention(with_lse(p), normal(p, 5)), other(with_lse(between), normal(between, 6));
    if (!planned(attention) || !planned(other)) return;
    attention.poison();
    other.poison();
    const AttentionPointers at = attention.pointers();
    const auto o_words = static_cast<std::int64_t>(p.q_elements());
    const std::int64_t lse_words = at.lse == nullptr ? 0 : 2 * p.q_elements() / p.head_dim;
    cuda::DeviceMemory first, count, traffic;
    cuda_ok(first.allocate(static_cast<std::size_t>(2 * (o_words + lse_words))), "cudaMalloc");
    cuda_ok(count.allocate(sizeof(unsigned long long)), "cudaMalloc");
    cuda_ok(traffic.allocate(std::size_t{64} << 20), "cudaMalloc");
    cuda_ok(cudaMemset(count.data(), 0, count.bytes()), "cudaMemset");
    auto* kept = static_cast<std::uint16_t*>(first.data());
    auto* differing = static_cast<unsigned long long*>(count.data());
    for (int i = 0; i < 1000; ++i) {
      cuda_ok(cudaMemsetAsync(at.o, 0xff, static_cast<std::size_t>(2 * o_words)), "cudaMemset");
      if (at.workspace != nullptr) {
        cuda_ok(cudaMemsetAsync(at.workspace, i, attention.planned().workspace_bytes()), "cudaMemset");
      }
      if (i % 3 == 1) other.launch();
      if (i % 50 == 7) cuda_ok(cudaMemsetAsync(traffic.data(), i, traffic.bytes()), "cudaMemset");
      attention.launch();
      if (i % 5 == 2) other.launch();
      if (i == 0) {
        cuda_ok(cudaMemcpy(kept, at.o, static_cast<std::size_t>(2 * o_words), cudaMemcpyDeviceToDevice),
                "cudaMemcpy");
        cuda_ok(cudaMemcpy(kept + o_words, at.lse, static_cast<std::size_t>(2 * lse_words),
                           cudaMemcpyDeviceToDevice),
                "cudaMemcpy");
      }
      cuda_ok(count_differing_words(at.o, kept, o_words, differing), "count_differing_words");
      if (lse_words > 0) {
        cuda_ok(count_differing_words(at.lse, kept + o_words, lse_words, differing), "count_differing_words");
      }
      if (HasFailure()) return;
    }
    unsigned long long different = 0;
    cuda_ok(cudaMemcpy(&different, differing, sizeof different, cudaMemcpyDeviceToHost), "cudaMemcpy");
    // A library promises no such thing (cuDNN's split keys are added in the order in which they arrive).
    if (is_library()) {
      std::printf("[ note     ] %llu words were not those of the first run\n", different);
    } else {
      EXPECT_EQ(different, 0u) << "words that were not those of the first run";
    }
    const Answer last = attention.look();
    EXPECT_TRUE(last.right()) << last.text();
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
