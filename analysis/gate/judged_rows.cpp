#include "analysis/gate/judged_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/describe.h"
#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

constexpr int kFewest = 3, kMost = 10;

std::string number_text(double value, std::string_view unit, int digits) {
  if (std::isinf(value)) return "NaN or Inf";
  return format_value(value, unit, digits);
}

// The digits in which a value and the bounds that it is held against read as different numbers.
int digits_for(double value, const GateLimit& limit) {
  for (int digits = kFewest; digits < kMost; ++digits) {
    const auto alike = [&](const std::optional<double>& bound) {
      return bound && *bound != value &&
             number_text(*bound, limit.unit, digits) == number_text(value, limit.unit, digits);
    };
    if (!alike(limit.min) && !alike(limit.max)) return digits;
  }
  return kMost;
}

// A bound as it was written: 65536 B is "65.536 kB" and not "65.5 kB".
std::string bound_text(double value, std::string_view unit) {
  int digits = kFewest;
  for (; digits < kMost; ++digits) {
    const double scale =
        std::pow(10.0, digits - 1 - std::floor(std::log10(std::max(std::fabs(value), 1e-300))));
    if (const double scaled = value * scale; std::fabs(scaled - std::round(scaled)) < 1e-6) break;
  }
  return format_value(value, unit, digits);
}

std::string signed_percent(double change) {
  const double percent = 100 * change;
  return fmt::format("{:+.{}f}", percent, std::fabs(percent) < 9.995 ? 2 : 1);
}

std::string percent_text(double share) {
  return fmt::format("{:g} %", 100 * share);
}

void miss(GateRow& row, std::string why) {
  row.state = GateState::kMissing;
  row.value = "missing";
  row.sentence = std::move(why);
}

std::string spread_text(const SeriesValue& value, const GateLimit& limit, std::size_t of) {
  if (value.runs < 2) return {};
  const std::string part = std::cmp_equal(value.runs, of) ? "" : fmt::format(" of {}", of);
  return fmt::format(", the {} of {}{} runs ({} to {})", value.worst ? "worst" : "median", value.runs, part,
                     number_text(value.least, limit.unit, kFewest),
                     number_text(value.most, limit.unit, kFewest));
}

// "1.2" of an allowance of "2 %" where worse is up.
struct Worse {
  double best, estimate, worst;  // relative, positive is worse
};
Worse worse_of(const Judgement& judgement, bool lower_is_better) {
  const double c = *judgement.change, low = *judgement.low, high = *judgement.high;
  if (lower_is_better) return {low, c, high};
  return {-high, -c, -low};
}

// SAME and a change for the better keep every allowance. One for the worse breaks it where its estimate is
// past the allowance, and is ambiguous where only its interval reaches past. What is neither keeps it where
// the whole interval does.
GateState state_of_change(Verdict verdict, const std::optional<Worse>& worse, double allowance) {
  if (verdict == Verdict::kSame || verdict == Verdict::kFaster) return GateState::kKept;
  if (!worse) return verdict == Verdict::kSlower ? GateState::kBroken : GateState::kAmbiguous;
  if (verdict == Verdict::kSlower && worse->estimate > allowance) return GateState::kBroken;
  return worse->worst <= allowance ? GateState::kKept : GateState::kAmbiguous;
}

const MetricComparison* metric_in(const Comparison& comparison, const std::string& id) {
  for (const MetricComparison& one : comparison.metrics) {
    if (one.metric != nullptr && one.metric->id == id) return &one;
  }
  return nullptr;
}

void take_interval(GateRow& row, const Judgement& judgement) {
  row.measured = judgement.change;
  row.low = judgement.low;
  row.high = judgement.high;
  if (!judgement.change) {
    row.value = std::string(word_of(judgement.verdict, false));
    return;
  }
  row.value = signed_percent(*judgement.change) + " %";
  if (judgement.low && judgement.high) {
    row.value += fmt::format(" ({} to {})", signed_percent(*judgement.low), signed_percent(*judgement.high));
  }
}

std::string against(const RunSet& base) {
  return fmt::format("; against {} run{} of {} at {}", base.runs.size(), base.runs.size() == 1 ? "" : "s",
                     base.word,
                     base.runs.empty() ? "no build" : short_commit(base.runs.front()->run.environment));
}

}  // namespace

GateRow row_of(const GateLimit& limit, const RunSeries* series) {
  GateRow row;
  row.limit = &limit;
  row.allowed = allowed_text(limit);
  if (series == nullptr) return row;
  row.label = run_label(series->record());
  row.run = series->newest();
  row.runs = static_cast<int>(series->runs.size());
  return row;
}

std::string allowed_text(const GateLimit& limit) {
  switch (limit.kind) {
    case GateKind::kAnswer: return "right";
    case GateKind::kChange:
      return fmt::format("at most {} worse than {}", percent_text(limit.max_change.value_or(0)), limit.base);
    case GateKind::kSpeedup:
      return fmt::format("at least {:g}x {}", limit.min_speedup.value_or(0), limit.reference);
    case GateKind::kAbsolute: break;
  }
  if (limit.min && limit.max && *limit.min == *limit.max)
    return "exactly " + bound_text(*limit.min, limit.unit);
  if (limit.min && limit.max) {
    return fmt::format("{} to {}", bound_text(*limit.min, limit.unit), bound_text(*limit.max, limit.unit));
  }
  if (limit.min) return "at least " + bound_text(*limit.min, limit.unit);
  return limit.max ? "at most " + bound_text(*limit.max, limit.unit) : std::string();
}

GateRow judge_value(const GateLimit& limit, const RunSeries& series) {
  GateRow row = row_of(limit, &series);
  SeriesValue value = value_of(series, limit.metric, limit.max.has_value());
  if (value.value && value.worst && limit.max && !(*value.value > *limit.max)) {
    // Of two bounds the worst run may be the least one.
    if (limit.min && value.least < *limit.min) value.value = value.least;
  }
  if (!value.value) {
    miss(row, fmt::format("{}: {}", limit.title, value.missing));
    return row;
  }
  const bool broken = (limit.max && *value.value > *limit.max) || (limit.min && *value.value < *limit.min);
  row.state = broken ? GateState::kBroken : GateState::kKept;
  if (std::isfinite(*value.value)) row.measured = value.value;
  row.value = number_text(*value.value, limit.unit, digits_for(*value.value, limit));
  row.sentence =
      fmt::format("{} is {}{}", limit.title, row.value, spread_text(value, limit, series.runs.size()));
  if (!value.where.empty()) row.sentence += fmt::format(", of kernel {}", value.where);
  return row;
}

GateRow judge_answer(const GateLimit& limit, const RunSeries& series) {
  GateRow row = row_of(limit, &series);
  row.state = GateState::kKept;
  row.value = "right";
  row.sentence = "every check of the answer passed";
  for (const RunAnalysis* run : series.runs) {
    const core::Answer answer = run->run.answer;
    if (answer == core::Answer::kWrong) {
      row.state = GateState::kBroken;
      row.value = answer_word(answer);
      row.sentence = answer_sentence(run->run);
      return row;
    }
    if (answer == core::Answer::kRight) continue;
    miss(row, answer == core::Answer::kDoesNotApply ? "there is nothing to check its answer against"
                                                    : "the answer was not checked");
  }
  return row;
}

GateRow judge_change(const GateLimit& limit, const RunSeries& series,
                     const core::Result<Comparison>& comparison) {
  GateRow row = row_of(limit, &series);
  if (!comparison) {
    miss(row, comparison.error().message);
    return row;
  }
  // The verdict on the kernel's time is confirmed in cycles, so that a change of the clock is none of the
  // kernel.
  const bool time = limit.metric == "duration";
  const MetricComparison* metric = time ? nullptr : metric_in(*comparison, limit.metric);
  if (!time && metric == nullptr) {
    miss(row, fmt::format("{}: neither side has it", limit.title));
    return row;
  }
  if (metric != nullptr && !metric->missing.empty()) {
    miss(row, fmt::format("{}: {}", limit.title, metric->missing));
    return row;
  }
  const Judgement& judgement = time ? comparison->time : metric->judgement;
  const Verdict verdict = time ? comparison->verdict : judgement.verdict;
  const bool lower = time || metric->metric->direction == Direction::kLowerIsBetter;
  std::optional<Worse> worse;
  if (judgement.change && judgement.low && judgement.high) worse = worse_of(judgement, lower);
  row.state = state_of_change(verdict, worse, *limit.max_change);
  take_interval(row, judgement);
  row.sentence = time && !comparison->sentence.empty()
                     ? comparison->sentence
                     : fmt::format("{} {}", word_of(verdict, time), judgement.because);
  row.sentence += against(comparison->base);
  return row;
}

GateRow judge_speedup(const GateLimit& limit, const RunSeries& series,
                      const core::Result<Comparison>& comparison) {
  GateRow row = row_of(limit, &series);
  if (!comparison) {
    miss(row, comparison.error().message);
    return row;
  }
  const Judgement& time = comparison->time;
  if (!time.change || !(1 + *time.change > 0)) {
    miss(row, time.because.empty() ? "its time or the reference's is not known" : time.because);
    return row;
  }
  row.measured = 1 / (1 + *time.change);
  row.value = fmt::format("{:.2f}x", *row.measured);
  if (!time.low || !time.high || !(1 + *time.low > 0)) {
    row.state = GateState::kAmbiguous;
    row.sentence = fmt::format("{} {} without an interval: {}", row.value, limit.reference, time.because);
    return row;
  }
  row.low = 1 / (1 + *time.high);
  row.high = 1 / (1 + *time.low);
  row.value += fmt::format(" ({:.2f} to {:.2f})", *row.low, *row.high);
  row.state = *row.low >= *limit.min_speedup   ? GateState::kKept
              : *row.high < *limit.min_speedup ? GateState::kBroken
                                               : GateState::kAmbiguous;
  const auto duration = [](const std::optional<double>& ns) {
    return ns ? format_duration_ns(*ns) : std::string("missing");
  };
  row.sentence = fmt::format("{} beside {} of {}, at {:.4g} % confidence", duration(time.now),
                             duration(time.base), limit.reference, 100 * time.confidence);
  return row;
}

}  // namespace flashcore::analysis
