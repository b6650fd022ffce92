// What the parts of a word for runs are looked up by: tags, commits, names of git, steps back.
//
// Owns: nothing. Threads: the Store's. Errors: kUsage with what is near; kExternalTool where git is needed
// and missing; those of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

// How many runs one word names at most, the newest.
inline constexpr int kMostRunsOfAWord = 10'000;

// The runs that any of the filters keeps, each once, newest first.
core::Result<store::RunHeads> heads_of(const store::Store& store, std::vector<store::RunFilter> filters);

// "the run", "the 8 runs", "the newest 10,000 of the runs" where there are more.
std::string counted_runs(std::size_t count, bool more);

// The first digits of a commit, as sentences have it.
std::string short_commit(const std::string& commit);

// "latest" is 0, "latest~2" is 2; nothing for any other text.
std::optional<std::int64_t> steps_back(std::string_view word);

// The tags that a word may mean, one a filter: key=value as it stands, all of
// key=value,key=value, and every key that has that value.
core::Result<std::vector<core::Tags>> tags_of(const store::Store& store, const std::string& word);

// The commit that begins with `word`, where it is at least seven hexadecimal digits; none for any other text.
// kUsage where it begins several.
core::Result<std::vector<std::string>> commits_of(const store::Store& store, const std::string& word);

// What the database calls the commit of a branch, tag or expression of git in the working folder. Where git
// does not know the name, or there is none, `otherwise` with what git said.
core::Result<std::vector<std::string>> commits_by_git(const store::Store& store, const std::string& name,
                                                      core::Error otherwise);

}  // namespace flashcore::session
