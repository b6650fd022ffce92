// The element types whose answers are checked, by their bits: binary16 (IEEE 754-2008) and bfloat16 (the
// upper half of a binary32). What host and device agree on to the last bit.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "core/attention.h"

namespace flashcore::kernels::bench {

enum class Element { kF16, kBf16 };

// Whether answers of the problem's element type can be checked: f16 and bf16.
bool has_element(const core::AttentionProblem& problem) noexcept;

// Of a problem that has one.
Element element_of(const core::AttentionProblem& problem) noexcept;

float half_to_float(std::uint16_t bits) noexcept;
std::uint16_t float_to_half(float value) noexcept;  // round to nearest even
float bfloat16_to_float(std::uint16_t bits) noexcept;
std::uint16_t float_to_bfloat16(float value) noexcept;  // round to nearest even

// The same, of an element.
float widen(Element element, std::uint16_t bits) noexcept;
std::uint16_t narrow(Element element, float value) noexcept;

// The exponent's bits, which are all set in an infinity and a NaN; the mantissa's are not all 0 in a NaN.
constexpr std::uint16_t exponent_mask(Element element) noexcept {
  return element == Element::kF16 ? 0x7c00 : 0x7f80;
}

// Near-normal numbers of mean 0 and variance 1, rounded to the element: sums of eight uniform 16-bit numbers
// (Irwin and Hall), scaled. All of it is exact until the one rounding, so host and device make the same bits
// for a seed.
std::vector<std::uint16_t> random_elements(Element element, std::int64_t count, std::uint64_t seed,
                                           float gain = 1.0F);

}  // namespace flashcore::kernels::bench
