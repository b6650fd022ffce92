#include "analysis/verdict/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/verdict/power.h"
#include "analysis/verdict/ranks.h"
#include "analysis/verdict/series.h"

namespace flashcore::analysis {
namespace {

// Values on the scale on which they are compared: logarithms, so that a difference is a ratio; where a value
// is zero or less, shares of the larger side.
struct Scaled {
  std::vector<std::vector<double>> base, now;  // run by run
  bool logarithms = true;
  double unit = 1;  // what 1 means without logarithms

  double original(double scaled) const { return logarithms ? std::exp(scaled) : scaled * unit; }
};

void drop_empty(ValueSet& set) {
  std::erase_if(set, [](const RunValues& run) { return run.values.empty(); });
}

double centre_of_set(const ValueSet& set) {
  std::vector<double> medians;
  for (const RunValues& run : set) medians.push_back(median_of_run(run.values).value);
  return centre_of(std::move(medians));
}

Scaled scale(const ValueSet& base, const ValueSet& now) {
  Scaled scaled;
  for (const ValueSet* set : {&base, &now}) {
    for (const RunValues& run : *set) {
      scaled.logarithms = scaled.logarithms && std::all_of(run.values.begin(), run.values.end(),
                                                           [](double value) { return value > 0; });
    }
  }
  if (!scaled.logarithms) {
    const double larger = std::max(std::fabs(centre_of_set(base)), std::fabs(centre_of_set(now)));
    scaled.unit = larger > 0 ? larger : 1;
  }
  const auto convert = [&](const ValueSet& from, std::vector<std::vector<double>>& to) {
    for (const RunValues& run : from) {
      std::vector<double>& values = to.emplace_back(run.values);
      for (double& value : values) value = scaled.logarithms ? std::log(value) : value / scaled.unit;
    }
  };
  convert(base, scaled.base);
  convert(now, scaled.now);
  return scaled;
}

std::string percent(double relative) {
  const double size = std::fabs(100 * relative);
  return fmt::format("{:+.{}f} %", 100 * relative, size >= 10 ? 1 : size >= 0.1 || size == 0 ? 2 : 3);
}

// Why nothing can be said; empty where it can.
std::string unusable(const ValueSet& set, const char* side) {
  if (set.empty()) return fmt::format("{} has no values", side);
  for (const RunValues& run : set) {
    for (std::size_t i = 0; i < run.values.size(); ++i) {
      if (std::isfinite(run.values[i])) continue;
      return fmt::format("value {} of run {} of {} is no finite number", i + 1, run.run, side);
    }
  }
  return {};
}

// Whether a side of exact values agrees with itself.
bool one_value(const ValueSet& set) {
  const double first = set.front().values.front();
  return std::all_of(set.begin(), set.end(), [&](const RunValues& run) {
    return std::all_of(run.values.begin(), run.values.end(), [&](double value) { return value == first; });
  });
}

Verdict called(double change, const JudgeOptions& options) {
  return (change < 0) == options.lower_is_better ? Verdict::kFaster : Verdict::kSlower;
}

void judge_exact(const ValueSet& base, const ValueSet& now, const JudgeOptions& options, Judgement& j) {
  const double from = base.front().values.front(), to = now.front().values.front();
  j.confidence = 1;
  j.base = from;
  j.now = to;
  if (!one_value(base) || !one_value(now)) {
    j.because = fmt::format("{} holds several values of what has no noise: its runs are not alike",
                            one_value(base) ? "now" : "base");
    return;
  }
  if (from == to || from != 0) j.change = j.low = j.high = from == to ? 0 : (to - from) / std::fabs(from);
  j.verdict = from == to ? Verdict::kSame : called(to - from, options);
  j.because = from == to ? "the values are exact and equal"
                         : (j.change ? fmt::format("the values are exact: {}", percent(*j.change))
                                     : std::string("the values are exact, and the base is zero"));
}

// Mann-Whitney over the runs' medians where their count can reach the level, else over samples that stand far
// enough apart to be independent. Says whether it stands against a call.
bool ranks_contradict(const std::vector<MedianOfRun>& base, const std::vector<MedianOfRun>& now,
                      const Scaled& scaled, double level, Judgement& j) {
  std::vector<double> a, b;
  for (const MedianOfRun& run : base) a.push_back(run.value);
  for (const MedianOfRun& run : now) b.push_back(run.value);
  const bool of_runs = smallest_p(a.size(), b.size()) <= level;
  if (!of_runs) {
    a.clear(), b.clear();
    for (const auto& run : scaled.base) std::ranges::copy(thinned(run), std::back_inserter(a));
    for (const auto& run : scaled.now) std::ranges::copy(thinned(run), std::back_inserter(b));
    if (smallest_p(a.size(), b.size()) > level) return false;
  }
  j.mann_whitney_p = mann_whitney(a, b);
  j.notes.push_back(
      of_runs ? fmt::format("checked by Mann-Whitney over the medians of {} and {} runs", a.size(), b.size())
              : fmt::format("checked by Mann-Whitney over {} and {} samples, those far enough apart, "
                            "for there are too few runs",
                            a.size(), b.size()));
  // Where the counts only just reach the level, its steps are coarser than the level.
  constexpr double kSteps = 4;
  return *j.mann_whitney_p > std::max(level, kSteps * smallest_p(a.size(), b.size()));
}

void say_interval(const Scaled& scaled, const SideEstimate& base, const Difference& difference,
                  Judgement& j) {
  const auto relative = [&](double d) -> std::optional<double> {
    if (scaled.logarithms) return std::expm1(d);
    return base.centre == 0 ? std::nullopt : std::optional<double>(d / std::fabs(base.centre));
  };
  j.change = relative(difference.value);
  j.low = relative(difference.value - difference.reach);
  j.high = relative(difference.value + difference.reach);
}

std::string counts(const Advice& more) {
  if (more.more_samples) return fmt::format("{} more samples of each run would decide", *more.more_samples);
  if (more.more_runs) {
    return fmt::format("{} more {} of each side would decide", *more.more_runs,
                       *more.more_runs == 1 ? "run" : "runs");
  }
  return {};
}

void say_why(const JudgeOptions& options, const Difference& difference, bool contradicted, Judgement& j) {
  const std::string bounds =
      j.low ? fmt::format("{} to {}", percent(*j.low), percent(*j.high)) : std::string("from a base of zero");
  const std::string smallest = fmt::format("{:g} %", 100 * options.smallest);
  switch (j.verdict) {
    case Verdict::kSame: j.because = fmt::format("{}: all of it is within {}", bounds, smallest); return;
    case Verdict::kFaster: j.because = fmt::format("{}: all of it is better", bounds); return;
    case Verdict::kSlower: j.because = fmt::format("{}: all of it is worse", bounds); return;
    case Verdict::kAmbiguous: break;
  }
  if (contradicted) {
    j.because = fmt::format("{} is no change to ranks (Mann-Whitney, p = {:.2g})", bounds, *j.mann_whitney_p);
  } else {
    j.because = fmt::format("{} holds no change and changes past {}", bounds, smallest);
  }
  const std::string more = counts({j.more_runs, j.more_samples});
  if (!more.empty()) {
    j.because += "; " + more;
  } else if (options.apart_spread * options.apart_spread > difference.variance / 4) {
    j.because +=
        fmt::format("; more runs do not help, for {}: take both in turns (compare --measure)",
                    options.apart_because.empty() ? "the sides were taken apart" : options.apart_because);
  } else {
    j.because += "; a thousand more runs would not decide";
  }
}

std::vector<MedianOfRun> medians_of(const std::vector<std::vector<double>>& runs) {
  std::vector<MedianOfRun> medians;
  for (const auto& run : runs) medians.push_back(median_of_run(run));
  return medians;
}

SideEstimate side_of(const std::vector<MedianOfRun>& medians, const std::vector<std::vector<double>>& runs,
                     const JudgeOptions& options) {
  SideEstimate side = estimate(medians, options.prior_spread, options.prior_weight);
  for (const auto& run : runs)
    side.samples += static_cast<double>(run.size()) / static_cast<double>(runs.size());
  return side;
}

void judge_noisy(const ValueSet& base_set, const ValueSet& now_set, const JudgeOptions& options,
                 Judgement& j) {
  const Scaled scaled = scale(base_set, now_set);
  const auto base_medians = medians_of(scaled.base), now_medians = medians_of(scaled.now);
  const SideEstimate base = side_of(base_medians, scaled.base, options);
  const SideEstimate now = side_of(now_medians, scaled.now, options);
  j.base = scaled.original(base.centre);
  j.now = scaled.original(now.centre);
  if (!(base.freedom > 0) || !(now.freedom > 0)) {
    j.because = "one run of a side says nothing of the next without an expectation of their spread";
    return;
  }
  if (!scaled.logarithms && *j.base == 0 && *j.now == 0 && one_value(base_set) && one_value(now_set)) {
    j.change = j.low = j.high = 0;
    j.verdict = Verdict::kSame;
    j.because = "all values are zero";
    return;
  }
  const double apart = options.apart_spread * options.apart_spread;
  const double apart_freedom = std::max(1.0, options.prior_weight);
  const Difference difference = difference_of(base, now, apart, apart_freedom, j.confidence);
  say_interval(scaled, base, difference, j);
  j.between_spread = std::sqrt((base.variance + now.variance) / 2);
  j.spread_is_prior = base.runs == 1 && now.runs == 1;
  const double level = 1 - j.confidence;
  const bool against = ranks_contradict(base_medians, now_medians, scaled, level, j);
  const bool inside = j.low && *j.low > -options.smallest && *j.high < options.smallest;
  const bool beyond = std::fabs(difference.value) > difference.reach;
  if (inside) {
    j.verdict = Verdict::kSame;
  } else if (beyond && !against) {
    j.verdict = called(difference.value, options);
  } else {
    const Advice more = advice(base, now, apart, apart_freedom, j.confidence, options.smallest);
    j.more_runs = more.more_runs;
    j.more_samples = more.more_samples;
    // It is beyond zero already: one run more may do, and the interval cannot tell.
    if (beyond && !j.more_samples) j.more_runs = std::max(j.more_runs.value_or(1), 1);
  }
  say_why(options, difference, beyond && against, j);
}

}  // namespace

Judgement judge(const ValueSet& given_base, const ValueSet& given_now, const JudgeOptions& options) {
  Judgement j;
  j.confidence = 1 - options.level / std::max(1, options.comparisons);
  j.apart_spread = options.apart_spread;
  ValueSet base = given_base, now = given_now;
  drop_empty(base);
  drop_empty(now);
  for (const auto& [set, side] : {std::pair{&base, "base"}, std::pair{&now, "now"}}) {
    j.because = unusable(*set, side);
    if (!j.because.empty()) return j;
  }
  j.base_series = review(base);
  j.now_series = review(now);
  for (const auto& [series, side] : {std::pair{&j.base_series, "base"}, std::pair{&j.now_series, "now"}}) {
    std::ranges::move(sentences_of(*series, side), std::back_inserter(j.notes));
  }
  if (options.prior_spread == 0) {
    judge_exact(base, now, options, j);
  } else {
    judge_noisy(base, now, options, j);
  }
  return j;
}

std::string_view word_of(Verdict verdict, bool is_time) noexcept {
  switch (verdict) {
    case Verdict::kSame: return "SAME";
    case Verdict::kFaster: return is_time ? "FASTER" : "BETTER";
    case Verdict::kSlower: return is_time ? "SLOWER" : "WORSE";
    case Verdict::kAmbiguous: return "AMBIGUOUS";
  }
  return "";
}

}  // namespace flashcore::analysis
