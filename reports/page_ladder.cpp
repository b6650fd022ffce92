#include "reports/page_ladder.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "analysis/units.h"
#include "analysis/verdict/comparison.h"
#include "reports/page_pair.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;
using Json = nlohmann::ordered_json;

constexpr int kTimeDigits = 4;

struct Rung {
  int number = 0;
  analysis::RunSet set;
  double ns = 0;  // median of the runs' medians
};

bool of_one_build(const core::RunRecord& a, const core::RunRecord& b) {
  return a.environment.git_sha == b.environment.git_sha && a.subject.source_hash == b.subject.source_hash;
}

double median_ns(const analysis::RunSet& set) {
  std::vector<double> p50;
  for (const RunAnalysis* run : set.runs) p50.push_back(run->graph_ns->p50);
  std::sort(p50.begin(), p50.end());
  const std::size_t n = p50.size();
  return n % 2 == 1 ? p50[n / 2] : (p50[n / 2 - 1] + p50[n / 2]) / 2;
}

// References stand on no rung.
std::vector<Rung> rungs_of(const Group& group) {
  std::map<std::pair<int, std::string>, std::vector<const RunAnalysis*>> by_rung;
  for (const RunAnalysis* run : group.runs) {
    const auto& ladder = run->run.subject.ladder;
    if (!ladder || ladder->reference || !run->graph_ns || run->run.origin == core::Origin::kImport) continue;
    by_rung[{ladder->rung, run->run.subject.name}].push_back(run);
  }
  std::vector<Rung> out;
  for (auto& [key, runs] : by_rung) {
    const RunAnalysis* newest = *std::max_element(
        runs.begin(), runs.end(), [](const auto* a, const auto* b) { return a->run.id < b->run.id; });
    std::erase_if(runs, [&](const auto* run) { return !of_one_build(run->run, newest->run); });
    Rung rung{key.first, {key.second, runs}, 0};
    rung.ns = median_ns(rung.set);
    out.push_back(std::move(rung));
  }
  return out;
}

int gains_of(const std::vector<Group>& groups) {
  std::size_t gains = 0;
  for (const Group& group : groups) {
    const std::size_t rungs = rungs_of(group).size();
    if (!group.imports && rungs > 1) gains += rungs - 1;
  }
  return std::max(1, static_cast<int>(gains));
}

Json gain_json(const Rung& before, const Rung& rung, int family) {
  Json out{{"over", before.set.word},
           {"times", fmt::format("{:.2f}×", before.ns / rung.ns)},
           {"factor", before.ns / rung.ns}};
  analysis::CompareOptions options;
  options.comparisons = family;
  const auto compared = analysis::compare(before.set, rung.set, options);
  out["missing"] = compared ? std::string() : compared.error().message;
  out["judgement"] = compared ? judgement_json(compared->time, "ns") : Json(nullptr);
  if (compared) {
    out["judgement"]["verdict"] = core::name_of(compared->verdict);
    out["judgement"]["word"] = analysis::word_of(compared->verdict);
    out["judgement"]["because"] = compared->sentence;
  }
  return out;
}

}  // namespace

Json page_ladder(const Group& group, const std::vector<Group>& groups) {
  if (group.imports) return nullptr;
  const std::vector<Rung> rungs = rungs_of(group);
  if (rungs.size() < 2) return nullptr;
  const int family = gains_of(groups);
  Json out = Json::array();
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const Rung& rung = rungs[i];
    Json value{{"phase", rung.set.word},
               {"title", rung.set.runs.front()->run.subject.title},
               {"rung", rung.number},
               {"runs", rung.set.runs.size()},
               {"ns", rung.ns},
               {"time", analysis::format_duration_ns(rung.ns, kTimeDigits)},
               {"whole", fmt::format("{:.2f}×", rungs.front().ns / rung.ns)}};
    value["gain"] = i == 0 ? Json(nullptr) : gain_json(rungs[i - 1], rung, family);
    out.push_back(std::move(value));
  }
  return out;
}

}  // namespace flashcore::reports
