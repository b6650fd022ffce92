// write_file: a file appears whole under its name, or not at all.
//
// Writes to a temporary file in the same directory, flushes it to the disk and renames it over
// the target (POSIX rename is atomic within a file system). On any failure the temporary file is
// removed and an older file under that name is as it was.
// Errors: ErrorCode::kFile with the cause and the remedy. Threads: any.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::core {

Status write_file(const std::filesystem::path& path, std::string_view content);

// The whole file; kFile when it cannot be read or is larger than `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t limit_bytes = std::size_t{1} << 31);

}  // namespace flashcore::core
