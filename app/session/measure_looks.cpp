#include "app/session/measure_looks.h"

#include <fmt/format.h>

#include <algorithm>

namespace flashcore::session {
namespace {

// Each look a third later than the one before, so that late ones, which add little, are few.
std::vector<int> look_rounds(int last) {
  std::vector<int> rounds;
  for (int round = kFirstLook; round < last; round = std::max(round + 1, (round * 4 + 2) / 3))
    rounds.push_back(round);
  rounds.push_back(last);
  return rounds;
}

std::string key_of(const analysis::RunAnalysis& run, bool by_subject) {
  const std::string problem = run.run.problem ? core::canonical_text(*run.run.problem) : "";
  return by_subject ? run.run.subject.name + "\n" + problem : problem;
}

// By key, in the order in which they were first taken.
std::vector<std::pair<std::string, analysis::RunSet>> sets_of(const SideRuns& side, bool by_subject) {
  std::vector<std::pair<std::string, analysis::RunSet>> sets;
  for (const analysis::RunAnalysis& run : side.runs) {
    const std::string key = key_of(run, by_subject);
    auto set = std::find_if(sets.begin(), sets.end(), [&](const auto& one) { return one.first == key; });
    if (set == sets.end()) set = sets.insert(sets.end(), {key, {side.word, {}}});
    set->second.runs.push_back(&run);
  }
  return sets;
}

bool narrow(const analysis::Judgement& judgement, double until) {
  return judgement.low && judgement.high && (*judgement.high - *judgement.low) / 2 <= until;
}

}  // namespace

bool LookPlan::may_stop(int round) const {
  return std::find(rounds.begin(), rounds.end(), round) != rounds.end();
}

LookPlan plan_looks(const MeasureRequest& request) {
  LookPlan plan;
  if (request.rounds > 0 && !request.until)
    plan.rounds = {request.rounds};
  else
    plan.rounds = look_rounds(request.rounds > 0 ? request.rounds : kMostRounds);
  plan.level = kWholeLevel / static_cast<double>(plan.rounds.size());
  return plan;
}

std::vector<bool> order_of_round(int round) {
  if (round % 2 == 1) return {false, true, true, false};
  return {true, false, false, true};
}

core::Result<analysis::Comparisons> compare_sides(const SideRuns& base, const SideRuns& now,
                                                  bool one_phase_each, const LookPlan& plan,
                                                  double smallest) {
  analysis::Pairing pairing;
  auto base_sets = sets_of(base, !one_phase_each);
  auto now_sets = sets_of(now, !one_phase_each);
  for (const auto& [key, set] : base_sets) {
    const auto other =
        std::find_if(now_sets.begin(), now_sets.end(), [&](const auto& one) { return one.first == key; });
    if (other == now_sets.end())
      pairing.only_base.push_back(analysis::run_label(set.runs.front()->run));
    else
      pairing.pairs.push_back({set, other->second});
  }
  for (const auto& [key, set] : now_sets) {
    const bool paired =
        std::any_of(base_sets.begin(), base_sets.end(), [&](const auto& one) { return one.first == key; });
    if (!paired) pairing.only_now.push_back(analysis::run_label(set.runs.front()->run));
  }
  analysis::CompareOptions options;
  options.smallest = smallest;
  options.level = plan.level;
  return analysis::compare_all(pairing, options);
}

bool all_stand(const analysis::Comparisons& comparisons) {
  return !comparisons.all.empty() && !comparisons.any(analysis::Verdict::kAmbiguous);
}

bool all_narrow(const analysis::Comparisons& comparisons, double until) {
  return !comparisons.all.empty() &&
         std::all_of(comparisons.all.begin(), comparisons.all.end(), [&](const analysis::Comparison& one) {
           return narrow(one.time, until) && (!one.cycles || narrow(*one.cycles, until));
         });
}

std::string standing_of(const analysis::Comparisons& comparisons) {
  if (comparisons.all.size() == 1) return comparisons.all.front().sentence;
  std::string text;
  for (const auto& [verdict, name] : core::kNames<analysis::Verdict>) {
    const auto count = std::count_if(comparisons.all.begin(), comparisons.all.end(),
                                     [&, v = verdict](const auto& one) { return one.verdict == v; });
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, analysis::word_of(verdict));
  }
  return text;
}

}  // namespace flashcore::session
