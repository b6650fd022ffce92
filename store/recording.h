// Recordings: databases of runs taken on a real GPU, compressed with zstd, shipped in recordings/.
//
// Owns: nothing. Errors: kFile where the file cannot be read or written, kDatabase where it is no
// recording. Threads: any.
//
//   auto recording = open_recording("recordings/h200.db.zst"); // a Store, in memory, read-only
#pragma once

#include <filesystem>

#include "core/result.h"
#include "store/store.h"

namespace flashcore::store {

// Accepts a zstd-compressed database and a plain one.
core::Result<Store> open_recording(const std::filesystem::path& path);

// Writes a compact, compressed copy of `store` (zstd level 19).
core::Status write_recording(const Store& store, const std::filesystem::path& path);

}  // namespace flashcore::store
