#include "kernels/bench/elements.h"

#include <bit>

#include "kernels/bench/parallel.h"
#include "kernels/bench/random.h"

namespace flashcore::kernels::bench {

bool has_element(const core::AttentionProblem& problem) noexcept {
  return problem.dtype == "f16" || problem.dtype == "bf16";
}

Element element_of(const core::AttentionProblem& problem) noexcept {
  return problem.dtype == "bf16" ? Element::kBf16 : Element::kF16;
}

float half_to_float(std::uint16_t bits) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24, exact in a float
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

std::uint16_t float_to_half(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint32_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {  // NaN stays NaN, quiet, with what fits of its payload
    return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  }
  if (magnitude >= 0x47800000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // 65536 and more
  const auto nearest_even = [](std::uint32_t number, int drop) {
    const std::uint32_t half = 1u << (drop - 1);
    const std::uint32_t rest = number & ((1u << drop) - 1);
    const std::uint32_t kept = number >> drop;
    return kept + ((rest > half || (rest == half && (kept & 1u) != 0)) ? 1u : 0u);
  };
  const int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent >= -14) {  // a carry out of the mantissa rightly raises the exponent
    return static_cast<std::uint16_t>(sign | nearest_even(magnitude - ((127u - 15u) << 23), 13));
  }
  if (exponent < -25) return static_cast<std::uint16_t>(sign);
  const std::uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  return static_cast<std::uint16_t>(sign | nearest_even(mantissa, 13 + (-14 - exponent)));
}

float bfloat16_to_float(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t float_to_bfloat16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {  // NaN stays NaN, quiet, with what fits of its payload
    return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  }
  // Half an ulp more, or just below where the kept part is even; a carry rightly raises the exponent.
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float widen(Element element, std::uint16_t bits) noexcept {
  return element == Element::kF16 ? half_to_float(bits) : bfloat16_to_float(bits);
}

std::uint16_t narrow(Element element, float value) noexcept {
  return element == Element::kF16 ? float_to_half(value) : float_to_bfloat16(value);
}

std::vector<std::uint16_t> random_elements(Element element, std::int64_t count, std::uint64_t seed,
                                           float gain) {
  std::vector<std::uint16_t> values(static_cast<std::size_t>(count));
  in_parallel(count, 1 << 16, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const auto n = static_cast<std::uint64_t>(i);
      values[n] = narrow(element, near_normal(seed, n, gain));
    }
  });
  return values;
}

}  // namespace flashcore::kernels::bench
