// The words PHASE@PROBLEM[@BUILD]: the runs of one phase on one problem, at one build.
//
// A build is a commit and the sources of the phase in it: the same source at another commit is another build,
// and so is a changed source at the same commit. Builds are newer by their newest run, in the order in which
// runs came into the database. Runs from warm caches, or with ",cold" behind the problem from cold ones;
// those of an import that does not say, where there are no warm ones. Of several classes of device that of
// the newest run. Wrong answers are left out.
//
// Owns: nothing. Threads: the Store's. Errors: kUsage, with what is near; those of word_lookups.h.
#pragma once

#include <string>

#include "app/session/run_words.h"

namespace flashcore::session {

// `word` holds an '@'. `unknown_phase` is set where the database has no such subject: the word may be meant
// for somebody else, such as git's HEAD@{1}.
core::Result<NamedRuns> runs_of_series(const store::Store& store, const std::string& word,
                                       bool& unknown_phase);

}  // namespace flashcore::session
