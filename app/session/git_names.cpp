#include "app/session/git_names.h"

#include <algorithm>

#include "core/child_process.h"

namespace flashcore::session {
namespace {

using Kind = GitAnswer::Kind;

constexpr std::size_t kLongest = 250;  // no ref is longer: it is a file's name

// What may be a name at all. A leading dash would be an option of git.
bool may_be_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongest && name.front() != '-' &&
         std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

bool is_commit(const std::string& text) {
  return text.size() >= 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

GitAnswer commit_by_git(const std::string& name) {
  if (!may_be_name(name)) return {};
  const auto done = core::run_child({.program = "git",
                                     .arguments = {"rev-parse", "--verify", "--quiet", name + "^{commit}"},
                                     .environment = {{"LC_ALL", "C"}}},
                                    {.timeout = std::chrono::seconds(10), .output_bytes = 65536});
  if (!done) return {Kind::kNoGit, {}, done.error().message};
  const std::string sha = first_line(done->output);
  if (done->code == 0 && done->signal == 0 && is_commit(sha)) return {Kind::kCommit, sha, {}};
  // 128 is git's for everything that it cannot work with; a name that it does not know is 1.
  const bool outside = done->code == 128 && done->errors.find("repository") != std::string::npos;
  return {outside ? Kind::kNoRepository : Kind::kUnknown, {}, first_line(done->errors)};
}

}  // namespace flashcore::session
