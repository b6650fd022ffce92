// Which runs of two selections belong together.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/describe.h"
#include "analysis/verdict/comparison.h"
#include "analysis/verdict/comparison_parts.h"

namespace flashcore::analysis {
namespace {

// Runs of one subject on one problem, class of device and state of the caches.
struct Series {
  std::vector<const RunAnalysis*> runs;
  const core::RunRecord& first() const { return runs.front()->run; }
};

bool same_subject(const core::RunRecord& a, const core::RunRecord& b) {
  return a.subject.kind == b.subject.kind && a.subject.name == b.subject.name;
}

// Two runs without a problem are of one series here; compare() says what stands against it.
bool same_task(const core::RunRecord& a, const core::RunRecord& b) {
  return a.problem == b.problem && a.cache == b.cache && core::same_class(a.device, b.device);
}

std::string build_of(const core::RunRecord& run) {
  return fmt::format("{}|{}|{}", run.environment.git_sha, run.environment.kernels_dirty,
                     run.subject.source_hash);
}

std::vector<Series> series_of(std::span<const RunAnalysis> runs) {
  std::vector<Series> all;
  // By subject and problem first, so that many series are found in few steps.
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> index;
  for (const RunAnalysis& run : runs) {
    const std::string problem = run.run.problem ? core::canonical_text(*run.run.problem) : std::string();
    std::vector<std::size_t>& places = index[{run.run.subject.name, problem}];
    const auto found = std::find_if(places.begin(), places.end(), [&](std::size_t at) {
      return same_subject(all[at].first(), run.run) && same_task(all[at].first(), run.run);
    });
    if (found == places.end()) {
      places.push_back(all.size());
      all.push_back({{&run}});
    } else {
      all[*found].runs.push_back(&run);
    }
  }
  return all;
}

// Of several builds the newest: that of the run that was taken last.
void keep_newest_build(Series& series, const std::string& word, std::vector<std::string>& notes) {
  std::set<std::string> builds;
  const RunAnalysis* newest = series.runs.front();
  for (const RunAnalysis* run : series.runs) {
    builds.insert(build_of(run->run));
    const auto order = [](const RunAnalysis* r) { return std::pair(r->run.taken_at, r->run.id); };
    if (order(run) >= order(newest)) newest = run;
  }
  if (builds.size() < 2) return;
  const std::size_t before = series.runs.size();
  const std::string kept = build_of(newest->run);
  std::erase_if(series.runs, [&](const RunAnalysis* run) { return build_of(run->run) != kept; });
  notes.push_back(
      fmt::format("{}: {} has runs of {} builds; the {} of the newest, {}, were taken and {} left out",
                  shortened(word), shortened(run_label(newest->run)), builds.size(), series.runs.size(),
                  short_commit(newest->run.environment), before - series.runs.size()));
}

bool one_subject(const std::vector<Series>& all) {
  return std::all_of(all.begin(), all.end(),
                     [&](const Series& series) { return same_subject(series.first(), all.front().first()); });
}

std::vector<std::string> labels_of(const std::vector<Series>& all, const std::vector<bool>& taken) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!taken[i]) labels.push_back(run_label(all[i].first()));
  }
  return labels;
}

}  // namespace

Pairing pair_up(const std::string& base_word, std::span<const RunAnalysis> base, const std::string& now_word,
                std::span<const RunAnalysis> now) {
  Pairing pairing;
  std::vector<Series> before = series_of(base), after = series_of(now);
  std::vector<bool> used_before(before.size()), used_after(after.size());
  const auto take = [&](std::size_t b, std::size_t a) {
    keep_newest_build(before[b], base_word, pairing.notes);
    keep_newest_build(after[a], now_word, pairing.notes);
    used_before[b] = used_after[a] = true;
    pairing.pairs.push_back({{base_word, before[b].runs}, {now_word, after[a].runs}});
  };
  const bool any_subject = !before.empty() && !after.empty() && one_subject(before) && one_subject(after);
  if (any_subject && before.size() == 1 && after.size() == 1) {
    take(0, 0);
    return pairing;
  }
  std::multimap<std::string, std::size_t> by_problem;
  for (std::size_t a = 0; a < after.size(); ++a) {
    const auto& problem = after[a].first().problem;
    by_problem.emplace(problem ? core::canonical_text(*problem) : std::string(), a);
  }
  for (std::size_t b = 0; b < before.size(); ++b) {
    const core::RunRecord& first = before[b].first();
    const auto [from, to] = by_problem.equal_range(first.problem ? core::canonical_text(*first.problem) : "");
    for (auto at = from; at != to; ++at) {
      const core::RunRecord& other = after[at->second].first();
      if (used_after[at->second] || !same_task(first, other)) continue;
      if (!any_subject && !same_subject(first, other)) continue;
      take(b, at->second);
      break;
    }
  }
  pairing.only_base = labels_of(before, used_before);
  pairing.only_now = labels_of(after, used_after);
  return pairing;
}

}  // namespace flashcore::analysis
