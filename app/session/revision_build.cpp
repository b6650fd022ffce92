#include "app/session/revision_build.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <system_error>
#include <thread>
#include <vector>

#include "app/session/file_lock.h"
#include "core/atomic_file.h"
#include "core/child_process.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kWhole = "flashcore-built";
constexpr std::size_t kLinesKept = 200;
constexpr std::size_t kLinesShown = 20;
constexpr std::size_t kShortSha = 10;

Result<std::filesystem::path> default_cache() {
  std::filesystem::path base;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/') {
    base = xdg;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    base = std::filesystem::path(home) / ".cache";
  } else {
    return fail(ErrorCode::kFile, "there is no place for builds: neither XDG_CACHE_HOME nor HOME is set",
                "set XDG_CACHE_HOME");
  }
  return base / "flashcore/builds";
}

class Builder {
 public:
  Builder(const RevisionBuild& build, std::filesystem::path cache, const core::CancelToken& cancel,
          const std::function<void(const std::string&)>& on_progress)
      : build_(build),
        cancel_(cancel),
        on_progress_(on_progress),
        root_(cache / build.sha),
        source_(root_ / "src"),
        folder_(root_ / (build.architectures.empty() ? "default" : build.architectures)),
        short_(build.sha.substr(0, kShortSha)) {}

  Result<std::filesystem::path> program() {
    std::error_code error;
    std::filesystem::create_directories(root_, error);
    if (error) {
      return fail(ErrorCode::kFile, fmt::format("cannot create {}: {}", root_.string(), error.message()),
                  "set XDG_CACHE_HOME to a folder that you may write to");
    }
    const auto lock = FileLock::take(root_.string() + ".lock", cancel_, [&](std::chrono::seconds so_far) {
      tell(fmt::format("waiting for another build of {} ({} s)", short_, so_far.count()));
    });
    if (!lock) return fail(lock.error());
    if (is_whole()) return result();
    if (auto ok = check_out(); !ok) return fail(ok.error());
    if (auto ok = configure_and_build(); !ok) {
      // What was stopped goes on next time; what failed would fail again.
      if (ok.error().code != ErrorCode::kCancelled) std::filesystem::remove_all(folder_, error);
      return fail(ok.error());
    }
    if (auto ok = core::write_file(folder_ / kWhole, fmt::format("{}\n", fmt::join(settings(), "\n"))); !ok)
      return fail(ok.error());
    return result();
  }

 private:
  std::filesystem::path result() const { return folder_ / "bin/flashcore-profile"; }

  bool has_program() const {
    std::error_code error;
    return std::filesystem::is_regular_file(result(), error);
  }
  bool is_whole() const {
    const auto said = core::read_file(folder_ / kWhole);
    return said && *said == fmt::format("{}\n", fmt::join(settings(), "\n")) && has_program();
  }

  std::vector<std::string> settings() const {
    std::vector<std::string> list{"-DCMAKE_BUILD_TYPE=Release", "-DFLASHCORE_GUI=OFF",
                                  "-DFLASHCORE_TESTS=OFF"};
    if (!build_.architectures.empty()) list.push_back("-DCMAKE_CUDA_ARCHITECTURES=" + build_.architectures);
    return list;
  }

  // Without what a hook of git sets for its own repository, which would be taken for this one.
  static core::ChildSpec tool(std::vector<std::string> command) {
    std::vector<std::string> arguments{"-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return {.program = "env",
            .arguments = std::move(arguments),
            .environment = {{"LC_ALL", "C.UTF-8"}, {"GIT_TERMINAL_PROMPT", "0"}},
            .ends_with_parent = true};
  }

  Result<core::ChildEnd> git(const std::filesystem::path& folder, std::vector<std::string> arguments) {
    std::vector<std::string> command{"git", "-C", folder.string(), "-c", "core.hooksPath=/dev/null"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto end = core::run_child(tool(std::move(command)), {.cancel = &cancel_});
    if (!end) return end;
    if (end->cancelled) return fail(ErrorCode::kCancelled, "stopped");
    return end;
  }

  // The sources are those of the revision, all of them and nothing else.
  Result<bool> is_checked_out() {
    std::error_code error;
    if (!std::filesystem::exists(source_ / ".git", error)) return false;
    const auto head = git(source_, {"rev-parse", "HEAD"});
    if (!head) return fail(head.error());
    if (head->code != 0 || head->output != build_.sha + "\n") return false;
    const auto changes = git(source_, {"status", "--porcelain", "--untracked-files=no"});
    if (!changes) return fail(changes.error());
    return changes->code == 0 && changes->output.empty();
  }

  Status check_out() {
    const auto there = is_checked_out();
    if (!there) return fail(there.error());
    if (*there) return {};
    tell(fmt::format("checking out {}", short_));
    std::error_code error;
    std::filesystem::remove_all(source_, error);
    const auto end = git(build_.repository,
                         {"worktree", "add", "--force", "--force", "--detach", source_.string(), build_.sha});
    if (!end) return fail(end.error());
    if (end->code != 0 || end->signal != 0) {
      return fail(ErrorCode::kExternalTool, fmt::format("git does not check {} out", short_),
                  "try it by hand: git worktree add --detach FOLDER " + short_, end->errors);
    }
    return {};
  }

  Status configure_and_build() {
    std::vector<std::string> configure{"cmake",          "-S", source_.string(), "-B",
                                       folder_.string(), "-G", "Ninja"};
    const auto chosen = settings();
    configure.insert(configure.end(), chosen.begin(), chosen.end());
    if (auto ok = run("configuring", std::move(configure)); !ok) return ok;
    if (auto ok = run("building", {"ninja", "-C", folder_.string(), "flashcore-profile"}); !ok) return ok;
    if (has_program()) return {};
    return fail(ErrorCode::kExternalTool, fmt::format("the build of {} has no bin/flashcore-profile", short_),
                "a revision that old cannot be measured this way");
  }

  // To its end, telling how far it is.
  Status run(const char* what, std::vector<std::string> command) {
    const std::string name = command.front();
    auto child = core::LineChild::start(tool(std::move(command)));
    if (!child) return fail(child.error());
    std::deque<std::string> lines;
    const auto began = Clock::now();
    auto told = began - std::chrono::seconds(2);
    while (true) {
      if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped while a revision was built");
      auto line = (*child)->read_line(milliseconds(100));
      if (!line) break;  // its output has ended
      if (*line) {
        lines.push_back(*std::move(*line));
        if (lines.size() > kLinesKept) lines.pop_front();
      }
      if (Clock::now() - told < std::chrono::seconds(1)) continue;
      told = Clock::now();
      const auto so_far = std::chrono::duration_cast<std::chrono::seconds>(told - began).count();
      tell(fmt::format("{} {}, {} s{}{}", what, short_, so_far, lines.empty() ? "" : ": ",
                       lines.empty() ? "" : lines.back()));
    }
    // A build takes as long as it takes, also after it has closed its output.
    while ((*child)->running()) {
      if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped while a revision was built");
      (void)(*child)->errors();
      std::this_thread::sleep_for(milliseconds(20));
    }
    const core::ChildEnd end = (*child)->finish(milliseconds(1000));
    if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped while a revision was built");
    if (end.code == 0 && end.signal == 0) return {};
    if (end.code == 127) {
      return fail(ErrorCode::kExternalTool, fmt::format("{} is needed to build a revision", name),
                  "scripts/install_packages installs it", end.errors);
    }
    return fail(ErrorCode::kExternalTool,
                fmt::format("{} does not build ({}, {})", short_, what, core::how_it_ended(end)),
                fmt::format("its sources are in {}", source_.string()), last_words(lines, end.errors));
  }

  // From the failing command on; of CMake, which writes its errors to standard error, those.
  static std::string last_words(const std::deque<std::string>& lines, const std::string& errors) {
    std::vector<std::string> shown;
    for (const std::string& line : lines) {
      if (line.starts_with("FAILED:")) shown.clear();
      shown.push_back(line);
    }
    if (!errors.empty()) shown = {errors};
    if (shown.size() > kLinesShown && !shown.front().starts_with("FAILED:"))
      shown.erase(shown.begin(), shown.end() - kLinesShown);
    if (shown.size() > kLinesShown) shown.resize(kLinesShown);
    return fmt::format("{}", fmt::join(shown, "\n"));
  }

  void tell(const std::string& text) const {
    if (on_progress_) on_progress_(text);
  }

  const RevisionBuild& build_;
  const core::CancelToken& cancel_;
  const std::function<void(const std::string&)>& on_progress_;
  std::filesystem::path root_, source_, folder_;
  std::string short_;
};

}  // namespace

Result<std::filesystem::path> built_program(const RevisionBuild& build, const core::CancelToken& cancel,
                                            const std::function<void(const std::string&)>& on_progress) {
  std::filesystem::path cache = build.cache;
  if (cache.empty()) {
    auto folder = default_cache();
    if (!folder) return fail(folder.error());
    cache = *std::move(folder);
  }
  return Builder(build, std::move(cache), cancel, on_progress).program();
}

std::string architecture_of(int compute_major, int compute_minor) {
  return fmt::format("{}{}{}-real", compute_major, compute_minor, compute_major >= 9 ? "a" : "");
}

}  // namespace flashcore::session
