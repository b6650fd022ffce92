// FastDivisor: division by a number that is fixed when a launch is planned, as a multiplication and a shift.
// A kernel that finds its place by dividing a block's index would otherwise begin with some hundred cycles of
// divisions.
//
// q = floor(n / d) = (floor(n * m / 2^32) + n) >> s with s = ceil(log2 d) and m = floor(2^32 (2^s - d) / d) +
// 1 (Granlund and Montgomery 1994, "Division by invariant integers using multiplication", figure 4.1). Exact
// for every n below 2^31, where the sum fits 32 bits.
//
// Owns: nothing. Threads: a plain value. Errors: d is at least 1 and below 2^31, else d = 1 is taken.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define FLASHCORE_DEVICE_TOO __host__ __device__
#else
#define FLASHCORE_DEVICE_TOO
#endif

namespace flashcore::kernels {

class FastDivisor {
 public:
  FastDivisor() = default;
  explicit constexpr FastDivisor(std::int64_t divisor) {
    if (divisor < 1 || divisor >= std::int64_t{1} << 31) return;
    divisor_ = static_cast<std::uint32_t>(divisor);
    while ((std::uint64_t{1} << shift_) < divisor_) ++shift_;
    multiplier_ =
        static_cast<std::uint32_t>((((std::uint64_t{1} << shift_) - divisor_) << 32) / divisor_ + 1);
  }

  FLASHCORE_DEVICE_TOO constexpr std::uint32_t divisor() const { return divisor_; }
  FLASHCORE_DEVICE_TOO constexpr std::uint32_t quotient(std::uint32_t n) const {
    return (static_cast<std::uint32_t>(static_cast<std::uint64_t>(n) * multiplier_ >> 32) + n) >> shift_;
  }
  FLASHCORE_DEVICE_TOO constexpr std::uint32_t remainder(std::uint32_t n) const {
    return n - quotient(n) * divisor_;
  }

 private:
  std::uint32_t divisor_ = 1, multiplier_ = 1, shift_ = 0;
};

}  // namespace flashcore::kernels
