#include "kernels/bench/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <thread>

namespace flashcore::kernels::bench {
namespace {

// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 16. The n-th
// number depends on n alone, so threads share the work and the answer stays the same.
std::uint64_t split_mix(std::uint64_t seed, std::uint64_t n) noexcept {
  std::uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// In (0, 1]: 53 bits, never zero, so that the logarithm is finite.
double unit_interval(std::uint64_t bits) noexcept {
  return static_cast<double>((bits >> 11) + 1) * 0x1p-53;
}

// Calls work(first, last) for the parts of [0, count) on as many threads as help.
void in_parallel(std::int64_t count, std::int64_t grain,
                 const std::function<void(std::int64_t, std::int64_t)>& work) {
  const std::int64_t chunks = (count + grain - 1) / grain;
  const std::int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<std::int64_t> next{0};
  const auto worker = [&] {
    for (std::int64_t i = next++; i < chunks; i = next++) {
      work(i * grain, std::min(count, (i + 1) * grain));
    }
  };
  std::vector<std::jthread> threads;
  for (std::int64_t i = 1; i < std::min(cores, chunks); ++i) threads.emplace_back(worker);
  worker();
}

// Eight partial sums, so that the compiler may keep them in vector registers without being allowed
// to reorder a sum that we wrote in an order.
double dot(const double* a, const double* b, std::int64_t n) noexcept {
  double part[8] = {};
  for (std::int64_t i = 0; i < n; i += 8) {
    for (int j = 0; j < 8; ++j) part[j] += a[i + j] * b[i + j];
  }
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

void widen(std::span<const std::uint16_t> halves, std::vector<double>& out) {
  out.resize(halves.size());
  for (std::size_t i = 0; i < halves.size(); ++i) out[i] = half_to_float(halves[i]);
}

// One head's keys and values as doubles, kept while a worker stays on that head.
struct HeadCache {
  std::int64_t batch_kv_head = -1;
  std::vector<double> keys, values, query, weights;

  void load(std::int64_t wanted, std::int64_t elements, std::span<const std::uint16_t> k,
            std::span<const std::uint16_t> v) {
    if (batch_kv_head == wanted) return;
    const auto first = static_cast<std::size_t>(wanted * elements);
    widen(k.subspan(first, static_cast<std::size_t>(elements)), keys);
    widen(v.subspan(first, static_cast<std::size_t>(elements)), values);
    batch_kv_head = wanted;
  }
};

void reference_row(const core::AttentionProblem& p, HeadCache& cache, std::int64_t visible, double* out) {
  const std::int64_t d = p.head_dim;
  std::fill(out, out + d, 0.0);
  if (visible <= 0) return;
  const double scale = 1.0 / std::sqrt(static_cast<double>(d));
  cache.weights.resize(static_cast<std::size_t>(visible));
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < visible; ++j) {
    const double score = scale * dot(cache.query.data(), cache.keys.data() + j * d, d);
    cache.weights[static_cast<std::size_t>(j)] = score;
    largest = std::max(largest, score);
  }
  double sum = 0;
  for (double& weight : cache.weights) {
    weight = std::exp(weight - largest);
    sum += weight;
  }
  for (std::int64_t j = 0; j < visible; ++j) {
    const double weight = cache.weights[static_cast<std::size_t>(j)] / sum;
    const double* value = cache.values.data() + j * d;
    for (std::int64_t i = 0; i < d; ++i) out[i] += weight * value[i];
  }
}

}  // namespace

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

std::vector<std::uint16_t> random_halves(std::int64_t count, std::uint64_t seed) {
  std::vector<std::uint16_t> values(static_cast<std::size_t>(count));
  const std::int64_t pairs = (count + 1) / 2;
  // Box and Muller 1958, "A note on the generation of random normal deviates".
  in_parallel(pairs, 1 << 16, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const auto n = static_cast<std::uint64_t>(i);
      const double radius = std::sqrt(-2.0 * std::log(unit_interval(split_mix(seed, 2 * n))));
      const double angle = 2.0 * std::numbers::pi * unit_interval(split_mix(seed, 2 * n + 1));
      values[2 * n] = float_to_half(static_cast<float>(radius * std::cos(angle)));
      if (2 * i + 1 < count) {
        values[2 * n + 1] = float_to_half(static_cast<float>(radius * std::sin(angle)));
      }
    }
  });
  return values;
}

Inputs random_inputs(const core::AttentionProblem& problem, std::uint64_t seed) {
  // Tensors of one seed, and of neighbouring seeds, must not share a stream.
  return Inputs{random_halves(problem.q_elements(), split_mix(seed, 0)),
                random_halves(problem.kv_elements(), split_mix(seed, 1)),
                random_halves(problem.kv_elements(), split_mix(seed, 2))};
}

std::vector<std::int64_t> rows_to_check(const core::AttentionProblem& problem, std::int64_t limit) {
  const std::int64_t rows = problem.batch * problem.heads * problem.seq_q;
  const std::int64_t count = std::clamp<std::int64_t>(limit, 1, rows);
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    // rows <= 2^34 by kMaxTensorElements and count <= rows, but their product may pass 2^63.
    const double share = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.0;
    chosen[static_cast<std::size_t>(i)] =
        count == rows ? i : static_cast<std::int64_t>(std::llround(share * static_cast<double>(rows - 1)));
  }
  return chosen;
}

std::vector<double> reference_rows(const core::AttentionProblem& p, std::span<const std::uint16_t> q,
                                   std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                   std::span<const std::int64_t> rows) {
  const std::int64_t d = p.head_dim;
  std::vector<double> out(rows.size() * static_cast<std::size_t>(d));
  // Enough rows a chunk to pay for widening the head's K and V.
  const auto count = static_cast<std::int64_t>(rows.size());
  in_parallel(count, 32, [&](std::int64_t first, std::int64_t last) {
    thread_local HeadCache cache;
    cache.batch_kv_head = -1;
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = rows[static_cast<std::size_t>(i)];
      const std::int64_t query = row % p.seq_q;
      const std::int64_t head = row / p.seq_q % p.heads;
      const std::int64_t batch = row / p.seq_q / p.heads;
      cache.load(batch * p.kv_heads + head / (p.heads / p.kv_heads), p.seq_k * d, k, v);
      widen(q.subspan(static_cast<std::size_t>(row * d), static_cast<std::size_t>(d)), cache.query);
      const std::int64_t visible = p.causal ? std::min(p.seq_k, query + p.seq_k - p.seq_q + 1) : p.seq_k;
      reference_row(p, cache, visible, out.data() + i * d);
    }
  });
  return out;
}

core::CheckRecord compare_rows(const core::AttentionProblem& p, std::span<const std::uint16_t> o,
                               std::span<const std::int64_t> rows, std::span<const double> reference,
                               core::Tolerance tolerance, std::uint64_t seed) {
  core::CheckRecord record;
  record.seed = seed;
  record.max_tolerance = tolerance.max_error;
  record.mean_tolerance = tolerance.mean_error;
  for (const std::uint16_t bits : o) {  // everywhere, also in the rows that are not compared
    if ((bits & 0x7c00u) != 0x7c00u) continue;
    ((bits & 0x3ffu) != 0 ? record.nan_count : record.inf_count) += 1;
  }
  double total = 0;
  std::size_t at = 0;
  for (const std::int64_t row : rows) {
    for (std::int64_t i = 0; i < p.head_dim; ++i, ++at) {
      const double value = half_to_float(o[static_cast<std::size_t>(row * p.head_dim + i)]);
      if (!std::isfinite(value)) continue;  // counted above
      const double error = std::abs(value - reference[at]);
      record.max_error = std::max(record.max_error, error);
      total += error;
      record.compared += 1;
    }
  }
  if (record.compared > 0) record.mean_error = total / static_cast<double>(record.compared);
  record.passed = record.compared > 0 && record.nan_count == 0 && record.inf_count == 0 &&
                  record.max_error <= tolerance.max_error && record.mean_error <= tolerance.mean_error;
  const std::int64_t all = p.batch * p.heads * p.seq_q;
  const auto checked = static_cast<std::int64_t>(rows.size());
  record.method = checked == all ? "fp64 host reference, every row"
                                 : fmt::format("fp64 host reference, {} of {} rows", checked, all);
  return record;
}

}  // namespace flashcore::kernels::bench
