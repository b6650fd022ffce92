// write_file and NewFile: a file appears whole under its name, or not at all.
//
// Writes to a temporary file in the same directory, flushes it to the disk and renames it over
// the target (POSIX rename is atomic within a file system). On any failure the temporary file is
// removed and an older file under that name is as it was; one that is replaced keeps its mode.
// Errors: ErrorCode::kFile with the cause and the remedy; kUsage where the target is a file that SQLite
// keeps beside a database (-wal, -shm, -journal). Threads: any, one a NewFile.
// A limit on file sizes (ulimit -f) is an error like a full disk where SIGXFSZ is ignored.
//
//   auto file = NewFile::create("big.zst");
//   file->write(piece);                       // as often as needed
//   file->commit();                           // without it, nothing is left
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::core {

Status write_file(const std::filesystem::path& path, std::string_view content);

// A file that is written in pieces.
class NewFile {
 public:
  // The target must not be a folder. A device or a pipe is written to as pieces come.
  static Result<NewFile> create(const std::filesystem::path& path);

  NewFile(NewFile&&) noexcept;
  NewFile& operator=(NewFile&&) noexcept;
  ~NewFile();  // removes what was not committed

  Status write(std::string_view piece);
  Status commit();

 private:
  struct Parts;
  explicit NewFile(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The whole file; kFile when it cannot be read or is larger than `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t limit_bytes = std::size_t{1} << 31);

}  // namespace flashcore::core
