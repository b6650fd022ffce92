#include "collectors/external_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

extern char** environ;

namespace flashcore::collectors {
namespace {

constexpr std::size_t kMaxOutputBytes = 64 * 1024;

}  // namespace

std::filesystem::path find_on_path(std::string_view name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
    std::error_code ignored;
    if (access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate, ignored))
      return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {};
}

std::string version_output(const std::filesystem::path& program) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::string path = program.string();
  std::string flag = "--version";
  std::array<char*, 3> arguments{path.data(), flag.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, path.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  if (failed == 0) {
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
      if (output.size() < kMaxOutputBytes) output.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
  close(ends[0]);
  if (failed == 0) (void)waitpid(child, nullptr, 0);
  return output;
}

std::string version_number(std::string_view text) {
  constexpr std::string_view kWord = "ersion ";
  const auto at = text.find(kWord);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kWord.size());
  return std::string(text.substr(0, text.find_first_not_of("0123456789.")));
}

}  // namespace flashcore::collectors
