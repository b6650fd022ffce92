// The numbers that subjects compute on, made the same on the host and on the GPU: every step is exact or one
// IEEE rounding, and the n-th number of a stream depends on n alone.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <cstdint>

#include "core/input_kind.h"

#if defined(__CUDACC__)
#define FLASHCORE_HOST_DEVICE __host__ __device__
#else
#define FLASHCORE_HOST_DEVICE
#endif

namespace flashcore::kernels::bench {

// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 16.
FLASHCORE_HOST_DEVICE inline std::uint64_t split_mix(std::uint64_t seed, std::uint64_t n) noexcept {
  std::uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// The n-th near-normal number of a stream, times `gain` (a power of two, so exact): eight uniform 16-bit
// numbers are summed, their mean is taken off and the variance made 1. The sum is a whole number below 2^24,
// so the multiplication is the one rounding.
FLASHCORE_HOST_DEVICE inline float near_normal(std::uint64_t seed, std::uint64_t n, float gain) noexcept {
  constexpr int kMean = 8 * 65535 / 2;
  constexpr float kUnit = 0x1.3988e2p-16F;  // 1 / sqrt(8 * (65536^2 - 1) / 12)
  constexpr std::uint64_t kLanes = 0x0000ffff0000ffffu;
  const std::uint64_t a = split_mix(seed, 2 * n);
  const std::uint64_t b = split_mix(seed, 2 * n + 1);
  // Two sums of four in one word; each stays below 2^18.
  const std::uint64_t sums = (a & kLanes) + ((a >> 16) & kLanes) + (b & kLanes) + ((b >> 16) & kLanes);
  const int sum = static_cast<int>(sums & 0xffffffffu) + static_cast<int>(sums >> 32);
  return static_cast<float>(sum - kMean) * kUnit * gain;
}

// Of the peaked input, Q is 8 times as wide: logits have a deviation of 8, reach +-40 to 50, and a row's
// weight rests on few keys. The keys are not ordered, so a row's maximum rises in any of its tiles.
inline constexpr float kPeakedGain = 8.0F;

// The streams of Q, K and V: of one seed and of neighbouring seeds they must not be the same.
struct InputStreams {
  std::uint64_t q = 0, k = 0, v = 0;
  float q_gain = 1;
};

inline InputStreams input_streams(core::InputKind input, std::uint64_t seed) noexcept {
  return {split_mix(seed, 0), split_mix(seed, 1), split_mix(seed, 2),
          input == core::InputKind::kPeaked ? kPeakedGain : 1.0F};
}

}  // namespace flashcore::kernels::bench
