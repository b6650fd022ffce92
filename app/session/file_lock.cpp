#include "app/session/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cctype>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;

constexpr std::chrono::milliseconds kTick{20};

// flock needs no right to write, so a file that somebody else made will do. Never through a link: the folder
// may be one that everybody writes to.
int open_lock(const std::filesystem::path& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  for (int tries = 0; tries < 3; ++tries) {
    int file = ::open(path.c_str(), kFlags);
    if (file >= 0 || errno != ENOENT) return file;
    file = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0644);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

}  // namespace

core::Result<FileLock> FileLock::take(const std::filesystem::path& path, const core::CancelToken& cancel,
                                      const std::function<void(std::chrono::seconds)>& on_wait) {
  core::child::Descriptor file(open_lock(path));
  if (!file.open()) {
    return fail(ErrorCode::kFile, fmt::format("cannot make the lock {}", path.string()),
                "its folder has to be one that you may write to", std::generic_category().message(errno));
  }
  const auto began = std::chrono::steady_clock::now();
  std::chrono::seconds told{0};
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail(ErrorCode::kFile, fmt::format("cannot lock {}", path.string()), "",
                  std::generic_category().message(errno));
    }
    if (cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
    std::this_thread::sleep_for(kTick);
    const auto so_far =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    if (so_far > told && on_wait) on_wait(told = so_far);
  }
  return FileLock(std::move(file));
}

std::filesystem::path gpu_lock_path(const std::string& gpu) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code error;
  const bool there = runtime != nullptr && *runtime == '/' && std::filesystem::is_directory(runtime, error);
  const std::filesystem::path folder = there ? runtime : "/tmp";
  std::string name = "flashcore-gpu-";
  for (const char c : gpu) name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return folder / (name + ".lock");
}

}  // namespace flashcore::session
