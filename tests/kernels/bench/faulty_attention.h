// A kernel's arithmetic on the host, right or with one planted fault: tiles of 64 keys, scores and running
// maximum in FP32, weights rounded to the element type for the product, FP32 sums, one division and rounding
// at the end, and LSE from the running maximum and the sum (Dao 2023, "FlashAttention-2", algorithm 1).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "core/names.h"
#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {

enum class Fault {
  kNone,
  kDroppedKey,   // one key in the middle
  kDroppedTile,  // the 64 keys from the middle
  kStaleValues,  // the middle tile, or the second, is multiplied by the values of the one before
  kScale,        // 1% too large, 8% in bf16, whose rounding is eight times as coarse
  kSum,          // the softmax's sum is 0.3% too small (2.4%): every element is a little off
  kMaskWide,     // the causal mask lets one key more through
  kMaskNarrow,   // and one less
  kRow,          // one row is its neighbour's
  kZeros,
  kLsePowers,    // LSE as a power of two
  kLseFirstMax,  // LSE from the maximum of the first tile
  kLseNoMax,     // LSE without the maximum
};

// What a fault shows in: in O, in LSE, or in both.
inline bool shows_in_lse(Fault fault) {
  return fault != Fault::kNone && fault != Fault::kStaleValues && fault != Fault::kZeros;
}
inline bool shows_in_o(Fault fault) {
  return fault != Fault::kNone && fault != Fault::kLsePowers && fault != Fault::kLseFirstMax &&
         fault != Fault::kLseNoMax;
}

inline constexpr std::int64_t kTileKeys = 64;

class FaultyAttention {
 public:
  FaultyAttention(const core::AttentionProblem& p, const Inputs& in)
      : p_(p), element_(element_of(p)), coarser_(element_ == Element::kF16 ? 1 : 8) {
    const auto widen_all = [this](const std::vector<std::uint16_t>& bits, std::vector<float>& out) {
      out.resize(bits.size());
      std::transform(bits.begin(), bits.end(), out.begin(), [this](auto x) { return widen(element_, x); });
    };
    widen_all(in.q, q_);
    widen_all(in.k, k_);
    widen_all(in.v, v_);
  }

  struct Answer {
    std::vector<std::uint16_t> o;
    std::vector<float> lse;
  };

  // The answers of `rows`, row after row.
  Answer rows(const std::vector<std::int64_t>& rows, Fault fault) {
    Answer out;
    out.o.reserve(rows.size() * static_cast<std::size_t>(p_.head_dim));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      // The neighbour: every fourth row that is looked at stands on the one before it in O.
      const bool copied = fault == Fault::kRow && i % 4 == 1 && rows[i] > 0;
      const std::vector<float>& o = row(copied ? rows[i] - 1 : rows[i], fault);
      std::transform(o.begin(), o.end(), std::back_inserter(out.o),
                     [this](float x) { return narrow(element_, x); });
      out.lse.push_back(lse_);
    }
    return out;
  }

 private:
  const std::vector<float>& row(std::int64_t row, Fault fault) {
    const std::int64_t d = p_.head_dim;
    const std::int64_t head = row / p_.seq_q % p_.heads;
    const std::int64_t kv = row / p_.seq_q / p_.heads * p_.kv_heads + head / (p_.heads / p_.kv_heads);
    std::int64_t visible = visible_keys(p_, row % p_.seq_q);
    if (fault == Fault::kMaskWide) visible = std::min(p_.seq_k, visible + 1);
    if (fault == Fault::kMaskNarrow) visible = std::max<std::int64_t>(0, visible - 1);
    float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(d)));
    if (fault == Fault::kScale) scale *= 1 + 0.01F * coarser_;
    output_.assign(static_cast<std::size_t>(d), 0.0F);
    lse_ = -std::numeric_limits<float>::infinity();
    if (fault == Fault::kZeros) return output_;
    const float* q = q_.data() + row * d;
    const float* k = k_.data() + kv * p_.seq_k * d;
    const float* v = v_.data() + kv * p_.seq_k * d;
    // Where this row has a middle: by what it sees, so that a causal mask hides no fault.
    const std::int64_t middle = visible / 2;
    const std::int64_t middle_tile = middle / kTileKeys * kTileKeys;
    float running_max = -std::numeric_limits<float>::infinity();
    float sum = 0, first_max = 0;
    for (std::int64_t first = 0; first < visible; first += kTileKeys) {
      const std::int64_t last = std::min(visible, first + kTileKeys);
      if (fault == Fault::kDroppedTile && first == middle_tile) continue;
      float scores[kTileKeys];
      float tile_max = running_max;
      for (std::int64_t j = first; j < last; ++j) {
        float& score = scores[j - first];
        score = scale * dot(q, k + j * d, d);
        if (fault == Fault::kDroppedKey && j == middle) score = -std::numeric_limits<float>::infinity();
        tile_max = std::max(tile_max, score);
      }
      if (tile_max == -std::numeric_limits<float>::infinity()) continue;
      const float factor = std::exp(running_max - tile_max);
      if (std::isinf(running_max)) first_max = tile_max;
      running_max = tile_max;
      sum *= factor;
      for (float& o : output_) o *= factor;
      const bool stale = fault == Fault::kStaleValues && first == std::max(middle_tile, kTileKeys);
      for (std::int64_t j = first; j < last; ++j) {
        const float weight = std::exp(scores[j - first] - tile_max);
        sum += weight;
        const float rounded = widen(element_, narrow(element_, weight));
        const float* value = v + (stale ? j - kTileKeys : j) * d;
        for (std::int64_t i = 0; i < d; ++i) output_[static_cast<std::size_t>(i)] += rounded * value[i];
      }
    }
    if (fault == Fault::kSum) sum /= 1 + 0.003F * coarser_;
    const float inverse = sum > 0 ? 1 / sum : 0;
    for (float& o : output_) o *= inverse;
    if (sum > 0) lse_ = (fault == Fault::kLseFirstMax ? first_max : running_max) + std::log(sum);
    if (fault == Fault::kLsePowers) lse_ *= std::numbers::log2e_v<float>;
    if (fault == Fault::kLseNoMax) lse_ -= running_max;
    return output_;
  }

  static float dot(const float* a, const float* b, std::int64_t n) {
    float part[8] = {};
    for (std::int64_t i = 0; i < n; i += 8) {
      for (int j = 0; j < 8; ++j) part[j] += a[i + j] * b[i + j];
    }
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  }

  core::AttentionProblem p_;
  Element element_;
  float coarser_;  // than f16
  std::vector<float> q_, k_, v_, output_;
  float lse_ = 0;
};

}  // namespace flashcore::kernels::bench

namespace flashcore::core {

template <>
inline constexpr auto kNames<kernels::bench::Fault> =
    names<kernels::bench::Fault>({{kernels::bench::Fault::kNone, "none"},
                                  {kernels::bench::Fault::kDroppedKey, "a dropped key"},
                                  {kernels::bench::Fault::kDroppedTile, "a dropped tile"},
                                  {kernels::bench::Fault::kStaleValues, "a stale V tile"},
                                  {kernels::bench::Fault::kScale, "a scale 1% off"},
                                  {kernels::bench::Fault::kSum, "a sum 0.3% off"},
                                  {kernels::bench::Fault::kMaskWide, "a mask one key too wide"},
                                  {kernels::bench::Fault::kMaskNarrow, "a mask one key too narrow"},
                                  {kernels::bench::Fault::kRow, "a row of its neighbour"},
                                  {kernels::bench::Fault::kZeros, "zeros"},
                                  {kernels::bench::Fault::kLsePowers, "an LSE in powers of two"},
                                  {kernels::bench::Fault::kLseFirstMax, "an LSE of the first maximum"},
                                  {kernels::bench::Fault::kLseNoMax, "an LSE without the maximum"}});

}  // namespace flashcore::core
