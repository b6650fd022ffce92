#include "store/recording.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "core/atomic_file.h"
#include "store/file_check.h"

namespace flashcore::store {
namespace {

using core::ErrorCode;
using core::fail;

constexpr std::size_t kLimitBytes = std::size_t{1} << 30;  // unpacked; a recording has a few MB
constexpr int kLevel = 19;
constexpr unsigned kZstdMagic = 0xFD2FB528;  // RFC 8878, section 3.1.1, little endian

core::Error unusable(const std::filesystem::path& path, std::string why, std::string detail = {}) {
  return core::Error{ErrorCode::kDatabase,
                     fmt::format("cannot read the recording {}: {}", path.string(), why),
                     "get the recording again, or give another one", std::move(detail)};
}

bool is_zstd(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  unsigned magic = 0;
  for (int i = 3; i >= 0; --i)
    magic = (magic << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return magic == kZstdMagic;
}

// The declared size is a claim of the file: it only says how much to ask for at first.
std::size_t first_guess(std::string_view packed) {
  constexpr std::size_t kCautious = std::size_t{64} << 20;
  const unsigned long long declared = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (declared == ZSTD_CONTENTSIZE_UNKNOWN || declared == ZSTD_CONTENTSIZE_ERROR) return 4 * packed.size();
  return static_cast<std::size_t>(std::min<unsigned long long>(declared, kCautious));
}

core::Result<std::string> unpack(std::string_view packed, const std::filesystem::path& path) {
  const unsigned long long declared = ZSTD_getFrameContentSize(packed.data(), packed.size());
  const bool known = declared != ZSTD_CONTENTSIZE_UNKNOWN && declared != ZSTD_CONTENTSIZE_ERROR;
  const std::string too_large =
      fmt::format("unpacked it would be larger than {} MiB, which no recording is", kLimitBytes >> 20);
  if (known && declared > kLimitBytes) return fail(unusable(path, too_large));
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return fail(unusable(path, "memory has run out"));
  std::string bytes(std::max<std::size_t>(first_guess(packed), 4096), '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t filled = 0;
  std::size_t wanted = 1;
  while (in.pos < in.size || wanted != 0) {
    if (filled == bytes.size()) {
      if (filled >= kLimitBytes) return fail(unusable(path, too_large));
      bytes.resize(std::min(kLimitBytes, 2 * filled));
    }
    ZSTD_outBuffer out{bytes.data(), bytes.size(), filled};
    const std::size_t before = in.pos;
    wanted = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(wanted) != 0) {
      return fail(unusable(path, "it is damaged", fmt::format("zstd: {}", ZSTD_getErrorName(wanted))));
    }
    const bool stuck = out.pos == filled && in.pos == before;
    filled = out.pos;
    if (stuck && wanted != 0) {
      return fail(unusable(path, fmt::format("it ends too early, after {} bytes", packed.size())));
    }
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

core::Result<Store> open_recording(const std::filesystem::path& path) try {
  auto packed = core::read_file(path, kLimitBytes);
  if (!packed) return fail(packed.error());
  if (!is_zstd(*packed)) {
    // A database in use: its newest runs are in the log beside it and not in these bytes.
    const auto state = check_file(path, Mode::kReadOnly);
    if (state && state->has_wal) return Store::open(path, Mode::kReadOnly);
    return Store::from_bytes(*packed, path.string());
  }
  auto bytes = unpack(*packed, path);
  if (!bytes) return fail(bytes.error());
  return Store::from_bytes(*bytes, path.string());
} catch (const std::bad_alloc&) {
  return fail(unusable(path, "memory has run out"));
}

core::Status write_recording(const Store& store, const std::filesystem::path& path) try {
  auto bytes = store.to_bytes();
  if (!bytes) return fail(bytes.error());
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(bytes->size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), packed.data(), packed.size(), bytes->data(), bytes->size());
  if (ZSTD_isError(size) != 0) {
    return fail(ErrorCode::kFile,
                fmt::format("cannot compress the recording {}: {}", path.string(), ZSTD_getErrorName(size)),
                "free some memory and try again");
  }
  packed.resize(size);
  return core::write_file(path, packed);
} catch (const std::bad_alloc&) {
  return fail(ErrorCode::kFile,
              fmt::format("cannot write the recording {}: memory has run out", path.string()),
              "close other programs, or use a machine with more");
}

}  // namespace flashcore::store
