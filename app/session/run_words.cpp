#include "app/session/run_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session/series_word.h"
#include "app/session/word_lookups.h"
#include "core/nearest.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::RowId;

// What a word is in one reading; nothing where it names no runs by it.
using Reading = Result<std::optional<NamedRuns>>;

NamedRuns named(const std::string& word, const store::RunHeads& heads, const std::string& said) {
  NamedRuns runs{word, counted_runs(heads.runs.size(), heads.more) + " " + said, {}};
  for (auto run = heads.runs.rbegin(); run != heads.runs.rend(); ++run) runs.ids.push_back(run->id);
  return runs;
}

Reading runs_where(const store::Store& store, const std::string& word, std::vector<store::RunFilter> filters,
                   const std::string& said) {
  auto heads = heads_of(store, std::move(filters));
  if (!heads) return fail(heads.error());
  if (heads->runs.empty()) return std::nullopt;
  return named(word, *heads, said);
}

// "run 12, wmma on mission at 1a2b3c4d5e"
Reading one_run(const store::Store& store, const std::string& word, RowId id) {
  store::RunFilter filter;
  filter.before_id = id + 1;
  filter.limit = 1;
  auto page = store.list_runs(filter);
  if (!page) return fail(page.error());
  if (page->runs.empty() || page->runs.front().id != id) return std::nullopt;
  const store::RunSummary& run = page->runs.front();
  std::string sentence = fmt::format("run {}, {}", id, core::shortened(run.subject));
  if (run.problem) sentence += " on " + core::shortened(core::problem_label(*run.problem));
  if (run.cache == core::CacheState::kCold) sentence += ", cold caches,";
  return NamedRuns{word, sentence + " at " + core::shortened(short_commit(run.commit)), {id}};
}

Reading by_number(const store::Store& store, const std::string& word) {
  constexpr RowId kMost = RowId{1} << 60;
  const auto number = core::whole_number(word);
  if (!number || *number <= 0 || *number > kMost) return std::nullopt;
  return one_run(store, word, *number);
}

Reading by_latest(const store::Store& store, const std::string& word) {
  const auto back = steps_back(word);
  if (!back) return std::nullopt;
  auto id = store.run_before_latest(*back);
  if (!id) return fail(id.error());
  if (*id) return one_run(store, word, **id);
  auto count = store.count_runs();
  if (!count) return fail(count.error());
  return fail(ErrorCode::kUsage, fmt::format("there is no {}: the database holds {} run(s)", word, *count),
              "see: list runs");
}

Reading by_session(const store::Store& store, const std::string& word) {
  constexpr std::string_view kPrefix = "session:";
  if (!word.starts_with(kPrefix)) return std::nullopt;
  const std::string which = word.substr(kPrefix.size());
  const auto number = core::whole_number(which);
  if (which != "latest" && (!number || *number <= 0)) return std::nullopt;
  auto id = which == "latest" ? store.latest_session() : Result<RowId>(*number);
  if (!id) return fail(id.error());
  if (auto known = store.read_session(*id); !known) return fail(known.error());
  store::RunFilter filter;
  filter.session = *id;
  return runs_where(store, word, {filter}, fmt::format("of session {}", *id));
}

Reading by_tag(const store::Store& store, const std::string& word) {
  auto tags = tags_of(store, word);
  if (!tags) return fail(tags.error());
  std::vector<store::RunFilter> filters;
  std::string pair;
  const bool joined = std::any_of(tags->begin(), tags->end(), [](const auto& tag) { return tag.size() > 1; });
  for (const core::Tags& tag : *tags) {
    filters.emplace_back().tags = tag;
    pair.clear();
    for (const auto& [key, value] : tag) {
      pair += fmt::format("{}{}={}", pair.empty() ? "" : ",", core::shortened(key), core::shortened(value));
    }
  }
  if (filters.empty()) return std::nullopt;
  const std::string said =
      joined              ? "with the tags " + pair
      : filters.size() == 1 ? "with the tag " + pair
                            : "with a tag of value " + core::shortened(word);
  return runs_where(store, word, std::move(filters), said);
}

Reading by_commits(const store::Store& store, const std::string& word, std::vector<std::string> commits,
                   const std::string& said) {
  if (commits.empty()) return std::nullopt;
  const std::string commit = short_commit(commits.front());
  store::RunFilter filter;
  filter.commits = std::move(commits);
  return runs_where(store, word, {filter}, fmt::format("of commit {}{}", commit, said));
}

Reading by_commit(const store::Store& store, const std::string& word) {
  auto commits = commits_of(store, word);
  if (!commits) return fail(commits.error());
  return by_commits(store, word, *std::move(commits), "");
}

// What is near a word that names nothing.
Result<core::Error> names_nothing(const store::Store& store, const std::string& word) {
  auto tags = store.tags(std::nullopt);
  if (!tags) return fail(tags.error());
  auto subjects = store.subject_names();
  if (!subjects) return fail(subjects.error());
  std::vector<std::string> near{"latest", "session:latest"};
  for (const std::string& subject : *subjects) near.push_back(subject + "@PROBLEM");
  for (const auto& [key, value] : *tags) {
    near.push_back(value);
    near.push_back(key + "=" + value);
  }
  // A phase alone is a series that lacks its problem, whatever else is near.
  const bool phase = std::find(subjects->begin(), subjects->end(), word) != subjects->end();
  const auto close = phase ? std::vector<std::string>{word + "@PROBLEM"} : core::nearest_names(word, near);
  std::string hint = "give a run's number (see: list runs), latest, a tag, a commit, or PHASE@PROBLEM";
  if (!close.empty()) hint = fmt::format("did you mean {}? Else {}", core::shortened(close.front()), hint);
  return core::Error{ErrorCode::kUsage, fmt::format("'{}' names no run", core::shortened(word)), hint, {}};
}

Reading by_git(const store::Store& store, const std::string& word, const core::Error& otherwise) {
  auto commits = commits_by_git(store, word, otherwise);
  if (!commits) return fail(commits.error());
  auto runs = by_commits(store, word, *std::move(commits), fmt::format(" ({})", core::shortened(word)));
  if (runs && !*runs) return fail(otherwise);
  return runs;
}

// What else a number or a tag names, so that nobody takes one for the other.
std::string also_named(const store::Store& store, const std::string& word, bool is_tag) {
  if (!is_tag) {
    auto tag = by_tag(store, word);
    auto tags = tags_of(store, word);
    if (tag && *tag && tags && !tags->empty()) {
      return fmt::format("; the tag of that value is meant by {}={}",
                         core::shortened(tags->front().begin()->first), core::shortened(word));
    }
  }
  auto commit = by_commit(store, word);
  return commit && *commit ? "; the commit that begins so is meant by more of its digits" : "";
}

}  // namespace

Result<NamedRuns> named_runs(const store::Store& store, const std::string& word) {
  if (auto latest = store.latest_run(); !latest) return fail(latest.error());
  constexpr Reading (*kReadings[])(const store::Store&, const std::string&) = {by_number, by_latest,
                                                                               by_session, by_tag, by_commit};
  for (const auto read : kReadings) {
    auto runs = read(store, word);
    if (!runs) return fail(runs.error());
    if (!*runs) continue;
    if (read == by_number || read == by_tag) (*runs)->sentence += also_named(store, word, read == by_tag);
    return **std::move(runs);
  }
  auto nothing = names_nothing(store, word);
  if (!nothing) return fail(nothing.error());
  core::Error error = *nothing;
  if (word.find('@') != std::string::npos) {
    bool unknown_phase = false;
    auto runs = runs_of_series(store, word, unknown_phase);
    if (runs || !unknown_phase) return runs;
    error = runs.error();
  }
  auto runs = by_git(store, word, error);
  if (!runs) return fail(runs.error());
  return **std::move(runs);
}

Result<RowId> find_run(const store::Store& store, const std::string& word) {
  auto runs = named_runs(store, word);
  if (!runs) return fail(runs.error());
  return runs->ids.back();
}

}  // namespace flashcore::session
