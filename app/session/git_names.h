// What git in the working folder says of a name: the commit of a branch, a tag, HEAD~3.
//
// Owns: nothing. Threads: any; runs git and waits for it, a few milliseconds. Errors: none: what git does not
// know, and that it is missing, is an answer.
#pragma once

#include <string>

namespace flashcore::session {

struct GitAnswer {
  enum class Kind { kCommit, kUnknown, kNoRepository, kNoGit };
  Kind kind = Kind::kUnknown;
  std::string sha;   // of kCommit: whole
  std::string said;  // of the others: git's or the system's words, where there are any
};

GitAnswer commit_by_git(const std::string& name);

}  // namespace flashcore::session
