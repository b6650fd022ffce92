// OpenFiles: which database files this process has open through SQLite's locks.
//
// POSIX drops all locks of a process on a file as soon as the process closes any descriptor of it (fcntl(2)),
// so a file that one thread has open must not be looked at past SQLite by another. SQLite takes care of that
// among its own connections, but not with those that use no locks (immutable), nor with a plain open() of
// ours.
//
// Owns: connections without locks whose closing has to wait. Threads: any.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "store/connection.h"

namespace flashcore::store {

class OpenFiles {
 public:
  // Held while a file is looked at past SQLite's locks.
  static std::unique_lock<std::recursive_mutex> lock();
  static std::string key_of(const std::filesystem::path& path);
  static bool is_live(const std::string& key);
  // Closes a connection without locks, as soon as that takes no locks from others.
  static void close(const std::string& key, Connection connection);

  // Says that this process is about to open the file, until it is gone. Outlives the connection.
  class Live {
   public:
    explicit Live(std::string key);
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;
    ~Live();

   private:
    std::string key_;
  };
};

}  // namespace flashcore::store
