#include "kernels/bench/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace flashcore::kernels::bench {

double check_limit(double plain_max_error) noexcept {
  return 2 * plain_max_error + 1e-5;
}

double mean_limit(double plain_mean_error) noexcept {
  return 2 * plain_mean_error + 1e-6;
}

double mean_error(const Comparison& comparison) noexcept {
  return comparison.compared > 0 ? comparison.error_sum / static_cast<double>(comparison.compared) : 0;
}

void take(Comparison& comparison, double error, std::int64_t element) noexcept {
  merge(comparison, Comparison{error, error, element, 0, 0, 1});
}

void merge(Comparison& into, const Comparison& from) noexcept {
  const bool worse = from.max_error > into.max_error ||
                     (from.max_error == into.max_error && from.worst_element < into.worst_element);
  if (from.worst_element >= 0 && (worse || into.worst_element < 0)) {
    into.max_error = from.max_error;
    into.worst_element = from.worst_element;
  }
  into.error_sum += from.error_sum;
  into.nan_count += from.nan_count;
  into.inf_count += from.inf_count;
  into.compared += from.compared;
}

void take_draws(Comparison& plain, const Comparison& drawn) noexcept {
  plain.max_error = std::max(plain.max_error, drawn.max_error);
  if (mean_error(drawn) <= mean_error(plain)) return;
  plain.error_sum = drawn.error_sum;
  plain.compared = drawn.compared;
}

std::int64_t visible_keys(const core::AttentionProblem& p, std::int64_t query) noexcept {
  if (!p.causal) return p.seq_k;
  return std::clamp<std::int64_t>(query + p.seq_k - p.seq_q + 1, 0, p.seq_k);
}

int band_of(std::int64_t visible_keys) noexcept {
  return visible_keys <= 1 ? 0 : std::bit_width(static_cast<std::uint64_t>(visible_keys - 1));
}

std::vector<BandRows> band_rows(const core::AttentionProblem& p) {
  if (!p.causal) return {{band_of(p.seq_k), 0, p.seq_q}};
  std::vector<BandRows> bands;
  for (std::int64_t first = 0; first < p.seq_q;) {
    const int band = band_of(visible_keys(p, first));
    // The first query that sees more than 2^band keys.
    const std::int64_t next = (std::int64_t{1} << band) + p.seq_q - p.seq_k;
    const std::int64_t last = std::clamp(next, first + 1, p.seq_q);
    bands.push_back({band, first, last});
    first = last;
  }
  return bands;
}

std::int64_t band_elements(const core::AttentionProblem& p, const BandRows& rows) noexcept {
  return p.batch * p.heads * (rows.last - rows.first) * p.head_dim;
}

core::AttentionProblem draw_problem(const core::AttentionProblem& problem, int band, std::int64_t elements) {
  core::AttentionProblem p = problem;
  const std::int64_t rows = (elements + p.head_dim - 1) / p.head_dim;
  // Queries of a head share its values; no more of them than keys, so that few keys do not decide it all.
  if (p.causal) {
    const std::int64_t fewer =
        band == 0 ? 0 : std::int64_t{1} << (band - 1);  // keys of the rows before the band
    p.seq_q = std::min(rows, std::max<std::int64_t>(1, fewer));
    p.seq_k = fewer + p.seq_q;
  } else {
    p.seq_q = std::min(rows, p.seq_k);
  }
  p.batch = 1;
  p.heads = p.kv_heads = (rows + p.seq_q - 1) / p.seq_q;
  return p;
}

std::uint64_t draw_seed(int band) noexcept {
  return 0x706c61696eu + static_cast<std::uint64_t>(band);  // "plain"
}

double scale_of(const core::AttentionProblem& p, double given) noexcept {
  return given != 0 ? given : 1.0 / std::sqrt(static_cast<double>(p.head_dim));
}

std::vector<double> lse_limits(const core::AttentionProblem& p, double scale,
                               std::span<const std::int64_t> rows, std::span<const double> q_norms,
                               std::span<const double> k_norms) {
  constexpr double kUnit = 0x1p-24;
  const std::int64_t kv_heads = p.batch * p.kv_heads;
  std::vector<double> longest(static_cast<std::size_t>(kv_heads));
  for (std::int64_t head = 0; head < kv_heads; ++head) {
    const auto keys =
        k_norms.subspan(static_cast<std::size_t>(head * p.seq_k), static_cast<std::size_t>(p.seq_k));
    longest[static_cast<std::size_t>(head)] = *std::max_element(keys.begin(), keys.end());
  }
  std::vector<double> limits;
  limits.reserve(rows.size());
  for (const std::int64_t row : rows) {
    const std::int64_t head = row / p.seq_q;
    const std::int64_t kv_head = head / p.heads * p.kv_heads + head % p.heads / (p.heads / p.kv_heads);
    const double score =
        scale * q_norms[static_cast<std::size_t>(row)] * longest[static_cast<std::size_t>(kv_head)];
    const auto keys = static_cast<double>(visible_keys(p, row % p.seq_q));
    limits.push_back(kUnit * (static_cast<double>(p.head_dim + 4) * score + 8 * std::sqrt(keys) + 64));
  }
  return limits;
}

LseComparison compare_lse(std::span<const float> lse, std::span<const std::int64_t> rows,
                          const LseReference& reference) {
  LseComparison found;
  double nearest = -1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ++found.compared;
    const double expected = reference.lse[i];
    if (!std::isfinite(lse[i]) || !std::isfinite(expected)) {
      found.wrong_infinities += static_cast<double>(lse[i]) == expected ? 0 : 1;
      continue;
    }
    const double error = std::abs(lse[i] - expected);
    if (error / reference.limits[i] <= nearest) continue;
    nearest = error / reference.limits[i];
    found.max_error = error;
    found.limit = reference.limits[i];
    found.worst_row = rows[i];
  }
  found.passed = found.compared > 0 && found.wrong_infinities == 0 && nearest <= 1;
  return found;
}

std::string element_name(const core::AttentionProblem& p, std::int64_t element) {
  const std::int64_t row = element / p.head_dim;
  const std::int64_t head = row / p.seq_q;
  return fmt::format("b {}, h {}, row {}, d {}", head / p.heads, head % p.heads, row % p.seq_q,
                     element % p.head_dim);
}

core::CheckRecord judge(const core::AttentionProblem& p, core::InputKind input, std::uint64_t seed,
                        const Bands& answer, const Bands& plain, std::string_view where) {
  core::CheckRecord record;
  record.seed = seed;
  record.input = core::name_of(input);
  record.method = fmt::format("fp64 on {}, every element", where);
  double nearest = -1;
  for (const BandRows& rows : band_rows(p)) {
    const Comparison& found = answer[static_cast<std::size_t>(rows.band)];
    const Comparison& plain_found = plain[static_cast<std::size_t>(rows.band)];
    const double limit = check_limit(plain_found.max_error);
    const double limit_of_mean =
        band_elements(p, rows) >= kMeanElements ? mean_limit(mean_error(plain_found)) : limit;
    record.nan_count += found.nan_count;
    record.inf_count += found.inf_count;
    record.compared += found.compared;
    const double share = std::max(found.max_error / limit, mean_error(found) / limit_of_mean);
    if (share <= nearest) continue;
    nearest = share;
    record.max_error = found.max_error;
    record.mean_error = mean_error(found);
    record.plain_max_error = plain_found.max_error;
    record.max_tolerance = limit;
    record.mean_tolerance = limit_of_mean;
    record.worst = found.worst_element >= 0 ? element_name(p, found.worst_element) : "";
    if (p.causal) {
      record.method = fmt::format("fp64 on {}, every element; shown: rows that see {} to {} keys", where,
                                  visible_keys(p, rows.first), visible_keys(p, rows.last - 1));
    }
  }
  const bool within = record.max_error <= record.max_tolerance && record.mean_error <= *record.mean_tolerance;
  record.passed = within && record.compared > 0 && record.nan_count == 0 && record.inf_count == 0;
  return record;
}

}  // namespace flashcore::kernels::bench
