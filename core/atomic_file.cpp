#include "core/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
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
  if (cause == EFBIG) hint = "raise the limit on file sizes (ulimit -f), or leave something out";
  if (cause == ENOSPC || cause == EDQUOT) hint = "free some room on that disk, or give a path on another one";
  return Error{
      ErrorCode::kFile, fmt::format("cannot write {}: {}", path.string(), std::strerror(cause)), hint, {}};
}

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

// SQLite plays such a file back into the database beside it, or takes it for the newest runs. The database is
// not opened to see whether it is one: closing it again would take the locks of this process from it
// (fcntl(2)).
bool beside_a_database(const std::filesystem::path& path) {
  const std::string name = path.string();
  for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
    struct stat info {};
    const std::string stem = name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : "";
    if (!stem.empty() && ::stat(stem.c_str(), &info) == 0 && S_ISREG(info.st_mode)) return true;
  }
  return false;
}

Status check_name(const std::filesystem::path& path) {
  if (!beside_a_database(path)) return {};
  return fail(ErrorCode::kUsage,
              fmt::format("cannot write {}: SQLite takes a file of that name for a part of the one beside it",
                          path.string()),
              "give another name");
}

}  // namespace

struct NewFile::Parts {
  std::filesystem::path named;   // as the caller said it
  std::filesystem::path target;  // behind links
  std::string temporary;
  int descriptor = -1;

  ~Parts() {
    if (descriptor >= 0) ::close(descriptor);
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  // A name of its own in the target's folder. open() gives the file the rights that the user's umask asks
  // for.
  bool open() {
    static std::atomic<unsigned> count{0};
    const std::filesystem::path folder = target.parent_path();
    do {
      const unsigned number = count.fetch_add(1, std::memory_order_relaxed);
      temporary = ((folder.empty() ? "." : folder) / fmt::format(".flashcore-{}-{}.tmp", ::getpid(), number))
                      .string();
      descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor < 0 && (errno == EEXIST || errno == EINTR));
    if (descriptor < 0) temporary.clear();
    return descriptor >= 0;
  }

  // What is replaced keeps its mode, and its owner where that may be given.
  void take_over(const struct stat& old) {
    if (::fchown(descriptor, old.st_uid, old.st_gid) != 0) {
      // Only root may give a file away; it is then the writer's own.
    }
    constexpr mode_t kRights = 07777;
    ::fchmod(descriptor, old.st_mode & kRights);
  }
};

NewFile::NewFile(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
NewFile::NewFile(NewFile&&) noexcept = default;
NewFile& NewFile::operator=(NewFile&&) noexcept = default;
NewFile::~NewFile() = default;

Result<NewFile> NewFile::create(const std::filesystem::path& path) {
  if (path.empty()) return fail(cannot_write("''", ENOENT));
  if (auto good = check_name(path); !good) return fail(good.error());
  auto parts = std::make_unique<Parts>();
  parts->named = path;
  parts->target = behind_links(path);
  if (auto good = check_name(parts->target); !good) return fail(good.error());
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) return fail(cannot_write(path, EISDIR));
  if (exists && !S_ISREG(old.st_mode)) {
    // A device or a pipe cannot be replaced by renaming; it takes what comes.
    parts->descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (parts->descriptor < 0) return fail(cannot_write(path, errno));
    return NewFile(std::move(parts));
  }
  // Renaming needs no right on the file that it replaces; a file made read-only is meant to stay.
  if (exists && ::access(path.c_str(), W_OK) != 0) return fail(cannot_write(path, errno));
  if (!parts->open()) return fail(cannot_write(path, errno));
  if (exists) parts->take_over(old);
  return NewFile(std::move(parts));
}

Status NewFile::write(std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t n = ::write(parts_->descriptor, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(cannot_write(parts_->named, errno));
    piece.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status NewFile::commit() {
  const bool is_file = !parts_->temporary.empty();
  if (is_file && ::fsync(parts_->descriptor) != 0) return fail(cannot_write(parts_->named, errno));
  const int closed = ::close(parts_->descriptor);
  parts_->descriptor = -1;
  if (closed != 0 || (is_file && ::rename(parts_->temporary.c_str(), parts_->target.c_str()) != 0)) {
    return fail(cannot_write(parts_->named, errno));
  }
  parts_->temporary.clear();
  return {};
}

Status write_file(const std::filesystem::path& path, std::string_view content) {
  auto file = NewFile::create(path);
  if (!file) return fail(file.error());
  if (auto written = file->write(content); !written) return written;
  return file->commit();
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
