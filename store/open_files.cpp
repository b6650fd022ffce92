#include "store/open_files.h"

#include <map>
#include <vector>

namespace flashcore::store {
namespace {

struct Entry {
  int live = 0;
  std::vector<Connection> waiting;  // to be closed
};

struct Registry {
  std::recursive_mutex mutex;
  std::map<std::string, Entry> entries;
};

// Never destroyed: a Store may outlive static objects.
Registry& registry() {
  static auto* const made = new Registry;
  return *made;
}

}  // namespace

std::unique_lock<std::recursive_mutex> OpenFiles::lock() {
  return std::unique_lock(registry().mutex);
}

std::string OpenFiles::key_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto absolute = std::filesystem::weakly_canonical(path, error);
  return error ? path.string() : absolute.string();
}

bool OpenFiles::is_live(const std::string& key) {
  const auto held = lock();
  const auto at = registry().entries.find(key);
  return at != registry().entries.end() && at->second.live > 0;
}

void OpenFiles::close(const std::string& key, Connection connection) {
  const auto held = lock();
  const auto at = registry().entries.find(key);
  if (at != registry().entries.end() && at->second.live > 0)
    at->second.waiting.push_back(std::move(connection));
}

OpenFiles::Live::Live(std::string key) : key_(std::move(key)) {
  const auto held = lock();
  ++registry().entries[key_].live;
}

OpenFiles::Live::~Live() {
  const auto held = lock();
  const auto at = registry().entries.find(key_);
  if (--at->second.live == 0) registry().entries.erase(at);
}

}  // namespace flashcore::store
