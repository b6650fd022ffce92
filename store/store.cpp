#include "store/store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "core/atomic_file.h"
#include "store/impl.h"

namespace flashcore::store {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

// Lets a connection that only reads write another file for a while, and stops it when the user wants.
class CopyingElsewhere {
 public:
  CopyingElsewhere(sqlite3* connection, const core::CancelToken& cancel)
      : connection_(connection), held_back_(query_integer(connection, "PRAGMA query_only") != 0) {
    if (held_back_) execute(connection_, "PRAGMA query_only = OFF");
    constexpr int kInstructions = 10'000;
    sqlite3_progress_handler(
        connection_, kInstructions,
        [](void* token) { return static_cast<const core::CancelToken*>(token)->requested() ? 1 : 0; },
        const_cast<core::CancelToken*>(&cancel));
  }
  CopyingElsewhere(const CopyingElsewhere&) = delete;
  CopyingElsewhere& operator=(const CopyingElsewhere&) = delete;
  ~CopyingElsewhere() {
    sqlite3_progress_handler(connection_, 0, nullptr, nullptr);
    if (held_back_) sqlite3_exec(connection_, "PRAGMA query_only = ON", nullptr, nullptr, nullptr);
  }

 private:
  sqlite3* connection_;
  bool held_back_;
};

void remove_copy(const fs::path& copy) noexcept {
  std::error_code ignored;
  fs::remove(copy, ignored);
  fs::remove(copy.string() + "-journal", ignored);
}

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const fs::path& Store::path() const noexcept {
  return impl_->path;
}

Result<Store> Store::open(const fs::path& path, Mode mode, Waiting waiting) {
  if (path.empty()) {
    return fail(ErrorCode::kDatabase, "cannot open a database: its path is empty", "give a path");
  }
  auto impl = std::make_unique<Impl>(path, mode, std::move(waiting));
  if (auto opened = impl->open(); !opened) return fail(opened.error());
  return Store(std::move(impl));
}

Result<Store> Store::from_bytes(std::string_view bytes, const std::string& name) {
  auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(std::max<std::size_t>(bytes.size(), 1)));
  if (copy == nullptr) return fail(out_of_memory(name, "open"));
  std::memcpy(copy, bytes.data(), bytes.size());
  return adopt_bytes(copy, bytes.size(), bytes.size(), name);
}

Result<Store> Store::adopt_bytes(unsigned char* bytes, std::size_t size, std::size_t room,
                                 const std::string& name) {
  auto impl = std::make_unique<Impl>(name, Mode::kReadOnly, Waiting{});
  if (auto taken = impl->adopt(bytes, size, room); !taken) return fail(taken.error());
  return Store(std::move(impl));
}

Result<std::int64_t> Store::change_counter() const {
  Impl& impl = *impl_;
  if (auto there = impl.follow(false); !there) return fail(there.error());
  return guarded<std::int64_t>(path(), "look at", [&] {
    const std::int64_t version = query_integer(impl.db(), "PRAGMA data_version");
    if (version != impl.data_version) ++impl.changes;
    impl.data_version = version;
    return impl.changes;
  });
}

Store::FileFate Store::file_fate() const {
  const Impl& impl = *impl_;
  if (impl.view == Impl::View::kPending || impl.stamp.inode == 0) return FileFate::kSame;
  const FileStamp now = stamp_of(impl.path);
  if (now.inode == 0) return FileFate::kDeleted;
  return now.inode == impl.stamp.inode && now.device == impl.stamp.device ? FileFate::kSame
                                                                          : FileFate::kReplaced;
}

Result<std::int64_t> Store::size_bytes() const {
  return impl_->reading<std::int64_t>("look at", [&] {
    const std::int64_t pages =
        query_integer(impl_->db(), "PRAGMA page_count") - query_integer(impl_->db(), "PRAGMA freelist_count");
    return pages * query_integer(impl_->db(), "PRAGMA page_size");
  });
}

Status Store::save_copy(const fs::path& target, const core::CancelToken& cancel) const {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    return fail(ErrorCode::kFile, fmt::format("cannot write {}: it is there already", target.string()),
                "give another path, or remove it first");
  }
  if (auto there = impl_->follow(false); !there) return there;
  const fs::path partial = fmt::format("{}.partial-{}", target.string(), ::getpid());
  auto written = guarded<void>(target, "write a copy to", [&] {
    const CopyingElsewhere copying(impl_->db(), cancel);
    Statement vacuum(impl_->db(), "VACUUM INTO ?");
    vacuum.run(absolute_path(partial).string());
  });
  if (written && !impl_->undisturbed()) {
    written = fail(ErrorCode::kDatabase, fmt::format("cannot copy {}: it changed meanwhile", path().string()),
                   "try again");
  }
  if (!written) {
    remove_copy(partial);
    if (cancel.requested()) return fail(ErrorCode::kCancelled, "the copy was stopped");
    return written;
  }
  std::error_code error;
  fs::rename(partial, target, error);
  if (error) {
    remove_copy(partial);
    return fail(ErrorCode::kFile, fmt::format("cannot write {}: {}", target.string(), error.message()),
                "check the path and the rights of its folder");
  }
  return {};
}

}  // namespace flashcore::store
