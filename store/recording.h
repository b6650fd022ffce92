// Recordings: databases of runs taken on a real GPU, compressed with zstd, shipped in recordings/.
//
// Owns: nothing. Errors: kFile where the file cannot be read or written, kDatabase where it is no
// recording. Threads: any.
//
//   auto recording = open_recording("recordings/h200.db.zst"); // a Store, in memory, read-only
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::store {

// The largest database that is written as a recording, and that is unpacked as one: the same for both.
inline constexpr std::int64_t kRecordingLimitBytes = std::int64_t{1} << 30;

// Accepts a zstd-compressed database and a plain one; reads `path` once, so that a pipe does too.
core::Result<Store> open_recording(const std::filesystem::path& path);

// Writes a compact, compressed copy of `store` (zstd level 19), streaming: memory does not grow with its
// size. UUIDs of devices are left out: a recording is handed on. Stopped by `cancel`, nothing is left.
core::Status write_recording(const Store& store, const std::filesystem::path& path,
                             const core::CancelToken& cancel = {});

}  // namespace flashcore::store
