// What is used of a run's times, and the verdict of time and cycles together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/run_values.h"
#include "analysis/verdict/comparison_parts.h"
#include "analysis/verdict/series.h"

namespace flashcore::analysis {
namespace {

// Graph samples of one run, or why they are not used.
struct RunTimes {
  std::vector<double> ns, cycles, clocks;
  std::string reason;
  int too_few = 0;
};

RunTimes times_of_run(const core::RunRecord& run) {
  RunTimes times;
  times.reason = timing_objection(run);
  if (!times.reason.empty()) return times;
  for (const core::Sample& sample : core::all_samples(run)) {
    if (sample.kind != core::SampleKind::kGraph) continue;
    if (!std::isfinite(sample.duration_ns) || !(sample.duration_ns > 0)) {
      times.reason =
          fmt::format("graph sample {} lasts {} ns, which is no duration", sample.index, sample.duration_ns);
      return times;
    }
    times.ns.push_back(sample.duration_ns);
    const double mhz = sample.effective_clock_mhz.value_or(0);
    if (!(mhz > 0) || !std::isfinite(mhz)) continue;
    times.cycles.push_back(sample.duration_ns * mhz / 1000);
    times.clocks.push_back(mhz);
  }
  if (times.ns.empty()) {
    times.reason = run.origin == core::Origin::kImport
                       ? "imported without samples: a time that a tool counted is shown, never compared"
                       : "it has no graph samples";
  } else if (times.ns.size() < kFewestSamples) {
    times.too_few = static_cast<int>(times.ns.size());
    times.reason = fmt::format("it has {} graph {}, and a verdict needs {}", times.ns.size(),
                               times.ns.size() == 1 ? "sample" : "samples", kFewestSamples);
  }
  return times;
}

int decimals(const Judgement& j) {
  return j.low && j.high && 100 * (*j.high - *j.low) < 0.5 ? 2 : 1;
}

std::string signed_percent(double relative, int digits) {
  const std::string text = fmt::format("{:+.{}f}", 100 * relative, digits);
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '1' && c <= '9'; })
             ? text + " %"
             : fmt::format("{:.{}f} %", 0.0, digits);
}

std::string bounds(const Judgement& j) {
  if (!j.low || !j.high) return j.because;
  const int digits = decimals(j);
  return fmt::format("{} to {}", signed_percent(*j.low, digits), signed_percent(*j.high, digits));
}

// "by 62.1 % (61.8 to 62.4)": sizes, in the verdict's own direction.
std::string called_by(const Judgement& j) {
  const int digits = decimals(j);
  double low = 100 * j.low.value_or(0), high = 100 * j.high.value_or(0);
  const double change = 100 * j.change.value_or(0);
  if (change < 0) {
    std::swap(low, high);
    low = -low, high = -high;
  }
  return fmt::format("by {:.{}f} % ({:.{}f} to {:.{}f})", std::fabs(change), digits, low, digits, high,
                     digits);
}

std::string ambiguous(const Judgement& j, const std::string& of) {
  std::string text = fmt::format("AMBIGUOUS: {} {}", of, bounds(j));
  if (j.more_samples) {
    text += fmt::format("; {} more samples of each run would decide", *j.more_samples);
  } else if (j.more_runs) {
    text += fmt::format("; {} more {} of each side would decide", *j.more_runs,
                        *j.more_runs == 1 ? "run" : "runs");
  } else if (j.low && j.apart_spread > 0) {
    text +=
        "; more runs would not decide, the sides were taken apart: take both in turns (compare --measure)";
  } else if (j.low) {
    text += "; a thousand more runs would not decide";
  }
  return text;
}

bool moved(Verdict verdict) {
  return verdict == Verdict::kFaster || verdict == Verdict::kSlower;
}

std::string with_sign(const Judgement& j) {
  return signed_percent(j.change.value_or(0), decimals(j));
}

// "rose by 5.0 %"
std::string clock_moved(const Comparison& c) {
  return fmt::format("{} by {:.1f} %", *c.clock_change < 0 ? "fell" : "rose",
                     100 * std::fabs(*c.clock_change));
}

std::string same(const Comparison& c, double smallest) {
  const Judgement& t = c.time;
  if (!c.cycles) return fmt::format("SAME: time {}; no clock was stamped", bounds(t));
  const std::string cycles = bounds(*c.cycles), time = bounds(t);
  const double change = t.change.value_or(0);
  // Less than that is no cause of what reaches past the smallest effect.
  const bool by_clock = std::fabs(*c.clock_change) >= smallest / 2 && (change < 0) != (*c.clock_change < 0);
  if (moved(t.verdict) && by_clock) {
    return fmt::format("SAME kernel: time {} because the clock {}; cycles {}", with_sign(t), clock_moved(c),
                       cycles);
  }
  if (t.verdict == Verdict::kSame && c.cycles->verdict == Verdict::kSame) {
    return fmt::format("SAME: time {}, cycles {}", time, cycles);
  }
  const std::string clock = signed_percent(*c.clock_change, 1);
  if (t.verdict == Verdict::kSame) {
    return fmt::format("SAME in time: {}; cycles {}, clock {}", time, cycles, clock);
  }
  return fmt::format("SAME in cycles: {}; time {}, clock {}", cycles, time, clock);
}

constexpr const char* kInTurns = "taking both in turns (compare --measure) or at a locked clock would tell";

// Time says one thing and cycles another, and the clock moved: which of them speaks of the kernel is not
// known.
std::string disagreement(const Comparison& c) {
  const std::string sides =
      fmt::format("AMBIGUOUS: time and cycles disagree: time {} ({}), cycles {} ({})", with_sign(c.time),
                  word_of(c.time.verdict), with_sign(*c.cycles), word_of(c.cycles->verdict));
  if (moved(c.time.verdict)) return fmt::format("{}; the clock {}; {}", sides, clock_moved(c), kInTurns);
  return fmt::format(
      "{}; the clock {}: the kernel may wait for memory whatever the clock, or it got {} while the clock {}; "
      "{}",
      sides, clock_moved(c), c.cycles->verdict == Verdict::kSlower ? "worse" : "better",
      *c.clock_change < 0 ? "fell" : "rose", kInTurns);
}

}  // namespace

SideTimes times_of(const RunSet& set) {
  SideTimes side;
  for (const RunAnalysis* run : set.runs) {
    RunTimes times = times_of_run(run->run);
    if (!times.reason.empty()) {
      side.left_out.push_back(fmt::format("{}: {}", name_of_run(*run), times.reason));
      side.too_few = std::max(side.too_few, times.too_few);
      continue;
    }
    side.used.push_back(run);
    side.ns.push_back({run->run.id, std::move(times.ns)});
    if (times.cycles.size() < kFewestSamples) continue;
    side.cycles.push_back({run->run.id, std::move(times.cycles)});
    side.clocks_mhz.push_back(median_of_run(times.clocks).value);
  }
  return side;
}

// Time and cycles must agree on a call. Time that moved in cycles that did not is the clock. Cycles that
// moved against time, or without it, with the clock are either a kernel that waits for memory or one that
// changed while the clock did: no word without asking again. Under a power cap the clock wanders and time
// with it: there cycles call alone, if time's bounds hold what they say and the clock did not move by half as
// much, so that it cannot be what moved them.
void decide(Comparison& c, double smallest) {
  Verdict time = c.time.verdict;
  const Verdict cycles = c.cycles ? c.cycles->verdict : time;
  const bool by_cycles = time == Verdict::kAmbiguous && c.cycles && moved(cycles) && c.time.low &&
                         *c.time.low <= *c.cycles->change && *c.cycles->change <= *c.time.high &&
                         std::fabs(*c.clock_change) < std::fabs(*c.cycles->change) / 2;
  if (by_cycles) time = cycles;
  const bool other_clock = c.clock_change && std::fabs(*c.clock_change) > smallest;
  const bool opposed = moved(time) && moved(cycles) && time != cycles;
  c.verdict = Verdict::kAmbiguous;
  if (opposed || (time == Verdict::kSame && moved(cycles) && other_clock)) {
    c.sentence = disagreement(c);
  } else if (time == Verdict::kSame && cycles == Verdict::kAmbiguous && other_clock) {
    c.sentence = ambiguous(
        *c.cycles, fmt::format("time is the SAME, but the clock {} and cycles are at", clock_moved(c)));
  } else if (time == Verdict::kSame || cycles == Verdict::kSame) {
    c.verdict = Verdict::kSame;
    c.sentence = same(c, smallest);
  } else if (time == Verdict::kAmbiguous || cycles == Verdict::kAmbiguous) {
    c.sentence = time == Verdict::kAmbiguous ? ambiguous(c.time, c.time.low ? "time" : "")
                                             : ambiguous(*c.cycles, "time moved, but cycles");
  } else if (by_cycles) {
    c.verdict = time;
    c.sentence = fmt::format("{} {} in cycles; time, {}, agrees as far as the clock lets it", word_of(time),
                             called_by(*c.cycles), bounds(c.time));
  } else {
    c.verdict = time;
    c.sentence = fmt::format("{} {}, {}", word_of(time), called_by(c.time),
                             c.cycles ? "confirmed in cycles" : "by time alone: no clock was stamped");
  }
}

std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 160;
  if (name.size() <= kMost) return name;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end) + "...";
}

std::string name_of_run(const RunAnalysis& run) {
  return run.run.id > 0 ? fmt::format("run {}", run.run.id) : "a run that is not stored";
}

}  // namespace flashcore::analysis
