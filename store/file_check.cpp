#include "store/file_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "store/migrate.h"

namespace flashcore::store {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::fail;

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kHeaderBytes = 100;

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

core::Error refused(std::string_view name, std::string_view why, std::string hint) {
  return core::Error{
      ErrorCode::kDatabase, fmt::format("cannot open the database {}: {}", name, why), std::move(hint), {}};
}

core::Error not_ours(std::string_view name, std::string_view what) {
  return refused(name, what, "give another path; FlashCore creates the database where there is none");
}

// What the first bytes look like, for people who have mixed up two files.
std::string_view kind_of(std::string_view head) {
  if (head.starts_with("\xff\xd8\xff")) return " (it looks like a JPEG picture)";
  if (head.starts_with("\x89PNG")) return " (it looks like a PNG picture)";
  if (head.starts_with("\x28\xb5\x2f\xfd")) {
    return " (it is compressed with zstd, as recordings are; replay it instead)";
  }
  if (head.starts_with("\x1f\x8b")) return " (it is compressed with gzip)";
  if (head.starts_with("\x7f"
                       "ELF")) {
    return " (it is a program)";
  }
  if (head.starts_with("%PDF")) return " (it is a PDF document)";
  return "";
}

struct Header {
  std::string_view bytes;
  std::uint64_t file_bytes;

  std::uint64_t page_bytes() const {
    const std::uint32_t stored = big_endian(bytes, 16, 2);
    return stored == 1 ? 65536 : stored;
  }
  std::uint64_t pages() const { return big_endian(bytes, 28, 4); }
  // Programs older than SQLite 3.7.0 do not keep the page count; it is valid where these agree.
  bool pages_valid() const { return pages() > 0 && big_endian(bytes, 24, 4) == big_endian(bytes, 92, 4); }
  std::int64_t user_version() const { return static_cast<std::int32_t>(big_endian(bytes, 60, 4)); }
  std::int64_t application_id() const { return big_endian(bytes, 68, 4); }
};

// `settled`: nothing lies beside the file that would still change its pages.
core::Result<int> check_header(const Header& header, const std::string& name, bool settled) {
  const std::string_view head = header.bytes;
  if (head.substr(0, kMagic.size()) != kMagic.substr(0, std::min(head.size(), kMagic.size()))) {
    return fail(not_ours(name, fmt::format("it is not an SQLite database{}", kind_of(head))));
  }
  if (head.size() < kHeaderBytes) {
    return fail(damaged(name, fmt::format("it ends after {} bytes, inside its header", head.size())));
  }
  if (header.application_id() != kApplicationId) {
    return fail(not_ours(name, "it is an SQLite database of another program"));
  }
  if (header.user_version() > schema_version()) return fail(newer_schema(name, header.user_version()));
  if (header.user_version() < 0) {
    return fail(damaged(name, fmt::format("its header says schema {}", header.user_version())));
  }
  const std::uint64_t page = header.page_bytes();
  if (page < 512 || (page & (page - 1)) != 0) {
    return fail(damaged(name, fmt::format("its header says that a page has {} bytes", page)));
  }
  if (settled && header.pages_valid() && header.file_bytes < header.pages() * page) {
    return fail(damaged(name, fmt::format("it has {} bytes but should have {} ({} pages of {} bytes), so it "
                                          "has been cut off",
                                          header.file_bytes, header.pages() * page, header.pages(), page)));
  }
  return static_cast<int>(header.user_version());
}

bool has_content(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

fs::path folder_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// Where a chain of links ends: SQLite puts its log there, and not beside the link.
fs::path behind_links(const fs::path& path) {
  std::error_code error;
  auto real = fs::canonical(path, error);
  return error ? path : real;
}

core::Result<FileState> check_missing(const fs::path& path, Mode mode, int cause) {
  const fs::path folder = folder_of(path);
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno == ENOENT) {
      return fail(refused(path.string(), fmt::format("the folder {} does not exist", folder.string()),
                          "create the folder first, or give another path"));
    }
    return fail(refused(path.string(), std::strerror(errno), "check the path and the rights of its folders"));
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(refused(path.string(), fmt::format("{} is not a folder", folder.string()), "check the path"));
  }
  if (cause != ENOENT) return fail(refused(path.string(), std::strerror(cause), "check the path"));
  if (mode == Mode::kReadOnly) {
    return fail(refused(path.string(), "there is no such file",
                        "check the path, or take a first run, which creates the database"));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return fail(refused(path.string(), fmt::format("the folder {} is read-only", folder.string()),
                        "give a path in a folder that you may write to"));
  }
  FileState state;
  state.is_new = true;
  state.writable = true;
  return state;
}

core::Status check_rights(const fs::path& path, Mode mode, FileState& state) {
  if (::access(path.c_str(), R_OK) != 0) {
    return fail(refused(path.string(), "you may not read it",
                        "ask its owner for the right to read it, or give another path"));
  }
  const bool file_writable = ::access(path.c_str(), W_OK) == 0;
  const fs::path folder = folder_of(behind_links(path));
  const bool folder_writable = ::access(folder.c_str(), W_OK | X_OK) == 0;
  state.writable = file_writable && folder_writable;
  if (mode == Mode::kReadOnly || state.writable) return {};
  if (!file_writable) {
    return fail(refused(path.string(), "the file is read-only",
                        "make it writable (chmod u+w), or give another database for new runs; it can still "
                        "be read"));
  }
  return fail(refused(path.string(), fmt::format("its folder {} is read-only", folder.string()),
                      "make the folder writable (the write-ahead log lies beside the database), or give "
                      "another database for new runs; it can still be read"));
}

// The first bytes and the size; errno on failure.
std::optional<std::pair<std::string, std::uint64_t>> read_head(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::array<char, kHeaderBytes> head{};
  const ssize_t n = ::pread(descriptor, head.data(), head.size(), 0);
  struct stat info {};
  const bool known = n >= 0 && ::fstat(descriptor, &info) == 0;
  const int cause = errno;
  ::close(descriptor);
  errno = cause;
  if (!known) return std::nullopt;
  return std::pair(std::string(head.data(), static_cast<std::size_t>(n)),
                   static_cast<std::uint64_t>(info.st_size));
}

core::Result<FileState> check_once(const fs::path& path, Mode mode) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return check_missing(path, mode, errno);
  if (S_ISDIR(info.st_mode)) {
    return fail(refused(path.string(), "it is a folder",
                        "give the path of a file in it, for example " + (path / "flashcore.db").string()));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(refused(path.string(), "it is a device or a pipe, not a file", "give the path of a file"));
  }
  FileState state;
  state.existed = true;
  if (auto rights = check_rights(path, mode, state); !rights) return fail(rights.error());
  const auto head = read_head(path);
  if (!head) return fail(refused(path.string(), std::strerror(errno), "check the disk"));
  if (head->second == 0) {
    if (mode == Mode::kReadWrite) {
      state.is_new = true;
      return state;
    }
    return fail(refused(path.string(), "the file is empty",
                        "take a first run with it, which makes it a database, or give another path"));
  }
  const std::string real = behind_links(path).string();
  state.has_wal = has_content(real + "-wal");
  state.has_journal = has_content(real + "-journal");
  const bool settled = !state.has_wal && !state.has_journal;
  auto schema = check_header(Header{head->first, head->second}, path.string(), settled);
  if (!schema) return fail(schema.error());
  state.schema = *schema;
  if (mode == Mode::kReadOnly && state.has_journal) {
    return fail(refused(
        path.string(),
        fmt::format(
            "a journal lies beside it ({}-journal), so a program was stopped in the middle of a change",
            path.string()),
        "open it once for writing (any run with --db does), which takes the half change back; if the journal "
        "is not this database's, move it away. Nothing was changed"));
  }
  return state;
}

}  // namespace

core::Error newer_schema(const std::string& name, std::int64_t found) {
  return refused(
      name, fmt::format("it has schema {}, and this program knows schemas up to {}", found, schema_version()),
      "use the newer FlashCore that wrote it, or give another database");
}

core::Error damaged(const std::string& name, std::string how) {
  return refused(name, fmt::format("it is damaged: {}", how),
                 "restore it from a copy, or move it away and start a new one; the file was not changed");
}

core::Result<FileState> check_file(const fs::path& path, Mode mode) {
  // Another program may be in the middle of moving pages from its log into the file, which looks
  // like damage from outside for a moment; real damage stays.
  constexpr int kAttempts = 3;
  auto state = check_once(path, mode);
  std::error_code ignored;
  for (int attempt = 1; attempt < kAttempts && !state && fs::is_regular_file(path, ignored); ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    state = check_once(path, mode);
  }
  return state;
}

core::Result<int> check_bytes(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return fail(refused(name, "it is empty", "give another file"));
  return check_header(Header{bytes.substr(0, kHeaderBytes), bytes.size()}, name, true);
}

}  // namespace flashcore::store
