#include "app/session/word_lookups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/units.h"
#include "app/session/git_names.h"
#include "core/nearest.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

constexpr std::size_t kLeastDigits = 7, kMostDigits = 64;
constexpr std::size_t kShownDigits = 10;
constexpr int kMostTags = 200;  // keys that have one value

std::string shown_commits(const std::vector<std::string>& commits, std::size_t most) {
  std::vector<std::string> shown;
  for (const std::string& commit : commits) {
    if (shown.size() == most) {
      shown.emplace_back("...");
      break;
    }
    shown.push_back(short_commit(commit));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

// "compare=ID,side=a": both tags; nothing where a part is no key=value, or a key is there twice.
core::Tags joined_tags(const std::string& word) {
  core::Tags tags;
  for (std::size_t begin = 0; begin <= word.size();) {
    const std::size_t end = std::min(word.find(',', begin), word.size());
    const std::string part = word.substr(begin, end - begin);
    const auto equals = part.find('=');
    if (equals == std::string::npos || equals == 0) return {};
    if (!tags.emplace(part.substr(0, equals), part.substr(equals + 1)).second) return {};
    begin = end + 1;
  }
  return tags;
}

// The database may have noted fewer digits of a commit than git knows.
Result<std::vector<std::string>> stored_as(const store::Store& store, const std::string& sha) {
  auto commits = store.commits("");
  if (!commits) return commits;
  std::erase_if(*commits, [&](const std::string& commit) {
    return commit.size() < kLeastDigits || !(sha.starts_with(commit) || commit.starts_with(sha));
  });
  return commits;
}

}  // namespace

Result<store::RunHeads> heads_of(const store::Store& store, std::vector<store::RunFilter> filters) {
  store::RunHeads all;
  for (store::RunFilter& filter : filters) {
    filter.limit = kMostRunsOfAWord;
    auto heads = store.run_heads(filter);
    if (!heads) return heads;
    all.more = all.more || heads->more;
    all.runs.insert(all.runs.end(), std::make_move_iterator(heads->runs.begin()),
                    std::make_move_iterator(heads->runs.end()));
  }
  if (filters.size() < 2) return all;
  const auto newer = [](const store::RunHead& a, const store::RunHead& b) { return a.id > b.id; };
  const auto same = [](const store::RunHead& a, const store::RunHead& b) { return a.id == b.id; };
  std::stable_sort(all.runs.begin(), all.runs.end(), newer);
  all.runs.erase(std::unique(all.runs.begin(), all.runs.end(), same), all.runs.end());
  if (all.runs.size() > kMostRunsOfAWord) {
    all.runs.resize(kMostRunsOfAWord);
    all.more = true;
  }
  return all;
}

std::string counted_runs(std::size_t count, bool more) {
  if (more) {
    return fmt::format("the newest {} of the runs", analysis::format_count(static_cast<double>(count)));
  }
  return count == 1 ? "the run"
                    : fmt::format("the {} runs", analysis::format_count(static_cast<double>(count)));
}

std::string short_commit(const std::string& commit) {
  return commit.size() <= kShownDigits ? commit : commit.substr(0, kShownDigits);
}

std::optional<std::int64_t> steps_back(std::string_view word) {
  constexpr std::string_view kLatest = "latest";
  constexpr std::int64_t kMost = 1'000'000'000;
  if (!word.starts_with(kLatest)) return std::nullopt;
  word.remove_prefix(kLatest.size());
  if (word.empty()) return 0;
  if (word.front() != '~') return std::nullopt;
  const auto back = core::whole_number(word.substr(1));
  return back && *back >= 0 && *back <= kMost ? back : std::nullopt;
}

Result<std::vector<core::Tags>> tags_of(const store::Store& store, const std::string& word) {
  std::vector<core::Tags> found;
  if (const auto equals = word.find('='); equals != std::string::npos && equals > 0) {
    found.push_back({{word.substr(0, equals), word.substr(equals + 1)}});
    if (auto joined = joined_tags(word); joined.size() > 1) found.push_back(std::move(joined));
  }
  auto tags = store.tags(word, kMostTags);
  if (!tags) return fail(tags.error());
  for (const auto& [key, value] : *tags) found.push_back({{key, value}});
  return found;
}

Result<std::vector<std::string>> commits_of(const store::Store& store, const std::string& word) {
  if (word.size() < kLeastDigits || word.size() > kMostDigits ||
      word.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return std::vector<std::string>{};
  }
  auto commits = store.commits(word);
  if (!commits || commits->size() < 2) return commits;
  return fail(ErrorCode::kUsage,
              fmt::format("'{}' begins {} commits: {}", word, commits->size(), fmt::join(*commits, ", ")),
              "give more digits of the one that is meant");
}

Result<std::vector<std::string>> commits_by_git(const store::Store& store, const std::string& name,
                                                core::Error otherwise) {
  const GitAnswer git = commit_by_git(name);
  switch (git.kind) {
    case GitAnswer::Kind::kUnknown: return fail(std::move(otherwise));
    case GitAnswer::Kind::kNoRepository:
      otherwise.message += ", and the working folder is in no git repository that could know it as a branch";
      return fail(std::move(otherwise));
    case GitAnswer::Kind::kNoGit:
      otherwise.code = ErrorCode::kExternalTool;
      otherwise.message += ", and git is not here to say whether it is a branch";
      otherwise.context = git.said;
      return fail(std::move(otherwise));
    case GitAnswer::Kind::kCommit: break;
  }
  auto commits = stored_as(store, git.sha);
  if (!commits || !commits->empty()) return commits;
  auto known = store.commits("");
  if (!known) return known;
  return fail(ErrorCode::kUsage,
              fmt::format("{} is commit {}, of which the database holds no runs", core::shortened(name),
                          short_commit(git.sha)),
              fmt::format("it has runs of: {}; compare --measure builds a revision and times it",
                          shown_commits(*known, 5)));
}

}  // namespace flashcore::session
