// Words for runs: how a person names one run or several, the same in every command.
//
//   12                        the run of that number
//   latest, latest~1          the newest run, the one before
//   session:3, session:latest the runs of a session
//   nightly                   the runs with a tag of that value; key=value where it is to be that tag,
//                             key=value,key=value where it is to be all of them
//   1a2b3c4                   the runs of a commit, by at least 7 digits of it
//   main, HEAD, v1.2          a branch or tag of git in the working folder: the runs of its commit
//   fused@mission             all runs of a phase on a problem at its newest build there
//   fused@mission@1a2b3c4     ... at a commit (or branch); fused@@1a2b3c4: on every problem
//   fused@mission@latest~1    ... at the build before the newest
// A word that reads as several of these is the first of them that holds runs, and `sentence` says which; a
// word that names nothing says what is near. docs/words.md is the same for people.
//
// Owns: its strings. Threads: the Store's. Errors: kUsage with the nearest names; kTool where git is needed and
// missing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct NamedRuns {
  std::string word;
  std::string sentence;            // "the 8 runs of wmma on mission at 1a2b3c4"
  std::vector<core::RowId> ids;    // in the order taken; never empty
};

core::Result<NamedRuns> named_runs(const store::Store& store, const std::string& word);

// The run that a word names: of several the newest. kUsage where there is none.
core::Result<core::RowId> find_run(const store::Store& store, const std::string& word);

}  // namespace flashcore::session
