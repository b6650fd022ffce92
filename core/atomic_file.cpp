#include "core/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace flashcore::core {
namespace {

Error cannot_write(const std::filesystem::path& path, int cause) {
  std::string hint = "give another path";
  if (cause == ENOENT) hint = "create the folder first, or give another path";
  if (cause == EACCES || cause == EROFS || cause == EPERM) hint = "give a path that you may write to";
  if (cause == ENOSPC || cause == EDQUOT) hint = "free some room on that disk, or give a path on another one";
  return Error{
      ErrorCode::kFile, fmt::format("cannot write {}: {}", path.string(), std::strerror(cause)), hint, {}};
}

// Removes the temporary file unless the rename has happened.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  // A name of its own in `folder`. open() gives the file the rights that the user's umask asks for.
  bool open(const std::filesystem::path& folder) {
    static std::atomic<unsigned> count{0};
    do {
      const unsigned number = count.fetch_add(1, std::memory_order_relaxed);
      path_ = (folder / fmt::format(".flashcore-{}-{}.tmp", ::getpid(), number)).string();
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && (errno == EEXIST || errno == EINTR));
    if (descriptor_ < 0) path_.clear();
    return descriptor_ >= 0;
  }
  bool write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t n = ::write(descriptor_, content.data(), content.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      content.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fsync(descriptor_) == 0;
  }
  bool close_and_rename(const std::filesystem::path& target) {
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0 || ::rename(path_.c_str(), target.c_str()) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
};

// Where a chain of links ends, so that the file is replaced and the link stays.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // what Linux follows
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    const auto next = std::filesystem::read_symlink(path, error);
    if (error) break;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

// For what cannot be replaced by renaming: a device such as /dev/full, a pipe.
Status write_device(const std::filesystem::path& path, std::string_view content) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.flush();
  if (!out) return fail(cannot_write(path, errno != 0 ? errno : EIO));
  return {};
}

}  // namespace

Status write_file(const std::filesystem::path& path, std::string_view content) {
  if (path.empty()) return fail(cannot_write("''", ENOENT));
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) return fail(cannot_write(path, EISDIR));
  const bool exists = std::filesystem::exists(status);
  if (exists && !std::filesystem::is_regular_file(status)) return write_device(path, content);
  // Renaming needs no right on the file that it replaces; a file made read-only is meant to stay.
  if (exists && ::access(path.c_str(), W_OK) != 0) return fail(cannot_write(path, errno));
  const std::filesystem::path target = behind_links(path);
  const std::filesystem::path folder = target.parent_path();
  TemporaryFile file;
  if (!file.open(folder.empty() ? "." : folder)) return fail(cannot_write(path, errno));
  if (!file.write(content)) return fail(cannot_write(path, errno));
  if (!file.close_and_rename(target)) return fail(cannot_write(path, errno));
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::kFile, fmt::format("{} is a folder, not a file", path.string()),
                "give the path of a file");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return fail(ErrorCode::kFile, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)),
                "check the path and your rights on it");
  }
  // In pieces: a pipe or a device does not say how much there is.
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  const auto size = std::filesystem::file_size(path, error);
  std::string content;
  if (!error && size <= limit_bytes) content.reserve(size);
  std::size_t filled = 0;
  while (in && filled <= limit_bytes) {
    const std::size_t piece = std::min(kPiece, limit_bytes + 1 - filled);
    content.resize(filled + piece);
    in.read(content.data() + filled, static_cast<std::streamsize>(piece));
    filled += static_cast<std::size_t>(in.gcount());
  }
  if (in.bad()) return fail(ErrorCode::kFile, fmt::format("cannot read {}", path.string()), "check the disk");
  if (filled > limit_bytes) {
    return fail(ErrorCode::kFile, fmt::format("{} is larger than {} bytes", path.string(), limit_bytes),
                "check that it is the file that you meant");
  }
  content.resize(filled);
  return content;
}

}  // namespace flashcore::core
