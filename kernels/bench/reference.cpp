#include "kernels/bench/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/bench/parallel.h"
#include "kernels/bench/random.h"

namespace flashcore::kernels::bench {
namespace {

// Eight partial sums, so that the compiler may keep them in vector registers without being allowed
// to reorder a sum that we wrote in an order.
template <typename T>
T dot(const T* a, const T* b, std::int64_t n) noexcept {
  T part[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; ++j) part[j] += a[i + j] * b[i + j];
  }
  for (; i < n; ++i) part[0] += a[i] * b[i];
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

template <typename T>
void widen_all(Element element, std::span<const std::uint16_t> bits, std::vector<T>& out) {
  out.resize(bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i) out[i] = widen(element, bits[i]);
}

// One head's keys and values in T, kept while a worker stays on that head.
template <typename T>
struct HeadCache {
  Element element{};
  T scale = 1;
  std::int64_t batch_kv_head = -1;
  std::vector<T> keys, values, query, weights, output;
  T largest = 0;  // score of the row
  T sum = 0;      // of the exponentials of the scores less the largest

  void load(std::int64_t wanted, std::int64_t elements, const Inputs& in) {
    if (batch_kv_head == wanted) return;
    const auto first = static_cast<std::size_t>(wanted * elements);
    const auto count = static_cast<std::size_t>(elements);
    widen_all(element, std::span(in.k).subspan(first, count), keys);
    widen_all(element, std::span(in.v).subspan(first, count), values);
    batch_kv_head = wanted;
  }
};

// The scores of the keys that are seen, each passed through `rounded`, in cache.weights; their maximum.
template <typename T, typename Rounded>
T scores_of(const core::AttentionProblem& p, HeadCache<T>& cache, std::int64_t visible, Rounded rounded) {
  cache.weights.resize(static_cast<std::size_t>(visible));
  T largest = -std::numeric_limits<T>::infinity();
  for (std::int64_t j = 0; j < visible; ++j) {
    const T* key = cache.keys.data() + j * p.head_dim;
    const T score = rounded(cache.scale * dot(cache.query.data(), key, p.head_dim));
    cache.weights[static_cast<std::size_t>(j)] = score;
    largest = std::max(largest, score);
  }
  return largest;
}

// A row of O in cache.output: two passes over the scores, then the sum of the values by their weights.
// `rounded` is what the arithmetic does to a score and to a weight.
template <typename T, typename Rounded>
void attention_row(const core::AttentionProblem& p, HeadCache<T>& cache, std::int64_t visible,
                   Rounded rounded) {
  const std::int64_t d = p.head_dim;
  cache.output.assign(static_cast<std::size_t>(d), T{0});
  cache.sum = 0;
  if (visible <= 0) return;
  cache.largest = scores_of(p, cache, visible, rounded);
  for (T& weight : cache.weights) {
    weight = std::exp(weight - cache.largest);
    cache.sum += weight;
  }
  for (std::int64_t j = 0; j < visible; ++j) {
    const T weight = rounded(cache.weights[static_cast<std::size_t>(j)] / cache.sum);
    const T* value = cache.values.data() + j * d;
    for (std::int64_t i = 0; i < d; ++i) cache.output[static_cast<std::size_t>(i)] += weight * value[i];
  }
}

// Calls take_row(index, cache) for each of `rows` with its answer in the cache.
template <typename T, typename Rounded, typename TakeRow>
void for_rows(const core::AttentionProblem& p, const Inputs& in, std::span<const std::int64_t> rows,
              Rounded rounded, TakeRow take_row) {
  const std::int64_t d = p.head_dim;
  // Enough rows a chunk to pay for widening the head's K and V.
  in_parallel(static_cast<std::int64_t>(rows.size()), 32, [&](std::int64_t first, std::int64_t last) {
    HeadCache<T> cache;
    cache.element = element_of(p);
    cache.scale = static_cast<T>(scale_of(p, in.scale));
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = rows[static_cast<std::size_t>(i)];
      const std::int64_t head = row / p.seq_q % p.heads;
      const std::int64_t batch = row / p.seq_q / p.heads;
      cache.load(batch * p.kv_heads + head / (p.heads / p.kv_heads), p.seq_k * d, in);
      widen_all(cache.element,
                std::span(in.q).subspan(static_cast<std::size_t>(row * d), static_cast<std::size_t>(d)),
                cache.query);
      attention_row(p, cache, visible_keys(p, row % p.seq_q), rounded);
      take_row(i, cache);
    }
  });
}

// The lengths of rows of D elements.
std::vector<double> norms(const core::AttentionProblem& p, std::span<const std::uint16_t> bits) {
  std::vector<double> row, out(bits.size() / static_cast<std::size_t>(p.head_dim));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto d = static_cast<std::size_t>(p.head_dim);
    widen_all(element_of(p), bits.subspan(i * d, d), row);
    out[i] = std::sqrt(dot(row.data(), row.data(), p.head_dim));
  }
  return out;
}

std::vector<std::int64_t> every_row(const core::AttentionProblem& p) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(p.batch * p.heads * p.seq_q));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

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

Inputs random_inputs(const core::AttentionProblem& problem, core::InputKind input, std::uint64_t seed) {
  const InputStreams streams = input_streams(input, seed);
  const Element element = element_of(problem);
  return Inputs{random_elements(element, problem.q_elements(), streams.q, streams.q_gain),
                random_elements(element, problem.kv_elements(), streams.k),
                random_elements(element, problem.kv_elements(), streams.v)};
}

std::vector<double> reference_rows(const core::AttentionProblem& p, const Inputs& in,
                                   std::span<const std::int64_t> rows) {
  std::vector<double> out(rows.size() * static_cast<std::size_t>(p.head_dim));
  for_rows<double>(
      p, in, rows, [](double x) { return x; },
      [&](std::int64_t i, const HeadCache<double>& cache) {
        std::copy(cache.output.begin(), cache.output.end(), out.begin() + i * p.head_dim);
      });
  return out;
}

LseReference reference_lse(const core::AttentionProblem& p, const Inputs& in,
                           std::span<const std::int64_t> rows) {
  LseReference out;
  out.lse.resize(rows.size());
  for_rows<double>(
      p, in, rows, [](double x) { return x; },
      [&](std::int64_t i, const HeadCache<double>& cache) {
        out.lse[static_cast<std::size_t>(i)] =
            cache.sum > 0 ? cache.largest + std::log(cache.sum) : -std::numeric_limits<double>::infinity();
      });
  out.limits = lse_limits(p, scale_of(p, in.scale), rows, norms(p, in.q), norms(p, in.k));
  return out;
}

std::vector<std::uint16_t> plain_rows(const core::AttentionProblem& p, const Inputs& in,
                                      std::span<const std::int64_t> rows) {
  std::vector<std::uint16_t> out(rows.size() * static_cast<std::size_t>(p.head_dim));
  const Element element = element_of(p);
  for_rows<float>(
      p, in, rows, [element](float x) { return widen(element, narrow(element, x)); },
      [&](std::int64_t i, const HeadCache<float>& cache) {
        std::transform(cache.output.begin(), cache.output.end(), out.begin() + i * p.head_dim,
                       [element](float x) { return narrow(element, x); });
      });
  return out;
}

Bands compare_bands(const core::AttentionProblem& p, std::span<const std::uint16_t> o_rows,
                    std::span<const std::int64_t> rows, std::span<const double> reference) {
  const Element element = element_of(p);
  const std::uint16_t exponent = exponent_mask(element);
  Bands bands{};
  std::size_t at = 0;
  for (const std::int64_t row : rows) {
    Comparison& found = bands[static_cast<std::size_t>(band_of(visible_keys(p, row % p.seq_q)))];
    for (std::int64_t i = 0; i < p.head_dim; ++i, ++at) {
      const std::uint16_t bits = o_rows[at];
      if ((bits & exponent) == exponent) {
        ((bits & 0x7fffu) != exponent ? found.nan_count : found.inf_count) += 1;
        continue;
      }
      take(found, std::abs(widen(element, bits) - reference[at]), row * p.head_dim + i);
    }
  }
  return bands;
}

Comparison compare_rows(const core::AttentionProblem& p, std::span<const std::uint16_t> o_rows,
                        std::span<const std::int64_t> rows, std::span<const double> reference) {
  Comparison all;
  for (const Comparison& band : compare_bands(p, o_rows, rows, reference)) merge(all, band);
  return all;
}

Comparison plain_draw(const core::AttentionProblem& problem, core::InputKind input, int band,
                      std::int64_t elements) {
  const core::AttentionProblem p = draw_problem(problem, band, elements);
  const Inputs in = random_inputs(p, input, draw_seed(band));
  const std::vector<std::int64_t> rows = every_row(p);
  return compare_rows(p, plain_rows(p, in, rows), rows, reference_rows(p, in, rows));
}

}  // namespace flashcore::kernels::bench
