// Lists: pages of runs and sessions, from what is kept beside each run.
#include <fmt/format.h>

#include <compare>
#include <limits>
#include <set>

#include "store/impl.h"
#include "store/problem_rows.h"
#include "store/run_ids.h"

namespace flashcore::store {
namespace {

using core::RowId;

constexpr std::string_view kSummary =
    "SELECT r.id, r.session_id, r.taken_at, r.origin, s.kind, s.name, s.title, s.rung, s.reference, "
    "r.problem_id, "
    "r.cache, ifnull(c.name, ''), e.git_sha, r.answer, m.graph_p50_ns, m.launch_p50_ns, m.counted_ns, "
    "m.measurement_count, "
    "m.counter_count, m.diagnostic_count, m.clock_mhz FROM run r JOIN run_summary m ON m.run_id = r.id JOIN "
    "subject s "
    "ON s.id = r.subject_id JOIN environment e ON e.id = r.environment_id LEFT JOIN device d ON d.id = "
    "r.device_id "
    "LEFT JOIN device_class c ON c.id = d.class_id WHERE r.id = ?";

RunSummary summary_of(Store::Impl& impl, RowId id) {
  const Prepared select = impl.prepare(std::string(kSummary));
  select->bind(id);
  RunSummary r;
  std::optional<int> rung;
  std::optional<bool> reference;
  std::optional<RowId> problem;
  if (select->step()) {
    select->read(r.id, r.session_id, r.taken_at, r.origin, r.kind, r.subject, r.subject_title, rung,
                 reference, problem, r.cache, r.device, r.commit, r.answer, r.graph_p50_ns, r.launch_p50_ns,
                 r.counted_ns, r.measurement_count, r.counter_count, r.diagnostic_count, r.clock_mhz);
  }
  if (r.id != id) {
    throw UnreadableValue(fmt::format("it is damaged: run {} is in an index and its row is missing", id),
                          "restore it from a copy; the file was not changed");
  }
  if (rung && reference) r.ladder = core::LadderRecord{*rung, *reference};
  if (problem) r.problem = problem_of(impl, *problem);
  if (!core::times_are_results(r.answer)) r.graph_p50_ns = r.launch_p50_ns = r.counted_ns = std::nullopt;
  return r;
}

// The series of a session, each found by jumping behind the one before.
std::vector<RowId> series_of(Store::Impl& impl, RowId session) {
  const Prepared next = impl.prepare(
      "SELECT series_id FROM run WHERE session_id = ? AND series_id > ? ORDER BY series_id LIMIT 1");
  std::vector<RowId> series;
  for (RowId last = 0;;) {
    next->bind(session, last);
    if (!next->step()) return series;
    series.push_back(last = next->value<RowId>());
  }
}

// Names in the order of a ladder: its rungs, then references, then what is on no ladder.
struct Place {
  bool off = true, reference = false;
  int rung = 0;
  std::string name;
  auto operator<=>(const Place&) const = default;
};

Place place_of(Store::Impl& impl, const std::string& name) {
  const Prepared select =
      impl.prepare("SELECT rung, reference FROM subject WHERE name = ? ORDER BY id DESC LIMIT 1");
  select->bind(name);
  Place place;
  place.name = name;
  std::optional<int> rung;
  std::optional<bool> reference;
  if (select->step()) select->read(rung, reference);
  if (rung && reference) place = {false, *reference, *rung, name};
  return place;
}

std::string joined(const auto& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void summarize_session(Store::Impl& impl, SessionSummary& summary) {
  const RowId session = summary.session.id;
  {
    const Prepared count = impl.prepare("SELECT count(*) FROM run WHERE session_id = ?");
    count->bind(session);
    count->step();
    summary.run_count = static_cast<int>(count->value<std::int64_t>());
  }
  std::set<Place> subjects;
  std::set<std::string> devices;
  for (const RowId series : series_of(impl, session)) {
    const Prepared select = impl.prepare(
        "SELECT s.subject, c.name FROM series s LEFT JOIN device_class c ON c.id = s.class_id WHERE s.id = "
        "?");
    select->bind(series);
    if (!select->step()) continue;
    std::string subject;
    std::optional<std::string> device;
    select->read(subject, device);
    subjects.insert(place_of(impl, subject));
    if (device) devices.insert(std::move(*device));
  }
  std::vector<std::string> names;
  for (const Place& place : subjects) names.push_back(place.name);
  summary.subjects = joined(names);
  summary.devices = joined(devices);
}

core::Result<RowId> last_id(Store::Impl& impl, std::string_view table) {
  const std::string doing = fmt::format("find the last {} of", table);
  return impl.reading<RowId>(doing, [&]() -> core::Result<RowId> {
    const Prepared select = impl.prepare(fmt::format("SELECT max(id) FROM {}", table));
    select->bind();
    std::optional<RowId> id;
    if (select->step()) select->read(id);
    if (id) return *id;
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("there are no {}s in {} yet", table, impl.path.string()),
                      "take one, for example with: flashcore-profile --phase all, or give another database");
  });
}

}  // namespace

core::Result<RunPage> Store::list_runs(const RunFilter& filter) const {
  return impl_->reading<RunPage>("list the runs of", [&] {
    const std::size_t limit = filter.limit > 0 ? static_cast<std::size_t>(filter.limit) : 0;
    RunIds ids(*impl_, filter, limit > 0 ? limit + 1 : 4096);
    RunPage page;
    while (const auto id = ids.next()) {
      if (limit > 0 && page.runs.size() == limit) {
        page.more = true;
        break;
      }
      page.runs.push_back(summary_of(*impl_, *id));
    }
    return page;
  });
}

core::Result<std::int64_t> Store::count_runs() const {
  return impl_->reading<std::int64_t>("count the runs of",
                                      [&] { return query_integer(impl_->db(), "SELECT count(*) FROM run"); });
}

core::Result<SessionPage> Store::list_sessions(RowId before_id, int limit) const {
  // Sessions are read whole, one after the other, so that each sees one state of its rows.
  auto ids = impl_->reading<std::vector<RowId>>("list the sessions of", [&] {
    const Prepared select = impl_->prepare("SELECT id FROM session WHERE id < ? ORDER BY id DESC LIMIT ?");
    select->bind(before_id > 0 ? before_id : std::numeric_limits<RowId>::max(),
                 limit > 0 ? std::int64_t{limit} + 1 : std::int64_t{-1});
    std::vector<RowId> found;
    while (select->step()) found.push_back(select->value<RowId>());
    return found;
  });
  if (!ids) return core::fail(ids.error());
  SessionPage page;
  page.more = limit > 0 && ids->size() > static_cast<std::size_t>(limit);
  if (page.more) ids->pop_back();
  for (const RowId id : *ids) {
    auto session = read_session(id);
    if (!session && session.error().code == core::ErrorCode::kUsage) continue;  // deleted meanwhile
    if (!session) return core::fail(session.error());
    SessionSummary& summary = page.sessions.emplace_back();
    summary.session = std::move(*session);
    auto done = impl_->reading<int>("list the sessions of", [&] {
      summarize_session(*impl_, summary);
      return 0;
    });
    if (!done) return core::fail(done.error());
  }
  return page;
}

core::Result<RowId> Store::latest_run() const {
  return last_id(*impl_, "run");
}

core::Result<RowId> Store::latest_session() const {
  return last_id(*impl_, "session");
}

core::Result<std::vector<std::string>> Store::subject_names() const {
  return impl_->reading<std::vector<std::string>>("list the subjects of", [&] {
    std::vector<std::string> found;
    {
      const Prepared select = impl_->prepare("SELECT DISTINCT subject FROM series");
      select->bind();
      while (select->step()) found.push_back(select->value<std::string>());
    }
    std::set<Place> places;
    for (const std::string& name : found) places.insert(place_of(*impl_, name));
    found.clear();
    for (const Place& place : places) found.push_back(place.name);
    return found;
  });
}

core::Result<std::vector<core::Problem>> Store::problems() const {
  return impl_->reading<std::vector<core::Problem>>("list the problems of", [&] {
    std::vector<RowId> ids;
    {
      const Prepared select = impl_->prepare("SELECT id FROM problem ORDER BY id");
      select->bind();
      while (select->step()) ids.push_back(select->value<RowId>());
    }
    std::vector<core::Problem> found;
    for (const RowId id : ids) found.push_back(problem_of(*impl_, id));
    return found;
  });
}

}  // namespace flashcore::store
