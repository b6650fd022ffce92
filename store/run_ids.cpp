#include "store/run_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace flashcore::store {
namespace {

using core::RowId;

constexpr std::int64_t kMostCounted = 4000;  // about half a millisecond of counting
constexpr std::size_t kMostAhead = 4096;

struct Index {
  std::string_view table, id, key;  // key: empty where series are all that there is
};

Index index_of(bool session, bool tag) {
  if (tag) return {"tagged_run", "run_id", "tag_id"};
  if (session) return {"run", "id", "session_id"};
  return {"run", "id", ""};
}

std::string marks(std::size_t count) {
  std::string text = count > 0 ? "?" : "";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

}  // namespace

RunIds::RunIds(Store::Impl& impl, const RunFilter& filter, std::size_t wanted)
    : impl_(impl), oldest_first_(filter.oldest_first), since_(filter.since), wanted_(wanted) {
  begin_ = filter.before_id;
  if (begin_ == 0 && !oldest_first_) begin_ = std::numeric_limits<RowId>::max();
  session_ = filter.session;
  cache_ = filter.cache;
  if (!resolve(filter) || !resolve_commits(filter)) return;
  // A filter that keeps every series keeps every run: there is nothing to merge.
  by_series_ =
      !filter.subjects.empty() || !filter.problems.empty() || !filter.device_contains.empty() || cache_;
  const bool any_series = !by_series_ || static_cast<std::int64_t>(series_.size()) ==
                                             query_integer(impl_.db(), "SELECT count(*) FROM series");
  if (!any_series && series_.empty()) return;
  choose(any_series);
}

// The series and tags of a filter; false where nothing can keep it.
bool RunIds::resolve(const RunFilter& filter) {
  for (const auto& [key, value] : filter.tags) {
    const Prepared select = impl_.prepare("SELECT id FROM tag WHERE key = ? AND value = ?");
    select->bind(key, value);
    if (!select->step()) return false;
    tags_.push_back(select->value<RowId>());
  }
  std::string sql =
      "SELECT s.id FROM series s LEFT JOIN problem p ON p.id = s.problem_id LEFT JOIN device_class c "
      "ON c.id = s.class_id WHERE 1";
  std::vector<std::string> values = filter.subjects;
  if (!filter.subjects.empty()) sql += fmt::format(" AND s.subject IN ({})", marks(filter.subjects.size()));
  if (!filter.problems.empty()) sql += fmt::format(" AND p.text IN ({})", marks(filter.problems.size()));
  for (const core::Problem& problem : filter.problems) values.push_back(core::canonical_text(problem));
  if (!filter.device_contains.empty()) {
    sql += " AND instr(lower(c.name), lower(?)) > 0";
    values.push_back(filter.device_contains);
  }
  if (filter.cache) {
    sql += " AND s.cache = ?";
    values.emplace_back(core::name_of(*filter.cache));
  }
  Statement select(impl_.db(), sql + " ORDER BY s.id");
  select.bind_all(values);
  while (select.step()) series_.push_back(select.value<RowId>());
  return true;
}

// The environments of the commits that are asked for; false where there is none.
bool RunIds::resolve_commits(const RunFilter& filter) {
  if (filter.commits.empty()) return true;
  environments_.emplace();
  Statement select(impl_.db(), fmt::format("SELECT id FROM environment WHERE git_sha IN ({}) ORDER BY id",
                                           marks(filter.commits.size())));
  select.bind_all(filter.commits);
  while (select.step()) environments_->push_back(select.value<RowId>());
  return !environments_->empty();
}

// The series that a session or tag has, found by jumping from one to the next.
RunIds::Lead RunIds::lead(Table table, RowId key) const {
  Lead lead{table, key, {}, 0};
  if (table == Table::kSeries) {
    lead.series = series_;
    lead.size = count(lead);
    return lead;
  }
  const Index index = index_of(table == Table::kSession, table == Table::kTag);
  const Prepared next = impl_.prepare(
      fmt::format("SELECT series_id FROM {} WHERE {} = ? AND series_id > ? ORDER BY series_id LIMIT 1",
                  index.table, index.key));
  for (RowId last = 0;;) {
    next->bind(key, last);
    if (!next->step()) break;
    last = next->value<RowId>();
    if (std::binary_search(series_.begin(), series_.end(), last)) lead.series.push_back(last);
  }
  lead.size = count(lead);
  return lead;
}

// Up to kMostCounted.
std::int64_t RunIds::count(const Lead& lead) const {
  const Index index = index_of(lead.table == Table::kSession, lead.table == Table::kTag);
  const std::string key = index.key.empty() ? "" : fmt::format("{} = ?3 AND ", index.key);
  const Prepared select = impl_.prepare(fmt::format(
      "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {}series_id = ?1 LIMIT ?2)", index.table, key));
  std::int64_t size = 0;
  for (const RowId series : lead.series) {
    if (index.key.empty()) {
      select->bind(series, kMostCounted - size);
    } else {
      select->bind(series, kMostCounted - size, lead.key);
    }
    select->step();
    size += select->value<std::int64_t>();
    if (size >= kMostCounted) break;
  }
  return size;
}

void RunIds::choose(bool any_series) {
  std::optional<Lead> best;
  const auto consider = [&](Table table, RowId key) {
    Lead other = lead(table, key);
    if (!best || other.size < best->size) best = std::move(other);
  };
  for (const RowId tag : tags_) consider(Table::kTag, tag);
  if (session_) consider(Table::kSession, *session_);
  if (!any_series || !since_.empty()) consider(Table::kSeries, 0);
  if (!since_.empty() && take_young(any_series, best ? best->size : kMostCounted)) return;
  skip_old();
  if (best) return start(*best);
  if (environments_) return start(Lead{Table::kEnvironment, 0, *environments_, 0});
  start(Lead{Table::kAll, 0, {0}, 0});
}

// Where fewer runs are young enough than any lead has: all of them, sorted.
bool RunIds::take_young(bool any_series, std::int64_t fewer_than) {
  const Prepared select =
      impl_.prepare(any_series ? "SELECT id FROM run WHERE taken_at >= ?1 LIMIT ?2"
                               : "SELECT id FROM run WHERE taken_at >= ?1 AND series_id = ?3 LIMIT ?2");
  Stream young;
  const auto most = std::max<std::int64_t>(1, fewer_than);
  for (const RowId series : any_series ? std::vector<RowId>{0} : series_) {
    const auto room = most - static_cast<std::int64_t>(young.ahead.size());
    if (any_series) {
      select->bind(since_, room);
    } else {
      select->bind(since_, room, series);
    }
    while (select->step()) young.ahead.push_back(select->value<RowId>());
    if (static_cast<std::int64_t>(young.ahead.size()) >= most) return false;
  }
  std::erase_if(young.ahead, [&](RowId id) { return !before(begin_, id); });
  std::sort(young.ahead.begin(), young.ahead.end(), [&](RowId a, RowId b) { return before(a, b); });
  table_ = Table::kSeries;
  young.ended = true;
  streams_.push_back(std::move(young));
  push(0);
  return true;
}

// Begins at the first block of ids that has a run young enough: what lies before it is not walked through.
void RunIds::skip_old() {
  if (since_.empty()) return;
  constexpr RowId kBlock = 1024;
  const Prepared select =
      impl_.prepare(oldest_first_ ? "SELECT min(block) FROM run_block WHERE newest >= ? AND block >= ?"
                                  : "SELECT max(block) FROM run_block WHERE newest >= ? AND block <= ?");
  select->bind(since_, begin_ / kBlock);
  std::optional<RowId> block;
  if (select->step()) select->read(block);
  if (!block) {
    begin_ = oldest_first_ ? std::numeric_limits<RowId>::max() : 0;
  } else {
    begin_ = oldest_first_ ? std::max(begin_, *block * kBlock - 1) : std::min(begin_, (*block + 1) * kBlock);
  }
}

void RunIds::start(const Lead& lead) {
  table_ = lead.table;
  key_ = lead.key;
  const Index index = index_of(table_ == Table::kSession, table_ == Table::kTag);
  std::string where;
  if (!index.key.empty()) where += fmt::format("{} = ?5 AND ", index.key);
  if (table_ == Table::kEnvironment) {
    where += "environment_id = ?4 AND ";
  } else if (table_ != Table::kAll) {
    where += "series_id = ?4 AND ";
  }
  if (!since_.empty()) where += "taken_at >= ?3 AND ";
  piece_sql_ = fmt::format("SELECT {0} FROM {1} WHERE {2}{0} {3} ?1 ORDER BY {0} {4} LIMIT ?2", index.id,
                           index.table, where, oldest_first_ ? ">" : "<", oldest_first_ ? "ASC" : "DESC");
  const std::size_t first =
      std::clamp<std::size_t>(2 * wanted_ / std::max<std::size_t>(1, lead.series.size()), 1, 64);
  streams_.resize(lead.series.size());
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].series = lead.series[i];
    streams_[i].behind = begin_;
    streams_[i].piece = first;
    push(i);
  }
}

void RunIds::refill(Stream& stream) {
  stream.ahead.clear();
  stream.at = 0;
  const Prepared select = impl_.prepare(piece_sql_);
  select->bind();
  select->bind_at(1, stream.behind);
  select->bind_at(2, static_cast<std::int64_t>(stream.piece));
  if (!since_.empty()) select->bind_at(3, since_);
  if (table_ != Table::kAll) select->bind_at(4, stream.series);
  if (table_ == Table::kSession || table_ == Table::kTag) select->bind_at(5, key_);
  while (select->step()) stream.ahead.push_back(select->value<RowId>());
  stream.ended = stream.ahead.size() < stream.piece;
  if (!stream.ahead.empty()) stream.behind = stream.ahead.back();
  stream.piece = std::min(2 * stream.piece, kMostAhead);
}

// The next id of a stream joins the heap.
void RunIds::push(std::size_t at) {
  Stream& stream = streams_[at];
  if (stream.at == stream.ahead.size()) {
    if (stream.ended) return;
    refill(stream);
    if (stream.ahead.empty()) return;
  }
  heads_.push_back({stream.ahead[stream.at++], at});
  std::push_heap(heads_.begin(), heads_.end(),
                 [&](const Head& a, const Head& b) { return before(b.id, a.id); });
}

std::optional<RowId> RunIds::next() {
  while (!heads_.empty()) {
    std::pop_heap(heads_.begin(), heads_.end(),
                  [&](const Head& a, const Head& b) { return before(b.id, a.id); });
    const Head head = heads_.back();
    heads_.pop_back();
    push(head.stream);
    if (!keeps(head.id)) continue;
    expect_own(head.id);
    return head.id;
  }
  return std::nullopt;
}

// What the lead does not say of a run.
bool RunIds::keeps(RowId id) const {
  if (session_ && table_ != Table::kSession) {
    const Prepared select = impl_.prepare("SELECT 1 FROM run WHERE id = ? AND session_id = ?");
    select->bind(id, *session_);
    if (!select->step()) return false;
  }
  if (environments_ && table_ != Table::kEnvironment) {
    const Prepared select = impl_.prepare("SELECT environment_id FROM run WHERE id = ?");
    select->bind(id);
    if (!select->step()) return true;  // an index names what is not there: expect_own() says so
    if (!std::binary_search(environments_->begin(), environments_->end(), select->value<RowId>())) return false;
  }
  for (const RowId tag : tags_) {
    if (table_ == Table::kTag && tag == key_) continue;
    const Prepared select = impl_.prepare("SELECT 1 FROM tagged_run WHERE run_id = ? AND tag_id = ?");
    select->bind(id, tag);
    if (!select->step()) return false;
  }
  return true;
}

// An index whose pages have been mixed up names runs of other series, sessions or tags, or one twice. What is
// given away is looked up in the run's own row.
void RunIds::expect_own(RowId id) {
  bool good = last_ == 0 || before(last_, id);
  last_ = id;
  if (table_ != Table::kAll || by_series_) {
    const Prepared select =
        impl_.prepare("SELECT series_id, session_id, taken_at, cache, environment_id FROM run WHERE id = ?");
    select->bind(id);
    if (!select->step()) return;  // reading the run says so
    RowId series = 0, session = 0, environment = 0;
    std::string taken_at;
    std::optional<core::CacheState> cache;
    select->read(series, session, taken_at, cache, environment);
    good = good && std::binary_search(series_.begin(), series_.end(), series) &&
           (!session_ || session == *session_) && (!cache_ || cache == cache_) && taken_at >= since_ &&
           (!environments_ || std::binary_search(environments_->begin(), environments_->end(), environment));
  }
  if (table_ == Table::kTag) {
    const Prepared select = impl_.prepare("SELECT 1 FROM tagged_run WHERE run_id = ? AND tag_id = ?");
    select->bind(id, key_);
    good = good && select->step();
  }
  if (!good) {
    throw UnreadableValue(fmt::format("it is damaged: an index names run {} where it does not belong", id),
                          "restore it from a copy; the file was not changed");
  }
}

}  // namespace flashcore::store
