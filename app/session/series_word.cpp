#include "app/session/series_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/session/word_lookups.h"
#include "core/nearest.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using store::RunHead;
using store::RunHeads;

constexpr std::string_view kForm = "a series of runs is PHASE@PROBLEM, for example fused@mission";

struct SeriesWord {
  std::string subject;
  std::optional<core::Problem> problem;  // nothing: all of them
  std::optional<core::CacheState> cache;
  std::optional<std::string> build;  // behind the second '@'
};

// Which runs of a series a build's word leaves: their filters, and how many builds before the newest of them.
struct Builds {
  std::vector<store::RunFilter> filters;
  std::int64_t back = 0;
  std::string said;  // " with the tag nightly"; empty where the commit says all
};

struct Chosen {
  std::vector<RunHead> runs;  // newest first
  std::size_t builds = 0;     // seen until then, the chosen one among them
  std::size_t wrong = 0;
  std::size_t elsewhere = 0;  // on other classes of device
};

Result<SeriesWord> parse(const std::string& word) {
  SeriesWord parts;
  const auto at = word.find('@');
  const auto second = word.find('@', at + 1);
  parts.subject = word.substr(0, at);
  if (second != std::string::npos) parts.build = word.substr(second + 1);
  std::string problem = word.substr(at + 1, second == std::string::npos ? second : second - at - 1);
  const std::string shown = core::shortened(word);
  if (parts.subject.empty()) {
    return fail(ErrorCode::kUsage, fmt::format("'{}' names no phase before its '@'", shown),
                std::string(kForm));
  }
  if (parts.build && parts.build->empty()) {
    return fail(ErrorCode::kUsage, fmt::format("'{}' names no build behind its second '@'", shown),
                "give a commit, latest or latest~1 there, or leave the '@' out");
  }
  for (const core::CacheState state : {core::CacheState::kCold, core::CacheState::kWarm}) {
    const std::string suffix = fmt::format(",{}", core::name_of(state));
    if (!problem.ends_with(suffix)) continue;
    parts.cache = state;
    problem.resize(problem.size() - suffix.size());
    break;
  }
  if (problem.empty() && parts.build) return parts;
  if (problem.empty()) {
    return fail(ErrorCode::kUsage, fmt::format("'{}' names no problem behind its '@'", shown),
                fmt::format("{}; on every problem, name the build: {}@@latest", kForm,
                            core::shortened(parts.subject)));
  }
  auto read = core::parse_problem(problem);
  if (!read) return fail(read.error());
  parts.problem = *std::move(read);
  return parts;
}

store::RunFilter filter_of(const SeriesWord& parts) {
  store::RunFilter filter;
  filter.subjects = {parts.subject};
  if (parts.problem) filter.problems = {*parts.problem};
  filter.cache = parts.cache.value_or(core::CacheState::kWarm);
  return filter;
}

std::string named(const SeriesWord& parts) {
  std::string text = core::shortened(parts.subject);
  if (parts.problem) text += " on " + core::shortened(core::problem_label(*parts.problem));
  if (parts.cache == core::CacheState::kCold) text += ", cold caches";
  return text;
}

// What a subject has been run on, for a hint.
Result<std::string> problems_of(const store::Store& store, const std::string& subject) {
  constexpr std::size_t kMost = 8;
  auto all = store.problems();
  if (!all) return fail(all.error());
  std::vector<std::string> labels;
  for (const core::Problem& problem : *all) {
    store::RunFilter filter;
    filter.subjects = {subject};
    filter.problems = {problem};
    filter.limit = 1;
    auto heads = store.run_heads(filter);
    if (!heads) return fail(heads.error());
    if (heads->runs.empty()) continue;
    labels.push_back(labels.size() == kMost ? "..." : core::shortened(core::problem_label(problem)));
    if (labels.size() > kMost) break;
  }
  return fmt::format("{}", fmt::join(labels, ", "));
}

// Nothing was found: because of the caches, the problem or what was asked of the build.
core::Error nothing_of(const store::Store& store, const SeriesWord& parts) {
  store::RunFilter filter = filter_of(parts);
  const bool cold = parts.cache == core::CacheState::kCold;
  filter.cache = cold ? core::CacheState::kWarm : core::CacheState::kCold;
  filter.limit = 1;
  auto others = store.run_heads(filter);
  if (!others) return others.error();
  core::Error error{ErrorCode::kUsage, fmt::format("there are no runs of {}", named(parts)), {}, {}};
  if (!others->runs.empty()) {
    if (!cold) error.message += " from warm caches";
    error.hint = cold ? "it has runs from warm caches: leave ',cold' out"
                      : "it has runs from cold caches: write ',cold' behind the problem";
    return error;
  }
  auto problems = problems_of(store, parts.subject);
  if (!problems) return problems.error();
  error.hint = fmt::format("it has runs on: {}", *problems);
  return error;
}

// The runs of the series; of a subject of imports those whose caches nobody knows.
Result<RunHeads> series_heads(const store::Store& store, const SeriesWord& parts,
                              std::vector<store::RunFilter> filters) {
  auto heads = heads_of(store, filters);
  if (!heads || !heads->runs.empty() || parts.cache) return heads;
  for (store::RunFilter& filter : filters) filter.cache.reset();
  heads = heads_of(store, std::move(filters));
  if (heads) std::erase_if(heads->runs, [](const RunHead& run) { return run.cache.has_value(); });
  return heads;
}

Result<Builds> by_tags(const store::Store& store, const SeriesWord& parts) {
  auto tags = tags_of(store, *parts.build);
  if (!tags) return fail(tags.error());
  Builds builds;
  for (const core::Tags& tag : *tags) {
    builds.filters.push_back(filter_of(parts));
    builds.filters.back().tags = tag;
  }
  builds.said = fmt::format(" with the tag {}", core::shortened(*parts.build));
  return builds;
}

Builds by_commits(const SeriesWord& parts, std::vector<std::string> commits) {
  Builds builds;
  if (commits.empty()) return builds;
  builds.filters.push_back(filter_of(parts));
  builds.filters.back().commits = std::move(commits);
  return builds;
}

// The runs that the third part leaves, newest first, by its first reading that leaves any.
Result<RunHeads> heads_at(const store::Store& store, const SeriesWord& parts, Builds& builds) {
  const auto heads = [&] { return series_heads(store, parts, builds.filters); };
  builds.filters = {filter_of(parts)};
  if (!parts.build) return heads();
  if (const auto back = steps_back(*parts.build)) {
    builds.back = *back;
    return heads();
  }
  auto tagged = by_tags(store, parts);
  if (!tagged) return fail(tagged.error());
  builds = *std::move(tagged);
  if (auto found = heads(); !found || !found->runs.empty()) return found;
  auto commits = commits_of(store, *parts.build);
  if (!commits) return fail(commits.error());
  if (commits->empty()) {
    commits = commits_by_git(
        store, *parts.build,
        {ErrorCode::kUsage,
         fmt::format("'{}' is no tag and no commit of the database", core::shortened(*parts.build)),
         fmt::format("a build is named by latest, latest~1, or at least 7 digits of a commit: {}@{}@latest~1",
                     core::shortened(parts.subject),
                     parts.problem ? core::shortened(core::problem_label(*parts.problem)) : ""),
         {}});
    if (!commits) return fail(commits.error());
  }
  builds = by_commits(parts, *commits);
  auto found = heads();
  if (!found || !found->runs.empty()) return found;
  return fail(ErrorCode::kUsage,
              fmt::format("there are no runs of {} at {}", named(parts), short_commit(commits->front())),
              "see which there are: flashcore-profile list runs --phase " + core::shortened(parts.subject));
}

// What another profiler timed names no commit; where runs of this program's builds are there, those are
// meant.
void leave_imports_out(std::vector<RunHead>& heads) {
  const auto imported = [](const RunHead& head) { return head.commit.empty(); };
  if (!std::all_of(heads.begin(), heads.end(), imported)) std::erase_if(heads, imported);
}

// The runs of the build that is so many before the newest, on the newest run's class of device.
Chosen choose(std::vector<RunHead> heads, std::int64_t back) {
  leave_imports_out(heads);
  Chosen chosen;
  const auto same_build = [](const RunHead& a, const RunHead& b) {
    return a.commit == b.commit && a.source_hash == b.source_hash &&
           (!a.source_hash.empty() || a.kernels_hash == b.kernels_hash);
  };
  const auto device = heads.front().device_class;
  std::vector<const RunHead*> firsts;
  for (const RunHead& head : heads) {
    if (head.device_class != device) {
      ++chosen.elsewhere;
      continue;
    }
    auto at = std::find_if(firsts.begin(), firsts.end(),
                           [&](const RunHead* first) { return same_build(*first, head); });
    if (at == firsts.end()) at = firsts.insert(at, &head);
    if (at - firsts.begin() != back) continue;
    if (head.answer == core::Answer::kWrong) {
      ++chosen.wrong;
    } else {
      chosen.runs.push_back(head);
    }
  }
  chosen.builds = firsts.size();
  return chosen;
}

std::string sentence_of(const SeriesWord& parts, const Builds& builds, const Chosen& chosen, bool more) {
  const RunHead& newest = chosen.runs.front();
  const std::string build =
      newest.commit.empty() ? ", imported" : " at " + core::shortened(short_commit(newest.commit));
  std::string text =
      fmt::format("{} of {}{}{}", counted_runs(chosen.runs.size(), more), named(parts), build, builds.said);
  if (builds.back > 0) {
    text += fmt::format(", {} build{} before the newest", builds.back, builds.back == 1 ? "" : "s");
  } else if (chosen.builds > 1) {
    text += fmt::format(", the newest of {} builds", chosen.builds);
  }
  if (chosen.elsewhere > 0) text += ", on the device of the newest";
  if (chosen.wrong > 0) text += fmt::format("; {} with a wrong answer left out", chosen.wrong);
  return text;
}

}  // namespace

Result<NamedRuns> runs_of_series(const store::Store& store, const std::string& word, bool& unknown_phase) {
  const std::string subject = word.substr(0, word.find('@'));
  auto subjects = store.subject_names();
  if (!subjects) return fail(subjects.error());
  // That the phase is unknown is said before what is wrong with the rest.
  if (!subject.empty() && std::find(subjects->begin(), subjects->end(), subject) == subjects->end()) {
    unknown_phase = true;
    return fail(core::unknown_name("phase", subject, *subjects));
  }
  auto parts = parse(word);
  if (!parts) return fail(parts.error());
  Builds builds;
  auto heads = heads_at(store, *parts, builds);
  if (!heads) return fail(heads.error());
  if (heads->runs.empty()) return fail(nothing_of(store, *parts));
  const Chosen chosen = choose(std::move(heads->runs), builds.back);
  if (static_cast<std::int64_t>(chosen.builds) <= builds.back) {
    return fail(ErrorCode::kUsage,
                fmt::format("there is no {} of {}: the database holds {} build{} of it", *parts->build,
                            named(*parts), chosen.builds, chosen.builds == 1 ? "" : "s"),
                "see: flashcore-profile list runs --phase " + core::shortened(parts->subject));
  }
  if (chosen.runs.empty()) {
    return fail(
        ErrorCode::kWrongAnswer,
        fmt::format("the {} of that build of {} {} a wrong answer",
                    chosen.wrong == 1 ? "run" : fmt::format("{} runs", chosen.wrong), named(*parts),
                    chosen.wrong == 1 ? "has" : "have all"),
        fmt::format("another build is {}@{}@latest~1; a run by its number is shown whatever its answer",
                    core::shortened(parts->subject),
                    parts->problem ? core::shortened(core::problem_label(*parts->problem)) : ""));
  }
  NamedRuns named_runs{word, sentence_of(*parts, builds, chosen, heads->more), {}};
  for (auto run = chosen.runs.rbegin(); run != chosen.runs.rend(); ++run) named_runs.ids.push_back(run->id);
  return named_runs;
}

}  // namespace flashcore::session
