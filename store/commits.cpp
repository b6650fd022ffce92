// What words for runs are looked up by: builds, commits, tags (app/session/run_words.h).
#include <fmt/format.h>

#include <unordered_map>

#include "store/impl.h"
#include "store/run_ids.h"

namespace flashcore::store {
namespace {

using core::RowId;

struct Source {
  std::string name, hash;
};
struct Build {
  std::string commit, kernels_hash;
};

// Rows that many runs share, each read once.
class SharedHeads {
 public:
  explicit SharedHeads(Store::Impl& impl) : impl_(impl) {}

  const Source& source(RowId id) {
    const auto [at, fresh] = sources_.try_emplace(id);
    if (fresh) {
      const Prepared select = impl_.prepare("SELECT name, source_hash FROM subject WHERE id = ?");
      select->bind(id);
      if (select->step()) select->read(at->second.name, at->second.hash);
    }
    return at->second;
  }
  const Build& build(RowId id) {
    const auto [at, fresh] = builds_.try_emplace(id);
    if (fresh) {
      const Prepared select = impl_.prepare("SELECT git_sha, kernels_hash FROM environment WHERE id = ?");
      select->bind(id);
      if (select->step()) select->read(at->second.commit, at->second.kernels_hash);
    }
    return at->second;
  }
  RowId class_of(RowId device) {
    const auto [at, fresh] = classes_.try_emplace(device);
    if (fresh) {
      const Prepared select = impl_.prepare("SELECT class_id FROM device WHERE id = ?");
      select->bind(device);
      if (select->step()) at->second = select->value<RowId>();
    }
    return at->second;
  }

 private:
  Store::Impl& impl_;
  std::unordered_map<RowId, Source> sources_;
  std::unordered_map<RowId, Build> builds_;
  std::unordered_map<RowId, RowId> classes_;
};

std::optional<RunHead> head_of(Store::Impl& impl, SharedHeads& shared, RowId id) {
  const Prepared select = impl.prepare(
      "SELECT series_id, subject_id, environment_id, device_id, answer, cache FROM run WHERE id = ?");
  select->bind(id);
  if (!select->step()) return std::nullopt;
  RunHead head;
  RowId subject = 0, environment = 0;
  std::optional<RowId> device;
  select->read(head.series, subject, environment, device, head.answer, head.cache);
  head.id = id;
  if (device) head.device_class = shared.class_of(*device);
  const Source& source = shared.source(subject);
  head.subject = source.name;
  head.source_hash = source.hash;
  const Build& build = shared.build(environment);
  head.commit = build.commit;
  head.kernels_hash = build.kernels_hash;
  return head;
}

}  // namespace

core::Result<RunHeads> Store::run_heads(const RunFilter& filter) const {
  return impl_->reading<RunHeads>("list the runs of", [&] {
    const std::size_t limit = filter.limit > 0 ? static_cast<std::size_t>(filter.limit) : 0;
    RunIds ids(*impl_, filter, limit > 0 ? limit + 1 : 4096);
    SharedHeads shared(*impl_);
    RunHeads heads;
    while (const auto id = ids.next()) {
      if (limit > 0 && heads.runs.size() == limit) {
        heads.more = true;
        break;
      }
      auto head = head_of(*impl_, shared, *id);
      if (!head) {
        throw UnreadableValue(fmt::format("it is damaged: run {} is in an index and its row is missing", *id),
                              "restore it from a copy; the file was not changed");
      }
      heads.runs.push_back(*std::move(head));
    }
    return heads;
  });
}

core::Result<std::vector<RunHead>> Store::run_heads(std::span<const RowId> ids) const {
  using Heads = std::vector<RunHead>;
  return impl_->reading<Heads>("list the runs of", [&]() -> core::Result<Heads> {
    SharedHeads shared(*impl_);
    Heads heads;
    heads.reserve(ids.size());
    for (const RowId id : ids) {
      auto head = head_of(*impl_, shared, id);
      if (!head) {
        return core::fail(core::ErrorCode::kUsage,
                          fmt::format("there is no run {} in {} (any more)", id, impl_->path.string()),
                          "see: list runs");
      }
      heads.push_back(*std::move(head));
    }
    return heads;
  });
}

core::Result<std::vector<std::string>> Store::commits(std::string_view digits) const {
  return impl_->reading<std::vector<std::string>>("list the commits of", [&] {
    // No LIKE: its % and _ would match anything. The newest environment first.
    const Prepared select = impl_->prepare(
        "SELECT git_sha, max(id) FROM environment WHERE lower(substr(git_sha, 1, length(?1))) = lower(?1) "
        "GROUP BY git_sha ORDER BY 2 DESC");
    select->bind(digits);
    std::vector<std::string> found;
    while (select->step()) found.push_back(select->value<std::string>());
    return found;
  });
}

core::Result<std::vector<std::pair<std::string, std::string>>> Store::tags(
    const std::optional<std::string>& value, int limit) const {
  using Tags = std::vector<std::pair<std::string, std::string>>;
  return impl_->reading<Tags>("list the tags of", [&] {
    const Prepared select =
        impl_->prepare(value ? "SELECT key, value FROM tag WHERE value = ?2 ORDER BY id DESC LIMIT ?1"
                             : "SELECT key, value FROM tag ORDER BY id DESC LIMIT ?1");
    select->bind(limit);
    if (value) select->bind_at(2, *value);
    Tags found;
    while (select->step()) {
      auto& [key, text] = found.emplace_back();
      select->read(key, text);
    }
    return found;
  });
}

core::Result<std::optional<RowId>> Store::run_before_latest(std::int64_t back) const {
  return impl_->reading<std::optional<RowId>>("find a run of", [&] {
    const Prepared select = impl_->prepare("SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?");
    select->bind(back);
    std::optional<RowId> id;
    if (select->step()) select->read(id);
    return id;
  });
}

}  // namespace flashcore::store
