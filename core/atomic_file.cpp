#include "core/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  bool open() {
    descriptor_ = ::mkstemp(path_.data());
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
    // mkstemp makes the file private; give it what the user's umask would have given.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return ::fchmod(descriptor_, 0666 & ~mask) == 0 && ::fsync(descriptor_) == 0;
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

}  // namespace

Status write_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail(cannot_write(path, EISDIR));
  // A device such as /dev/full or a pipe cannot be renamed over; write to it as it is.
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    std::ofstream out(path, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) return fail(cannot_write(path, errno != 0 ? errno : EIO));
    return {};
  }
  TemporaryFile file(path.string() + ".XXXXXX");
  if (!file.open()) return fail(cannot_write(path, errno));
  if (!file.write(content)) return fail(cannot_write(path, errno));
  if (!file.close_and_rename(path)) return fail(cannot_write(path, errno));
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::kFile, fmt::format("{} is a folder, not a file", path.string()));
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return fail(ErrorCode::kFile, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)),
                "check the path");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > limit_bytes) {
    return fail(ErrorCode::kFile, fmt::format("{} is larger than {} bytes", path.string(), limit_bytes));
  }
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) return fail(ErrorCode::kFile, fmt::format("cannot read {}", path.string()));
  return content;
}

}  // namespace flashcore::core
