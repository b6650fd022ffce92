#include "store/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/atomic_file.h"
#include "store/connection.h"
#include "store/failure.h"
#include "store/open_files.h"
#include "store/statement.h"

namespace flashcore::store {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::fail;

constexpr int kLevel = 19;
constexpr unsigned kZstdMagic = 0xFD2FB528;  // RFC 8878, section 3.1.1, little endian
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

core::Error unusable(const fs::path& path, std::string why, std::string detail = {}) {
  return core::Error{ErrorCode::kDatabase,
                     fmt::format("cannot read the recording {}: {}", path.string(), why),
                     "get the recording again, or give another one", std::move(detail)};
}

core::Error too_large(const fs::path& path) {
  return unusable(path, fmt::format("unpacked it is larger than {} MiB, which no recording is",
                                    kRecordingLimitBytes >> 20));
}

bool is_zstd(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  unsigned magic = 0;
  for (int i = 3; i >= 0; --i)
    magic = (magic << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return magic == kZstdMagic;
}

class Descriptor {
 public:
  explicit Descriptor(const fs::path& path) : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool good() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }
  // Fills `piece` as far as the file goes; false on an error (errno).
  bool read(std::string& piece) const {
    piece.resize(kPieceBytes);
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t n = ::read(number_, piece.data() + filled, piece.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      if (n == 0) break;
      filled += static_cast<std::size_t>(n);
    }
    piece.resize(filled);
    return true;
  }

 private:
  int number_;
};

// Bytes that SQLite will own, growing up to the limit.
class Unpacked {
 public:
  unsigned char* end() noexcept { return bytes_.get() + size_; }
  std::size_t room() const noexcept { return room_ - size_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return room_; }
  void add(std::size_t bytes) noexcept { size_ += bytes; }
  // Makes room for more; false beyond the limit.
  bool grow() {
    constexpr std::size_t kMost =
        static_cast<std::size_t>(kRecordingLimitBytes) + 1;  // one to see that it is too many
    if (room_ >= kMost) return false;
    const std::size_t wanted = std::min(kMost, std::max(kPieceBytes, 2 * room_));
    auto* more = static_cast<unsigned char*>(sqlite3_realloc64(bytes_.get(), wanted));
    if (more == nullptr) throw std::bad_alloc();
    bytes_.release();
    bytes_.reset(more);
    room_ = wanted;
    return true;
  }
  unsigned char* release() noexcept { return bytes_.release(); }

 private:
  std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes_{nullptr, sqlite3_free};
  std::size_t size_ = 0, room_ = 0;
};

// `piece` holds the beginning; the rest follows from the file.
core::Status unpack(const Descriptor& file, std::string& piece, const fs::path& path, Unpacked& out) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) throw std::bad_alloc();
  std::size_t wanted = 1;
  std::size_t read = 0;
  while (!piece.empty()) {
    read += piece.size();
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    while (true) {
      if (out.room() == 0 && !out.grow()) return fail(too_large(path));
      ZSTD_outBuffer to{out.end(), out.room(), 0};
      wanted = ZSTD_decompressStream(context.get(), &to, &in);
      if (ZSTD_isError(wanted) != 0) {
        return fail(unusable(path, "it is damaged", fmt::format("zstd: {}", ZSTD_getErrorName(wanted))));
      }
      const bool full = to.pos == to.size;
      out.add(to.pos);
      if (in.pos == in.size && (!full || wanted == 0)) break;
    }
    if (!file.read(piece)) return fail(unusable(path, std::strerror(errno)));
  }
  if (wanted != 0) return fail(unusable(path, fmt::format("it ends too early, after {} bytes", read)));
  return {};
}

core::Status take_plain(const Descriptor& file, std::string& piece, const fs::path& path, Unpacked& out) {
  while (!piece.empty()) {
    for (std::size_t at = 0; at < piece.size();) {
      if (out.room() == 0 && !out.grow()) return fail(too_large(path));
      const std::size_t bytes = std::min(out.room(), piece.size() - at);
      std::memcpy(out.end(), piece.data() + at, bytes);
      out.add(bytes);
      at += bytes;
    }
    if (!file.read(piece)) return fail(unusable(path, std::strerror(errno)));
  }
  return {};
}

// Whether a regular file is compressed. One that this process has open as a database is not even looked at.
bool begins_packed(const fs::path& path) {
  const auto held = OpenFiles::lock();
  if (OpenFiles::is_live(OpenFiles::key_of(path))) return false;
  const Descriptor file(path);
  std::string head(4, '\0');
  if (!file.good()) return true;  // reading it says why not
  return ::pread(file.number(), head.data(), head.size(), 0) == 4 && is_zstd(head);
}

// A recording is handed on: which card it was taken on is nobody's business. Cards of a class become one.
void leave_out_uuids(const fs::path& copy) {
  const Connection connection = connect(copy, Access::kReadWrite);
  execute(
      connection.get(),
      "PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON; BEGIN;"
      "UPDATE run SET device_id = (SELECT min(o.id) FROM device d JOIN device o ON o.class_id = d.class_id "
      "WHERE d.id = run.device_id) WHERE device_id IS NOT NULL;"
      "DELETE FROM device WHERE id NOT IN (SELECT min(id) FROM device GROUP BY class_id);"
      "UPDATE device SET uuid = '';"
      "COMMIT");
}

core::Error stopped() {
  return core::Error{ErrorCode::kCancelled, "the recording was stopped; nothing was written", {}, {}};
}

// `from` through zstd into `into`, a piece at a time.
core::Status pack(const fs::path& from, core::NewFile& into, const core::CancelToken& cancel) {
  const Descriptor file(from);
  if (!file.good())
    return fail(ErrorCode::kFile, fmt::format("cannot read {}", from.string()), "check the disk");
  struct stat info {};
  ::fstat(file.number(), &info);
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), static_cast<unsigned long long>(info.st_size));
  std::string piece, packed(ZSTD_CStreamOutSize(), '\0');
  for (bool last = false; !last;) {
    if (cancel.requested()) return fail(stopped());
    if (!file.read(piece))
      return fail(ErrorCode::kFile, fmt::format("cannot read {}", from.string()), "check the disk");
    last = piece.size() < kPieceBytes;
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    std::size_t left = 1;
    while (last ? left != 0 : in.pos < in.size) {
      ZSTD_outBuffer out{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) {
        return fail(ErrorCode::kFile,
                    fmt::format("cannot compress the recording: {}", ZSTD_getErrorName(left)),
                    "free some memory and try again");
      }
      if (auto written = into.write({packed.data(), out.pos}); !written) return written;
      if (cancel.requested()) return fail(stopped());
    }
  }
  return {};
}

// Removed when the recording is done, or given up.
struct Temporary {
  fs::path path;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path, ignored);
    fs::remove(path.string() + "-journal", ignored);
  }
};

core::Status write_streaming(const Store& store, const fs::path& path, const core::CancelToken& cancel) {
  const auto bytes = store.size_bytes();
  if (!bytes) return fail(bytes.error());
  if (*bytes > kRecordingLimitBytes) {
    return fail(ErrorCode::kUsage,
                fmt::format("cannot write the recording {}: {} has {} MiB, and a recording at most {}",
                            path.string(), store.path().string(), *bytes >> 20, kRecordingLimitBytes >> 20),
                "record fewer runs: a recording is a session or two");
  }
  auto file = core::NewFile::create(path);
  if (!file) return fail(file.error());
  std::error_code ignored;
  // Beside a device or a pipe there is no place for the copy.
  const bool exists = fs::exists(path, ignored);
  fs::path stem = exists ? fs::canonical(path, ignored) : path;
  if (stem.empty() || (exists && !fs::is_regular_file(path, ignored)))
    stem = fs::temp_directory_path(ignored) / "flashcore-recording";
  const Temporary copy{fmt::format("{}.copy-{}", stem.string(), ::getpid())};
  fs::remove(copy.path, ignored);
  if (auto saved = store.save_copy(copy.path, cancel); !saved) return saved;
  auto cleaned = guarded<void>(copy.path, "prepare the recording", [&] { leave_out_uuids(copy.path); });
  if (!cleaned) return cleaned;
  if (auto packed = pack(copy.path, *file, cancel); !packed) return packed;
  return file->commit();
}

}  // namespace

core::Result<Store> open_recording(const fs::path& path) try {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return fail(ErrorCode::kFile, fmt::format("{} is a folder, not a file", path.string()),
                "give the path of a file");
  }
  struct stat info {};
  const bool regular = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  // A plain database may be in use: its newest runs are in the log beside it and not in its bytes.
  if (regular && info.st_size > 0 && !begins_packed(path)) return Store::open(path, Mode::kReadOnly);
  const Descriptor file(path);
  if (!file.good()) {
    return fail(ErrorCode::kFile, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)),
                "check the path and your rights on it");
  }
  std::string piece;
  if (!file.read(piece)) return fail(unusable(path, std::strerror(errno)));
  const bool packed = is_zstd(piece);
  Unpacked bytes;
  auto taken = packed ? unpack(file, piece, path, bytes) : take_plain(file, piece, path, bytes);
  if (!taken) return fail(taken.error());
  if (bytes.size() > static_cast<std::size_t>(kRecordingLimitBytes)) return fail(too_large(path));
  if (bytes.size() == 0) return Store::from_bytes({}, path.string());
  const std::size_t size = bytes.size(), room = bytes.capacity();
  return Store::adopt_bytes(bytes.release(), size, room, path.string());
} catch (const std::bad_alloc&) {
  return fail(unusable(path, "memory has run out"));
}

core::Status write_recording(const Store& store, const fs::path& path, const core::CancelToken& cancel) try {
  return write_streaming(store, path, cancel);
} catch (const std::bad_alloc&) {
  return fail(ErrorCode::kFile,
              fmt::format("cannot write the recording {}: memory has run out", path.string()),
              "close other programs, or use a machine with more");
}

}  // namespace flashcore::store
