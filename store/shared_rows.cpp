#include "store/shared_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "store/columns.h"
#include "store/statement.h"

namespace flashcore::store {
namespace {

using core::RowId;

constexpr std::size_t kMostRecent = 32;
constexpr std::size_t kMostNames = 100'000;

std::vector<std::string_view> columns_of(std::string_view list) {
  std::vector<std::string_view> columns;
  while (true) {
    const auto comma = list.find(", ");
    columns.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return columns;
    list.remove_prefix(comma + 2);
  }
}

// The id of the row with these values (IS: two that lack a value agree), which is made where there is none
// yet.
template <typename Fields>
RowId stored_once(sqlite3* db, std::string_view table, std::string_view list, const Fields& fields) {
  std::string where, marks;
  for (const std::string_view column : columns_of(list)) {
    where += fmt::format("{}{} IS ?", where.empty() ? "" : " AND ", column);
    marks += marks.empty() ? "?" : ", ?";
  }
  Statement find(db, fmt::format("SELECT id FROM {} WHERE {}", table, where));
  find.bind(fields);
  if (find.step()) return find.value<RowId>();
  Statement insert(db, fmt::format("INSERT INTO {} ({}) VALUES ({})", table, list, marks));
  insert.run(fields);
  return sqlite3_last_insert_rowid(db);
}

// The id that goes with `record`, kept among the last few.
template <typename Recent, typename Record, typename Make>
auto remembered(Recent& recent, const Record& record, Make make) {
  for (const auto& [known, id] : recent) {
    if (known == record) return id;
  }
  const auto id = make();
  if (recent.size() == kMostRecent) recent.erase(recent.begin());
  recent.emplace_back(record, id);
  return id;
}

template <typename Map, typename Key, typename Make>
RowId looked_up(Map& known, const Key& key, Make make) {
  const auto at = known.find(key);
  if (at != known.end()) return at->second;
  if (known.size() >= kMostNames) known.clear();
  return known.emplace(key, make()).first->second;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

RowId make_problem(sqlite3* db, const core::Problem& problem, const std::string& text) {
  Statement find(db, "SELECT id FROM problem WHERE text = ?");
  find.bind(text);
  if (find.step()) return find.value<RowId>();
  Statement insert(db, "INSERT INTO problem (workload, text) VALUES (?, ?)");
  insert.run(problem.workload, text);
  const RowId id = sqlite3_last_insert_rowid(db);
  Statement axis(
      db, "INSERT INTO problem_axis (problem_id, ordinal, name, value, number) VALUES (?, ?, ?, ?, ?)");
  std::int64_t ordinal = 0;
  for (const core::Axis& a : problem.axes) axis.run(id, ordinal++, a.name, a.value, number_of(a.value));
  return id;
}

}  // namespace

RowId SharedRows::environment(sqlite3* db, const core::EnvironmentRecord& environment) {
  return remembered(environments_, environment, [&] {
    return stored_once(db, "environment", kEnvironmentColumns, environment_fields(environment));
  });
}

RowId SharedRows::subject(sqlite3* db, const core::SubjectRecord& subject) {
  return remembered(subjects_, subject, [&] {
    std::optional<int> rung;
    std::optional<bool> reference;
    if (subject.ladder) {
      rung = subject.ladder->rung;
      reference = subject.ladder->reference;
    }
    return stored_once(
        db, "subject", "name, kind, title, rung, reference, source_hash",
        std::tie(subject.name, subject.kind, subject.title, rung, reference, subject.source_hash));
  });
}

RowId SharedRows::problem(sqlite3* db, const core::Problem& problem) {
  const std::string text = core::canonical_text(problem);
  return looked_up(problems_, text, [&] { return make_problem(db, problem, text); });
}

SharedRows::Device SharedRows::device(sqlite3* db, const core::DeviceRecord& device) {
  return remembered(devices_, device, [&] {
    Device ids;
    ids.class_id = stored_once(db, "device_class", kDeviceColumns, device_fields(device));
    ids.id = stored_once(db, "device", "class_id, uuid", std::tie(ids.class_id, device.uuid));
    return ids;
  });
}

RowId SharedRows::series(sqlite3* db, const core::SubjectRecord& subject, std::optional<RowId> problem,
                         std::optional<RowId> device_class, std::optional<core::CacheState> cache) {
  const SeriesKey key(subject.kind, subject.name, problem.value_or(0), device_class.value_or(0), cache);
  return looked_up(series_, key, [&] {
    return stored_once(db, "series", "subject, kind, problem_id, class_id, cache",
                       std::tie(subject.name, subject.kind, problem, device_class, cache));
  });
}

RowId SharedRows::counter_name(sqlite3* db, const std::string& name) {
  return looked_up(counter_names_, name,
                   [&] { return stored_once(db, "counter_name", "name", std::tie(name)); });
}

RowId SharedRows::tag(sqlite3* db, const std::string& key, const std::string& value) {
  return looked_up(tags_, std::pair(key, value),
                   [&] { return stored_once(db, "tag", "key, value", std::tie(key, value)); });
}

void SharedRows::clear() noexcept {
  environments_.clear();
  subjects_.clear();
  devices_.clear();
  problems_.clear();
  series_.clear();
  counter_names_.clear();
  tags_.clear();
}

}  // namespace flashcore::store
