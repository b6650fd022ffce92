#include "analysis/verdict/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/describe.h"
#include "analysis/devices.h"
#include "analysis/run_values.h"
#include "analysis/statistics.h"
#include "analysis/verdict/comparison_parts.h"
#include "analysis/verdict/noise.h"
#include "analysis/verdict/series.h"

namespace flashcore::analysis {
namespace {

using core::fail;

std::string problem_text(const core::RunRecord& run) {
  return run.problem ? shortened(core::problem_label(*run.problem)) : "no problem";
}

std::string cache_text(const core::RunRecord& run) {
  return run.cache ? std::string(core::name_of(*run.cache)) : "unknown";
}

// Why these two runs cannot be compared, whatever their times.
void object(const core::RunRecord& a, const core::RunRecord& b, std::vector<std::string>& all) {
  if (!a.problem || !b.problem) {
    all.push_back(fmt::format("nothing says that both computed the same: {} against {}", problem_text(a),
                              problem_text(b)));
  } else if (*a.problem != *b.problem) {
    all.push_back(
        fmt::format("they solve different problems: {} against {}", problem_text(a), problem_text(b)));
  }
  if (!core::same_class(a.device, b.device)) {
    const std::string left = shortened(device_text(a)), right = shortened(device_text(b));
    all.push_back(left == right
                      ? fmt::format("they ran on devices of different classes, both called {}", left)
                      : fmt::format("they ran on devices of different classes: {} against {}", left, right));
  }
  if (a.cache != b.cache) {
    all.push_back(fmt::format("they began with caches in different states: {} against {}", cache_text(a),
                              cache_text(b)));
  }
}

const RunAnalysis* first_unlike(const RunSet& set, const core::RunRecord& like) {
  const auto found = std::find_if(set.runs.begin(), set.runs.end(), [&](const RunAnalysis* run) {
    std::vector<std::string> reasons;
    object(like, run->run, reasons);
    return !reasons.empty();
  });
  return found == set.runs.end() ? nullptr : *found;
}

std::string side_text(const RunSet& set, const char* side) {
  return set.word.empty() ? std::string(side) : fmt::format("{} ({})", side, shortened(set.word));
}

void object_to_times(const RunSet& set, const char* side, std::vector<std::string>& all) {
  if (set.runs.empty()) {
    all.push_back(fmt::format("{} holds no runs", side_text(set, side)));
    return;
  }
  const SideTimes times = times_of(set);
  if (!times.used.empty() || times.too_few > 0) return;
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> named(
      times.left_out.begin(),
      times.left_out.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, times.left_out.size())));
  if (times.left_out.size() > kNamed) {
    named.push_back(fmt::format("and {} more", times.left_out.size() - kNamed));
  }
  all.push_back(
      fmt::format("{} has no times that are results: {}", side_text(set, side), fmt::join(named, "; ")));
}

std::vector<Circumstances> circumstances(const SideTimes& side) {
  std::vector<Circumstances> all;
  for (const RunAnalysis* run : side.used) all.push_back(circumstances_of(run->run));
  return all;
}

double centre_of_values(const ValueSet& set) {
  std::vector<double> medians;
  for (const RunValues& run : set) medians.push_back(median_of_run(run.values).value);
  return centre_of(std::move(medians));
}

void note_sides(const SideTimes& side, const RunSet& set, const char* name, Comparison& c) {
  for (const std::string& reason : side.left_out)
    c.notes.push_back(fmt::format("{}: {}; not used", name, reason));
  const auto any = [&](auto&& holds) {
    return std::any_of(set.runs.begin(), set.runs.end(), [&](const RunAnalysis* r) { return holds(r->run); });
  };
  if (any([](const core::RunRecord& r) { return r.origin == core::Origin::kImport; })) {
    c.notes.push_back(
        fmt::format("{}: imported: measured by another tool, under conditions of its own", name));
  }
  if (any([](const core::RunRecord& r) { return r.environment.kernels_dirty; })) {
    c.notes.push_back(fmt::format("{}: built from kernels that differed from commit {}", name,
                                  short_commit(set.runs.front()->run.environment)));
  }
}

void note_both(const RunSet& base, const RunSet& now, Comparison& c) {
  for (const RunAnalysis* run : base.runs) {
    if (std::find(now.runs.begin(), now.runs.end(), run) != now.runs.end()) {
      c.notes.push_back(fmt::format("{} stands on both sides", name_of_run(*run)));
    }
  }
  const std::string& before = base.runs.front()->run.environment.driver;
  const std::string& after = now.runs.front()->run.environment.driver;
  if (before != after) {
    c.notes.push_back(fmt::format("the drivers differ: {} against {}", shortened(before), shortened(after)));
  }
}

bool measured_chip(const RunAnalysis& run) {
  return formula_chip(run.run.device) == kMeasuredChip;
}

// Where nothing here says how much processes differ; empty where something does.
std::string note_of_expectation(const Comparison& c) {
  if (!c.time.spread_is_prior || c.base.runs.empty()) return {};
  const std::string note =
      "one run a side: how much processes differ is what was measured on an NVIDIA H200, not seen here";
  if (measured_chip(*c.base.runs.front())) return note;
  return note + fmt::format("; this is another chip, so {:g} times as much is allowed for", kOtherChip);
}

void judge_times(const SideTimes& base, const SideTimes& now, const CompareOptions& options, Comparison& c) {
  JudgeOptions judging;
  judging.smallest = options.smallest;
  judging.level = options.level;
  judging.comparisons = options.comparisons;
  judging.prior_weight = kProcessWeight;
  const double shorter = std::min(centre_of_values(base.ns), centre_of_values(now.ns));
  const Apart between = apart(circumstances(base), circumstances(now), shorter);
  judging.prior_spread = process_spread(shorter) * (measured_chip(*base.used.front()) ? 1 : kOtherChip);
  judging.apart_spread = between.spread;
  judging.apart_because = between.because;
  if (!between.because.empty()) {
    c.notes.push_back(fmt::format("{}, which alone may move such a time by {:.2g} % (1 sigma)",
                                  between.because, 100 * between.spread));
  }
  c.time = judge(base.ns, now.ns, judging);
  if (std::string note = note_of_expectation(c); !note.empty()) c.notes.push_back(std::move(note));
  if (base.cycles.empty() || now.cycles.empty()) return;
  c.cycles = judge(base.cycles, now.cycles, judging);
  c.clock_change = centre_of(now.clocks_mhz) / centre_of(base.clocks_mhz) - 1;
}

std::string label_of(const RunSet& base, const RunSet& now) {
  const std::string from = base.runs.empty() ? base.word : run_label(base.runs.front()->run);
  const std::string to = now.runs.empty() ? now.word : run_label(now.runs.front()->run);
  return from == to ? from : from + " -> " + to;
}

void too_few(const SideTimes& base, const SideTimes& now, Comparison& c) {
  const bool of_base = base.used.empty() && base.too_few > 0;
  const SideTimes& side = of_base ? base : now;
  c.time.more_samples = static_cast<int>(kFewestSamples) - side.too_few;
  c.time.because = fmt::format("{} has {} graph {} of a run; a verdict needs {}", of_base ? "base" : "now",
                               side.too_few, side.too_few == 1 ? "sample" : "samples", kFewestSamples);
}

}  // namespace

std::vector<std::string> objections(const RunSet& base, const RunSet& now) {
  std::vector<std::string> all;
  if (!base.runs.empty()) {
    const core::RunRecord& first = base.runs.front()->run;
    const RunAnalysis* unlike = first_unlike(now, first);
    if (unlike == nullptr) unlike = first_unlike(base, first);
    if (unlike != nullptr) object(first, unlike->run, all);
  }
  object_to_times(base, "base", all);
  object_to_times(now, "now", all);
  return all;
}

namespace {

// Every run of the later side answers wrong, and the base has results: a fault, not a gap in the data.
bool answers_wrong_now(const RunSet& base, const RunSet& now) {
  const auto wrong = [](const RunAnalysis* run) { return run->run.answer == core::Answer::kWrong; };
  return !now.runs.empty() && std::all_of(now.runs.begin(), now.runs.end(), wrong) &&
         std::any_of(base.runs.begin(), base.runs.end(),
                     [](const RunAnalysis* run) { return core::times_are_results(run->run.answer); });
}

// What holds for several pairs is said once.
void say_once(Comparisons& result) {
  if (result.all.size() < 2) return;
  for (Comparison& pair : result.all) {
    const std::string note = note_of_expectation(pair);
    if (note.empty()) continue;
    std::erase(pair.notes, note);
    if (std::find(result.notes.begin(), result.notes.end(), note) == result.notes.end())
      result.notes.push_back(note);
  }
}

}  // namespace

core::Result<Comparison> compare(const RunSet& base, const RunSet& now, const CompareOptions& options) {
  const std::vector<std::string> against = objections(base, now);
  if (!against.empty() && !options.anyway) {
    return fail(core::ErrorCode::kUsage,
                fmt::format("{}: {}", shortened(label_of(base, now)), fmt::join(against, "; ")),
                "--anyway compares them all the same, as far as there are times");
  }
  Comparison c;
  c.base = base;
  c.now = now;
  c.label = label_of(base, now);
  for (const std::string& objection : against) c.notes.push_back("compared anyway: " + objection);
  const SideTimes before = times_of(base), after = times_of(now);
  if (!base.runs.empty()) note_sides(before, base, "base", c);
  if (!now.runs.empty()) note_sides(after, now, "now", c);
  if (!base.runs.empty() && !now.runs.empty()) note_both(base, now, c);
  c.time.confidence = 1 - options.level / std::max(1, options.comparisons);
  if (!before.used.empty() && !after.used.empty()) {
    judge_times(before, after, options, c);
  } else if ((before.used.empty() && before.too_few > 0) || (after.used.empty() && after.too_few > 0)) {
    too_few(before, after, c);
  } else {
    c.time.because = "a side has no times that are results";
  }
  decide(c, options.smallest);
  c.metrics = compare_metrics(c, options);
  return c;
}

core::Result<Comparisons> compare_all(const Pairing& pairing, const CompareOptions& options) {
  Comparisons result;
  result.only_base = pairing.only_base;
  result.only_now = pairing.only_now;
  result.notes = pairing.notes;
  CompareOptions family = options;
  family.comparisons = std::max(options.comparisons, static_cast<int>(pairing.pairs.size()));
  std::vector<std::string> refused;
  for (const Pairing::Pair& pair : pairing.pairs) {
    auto one = compare(pair.base, pair.now, family);
    if (answers_wrong_now(pair.base, pair.now)) {
      result.wrong_now.push_back(shortened(label_of(pair.base, pair.now)));
      result.notes.push_back(
          fmt::format("WRONG ANSWER: {}: {} of now answers wrong, while the base has results",
                      result.wrong_now.back(), pair.now.runs.size() == 1 ? "the run" : "every run"));
    }
    if (one) {
      result.all.push_back(*std::move(one));
    } else {
      refused.push_back("not compared: " + one.error().message);
    }
  }
  if (!result.all.empty()) {
    say_once(result);
    std::ranges::move(refused, std::back_inserter(result.notes));
    return result;
  }
  if (!result.wrong_now.empty()) {
    return fail(
        core::ErrorCode::kWrongAnswer,
        fmt::format("WRONG ANSWER: {}: now answers wrong in every run, while the base has results; {}",
                    fmt::join(result.wrong_now, ", "), fmt::join(refused, "\n")),
        "times of wrong answers are no results");
  }
  if (!refused.empty()) {
    return fail(core::ErrorCode::kUsage, fmt::format("{}", fmt::join(refused, "\n")),
                "--anyway compares them all the same, as far as there are times");
  }
  const auto list = [](const std::vector<std::string>& labels) {
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min<std::size_t>(labels.size(), 5); ++i)
      shown.push_back(shortened(labels[i]));
    if (labels.size() > 5) shown.push_back(fmt::format("{} more", labels.size() - 5));
    return shown.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(shown, ", "));
  };
  return fail(core::ErrorCode::kUsage,
              fmt::format("nothing here can be compared: one side has {}, the other {}",
                          list(pairing.only_base), list(pairing.only_now)),
              "runs are held together by subject, problem, class of device and state of the caches");
}

bool Comparisons::any(Verdict verdict) const {
  return std::any_of(all.begin(), all.end(), [&](const Comparison& c) { return c.verdict == verdict; });
}

}  // namespace flashcore::analysis
