// Pages of one table or index, swapped two by two behind a header that is whole: every run and every list is
// refused or is as it was written. The file is too large to be checked whole.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::slurp;
using testing::spill;
using testing::sql;
using testing::TemporaryFolder;

constexpr int kRuns = 300;
constexpr std::size_t kPage = 4096;

core::RunRecord run_number(int number) {
  const std::string odd = number % 2 == 0 ? "even" : "odd";
  core::RunRecord run = testing::example_head();
  run.subject.name = odd;
  run.cache = number % 2 == 0 ? core::CacheState::kWarm : core::CacheState::kCold;
  run.tags = {{"parity", odd}};
  run.diagnostics.clear();
  core::MeasurementRecord resources;
  resources.collector = "resources";
  resources.taken_at = run.taken_at;
  for (int i = 0; i < 2; ++i) {
    resources.kernels.push_back({i, odd + std::string(200, 'k'), core::Extent3{number + 1, 1, 1}, {}});
    core::ResourceRecord& r = resources.resources.emplace_back();
    r.kernel = i;
    r.registers = number;
    r.occupancy_limiter = std::string(100, 'l');
  }
  for (int i = 0; i < 3; ++i) resources.steps.push_back({odd + std::string(100, 's'), number + i / 8.0});
  core::add_measurement(run, resources);
  return run;
}

// `first`: the id of the first run.
std::vector<core::RunRecord> make_large(const std::filesystem::path& path, core::RowId first) {
  { auto store = Store::open(path).value(); }
  testing::make_database(path);
  sql(path, "PRAGMA foreign_keys = ON; DELETE FROM session; UPDATE sqlite_sequence SET seq = " +
                std::to_string(first - 1) + " WHERE name = 'run'");
  auto store = Store::open(path).value();
  core::SessionRecord odd = testing::example_session(), even = odd;
  odd.tags = even.tags = {};
  std::vector<core::RunRecord> runs;
  for (int i = 0; i < kRuns; ++i) {
    runs.push_back(run_number(i));
    if (i == 0) runs[0].measurements[0].artifacts.push_back({"large", "", "", std::string(5 << 20, 'x')});
    EXPECT_TRUE(store.write_run(i % 2 == 0 ? even : odd, runs.back()));
  }
  EXPECT_EQ(runs.front().id, first);
  return runs;
}

// The numbers of the leaves of a table or index, as SQLite's dbstat tells them.
std::vector<std::size_t> leaves_of(const std::filesystem::path& path, const std::string& name) {
  sqlite3* db = nullptr;
  sqlite3_stmt* select = nullptr;
  sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  const std::string text =
      "SELECT pageno - 1 FROM dbstat WHERE pagetype = 'leaf' AND name = '" + name + "' ORDER BY path";
  EXPECT_EQ(sqlite3_prepare_v2(db, text.c_str(), -1, &select, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  std::vector<std::size_t> leaves;
  while (sqlite3_step(select) == SQLITE_ROW)
    leaves.push_back(static_cast<std::size_t>(sqlite3_column_int64(select, 0)));
  sqlite3_finalize(select);
  sqlite3_close(db);
  return leaves;
}

std::string swapped(const std::string& whole, std::size_t a, std::size_t b) {
  std::string bytes = whole;
  bytes.replace(a * kPage, kPage, whole, b * kPage, kPage);
  bytes.replace(b * kPage, kPage, whole, a * kPage, kPage);
  return bytes;
}

// What is read of each run is what was written, or an error. Not `complete`: tags may be missing.
void expect_runs_right(const Store& store, const std::vector<core::RunRecord>& runs, bool complete,
                       const std::string& what) {
  for (const core::RunRecord& wanted : runs) {
    const auto run = store.read_run(wanted.id);
    if (!run) continue;
    ASSERT_EQ(run->kernels, wanted.kernels) << what << ", run " << wanted.id;
    ASSERT_EQ(run->measurements, wanted.measurements) << what << ", run " << wanted.id;
    ASSERT_EQ(run->subject.name, wanted.subject.name) << what << ", run " << wanted.id;
    ASSERT_EQ(run->cache, wanted.cache) << what << ", run " << wanted.id;
    if (complete) {
      ASSERT_EQ(run->tags, wanted.tags) << what << ", run " << wanted.id;
    }
  }
}

// `complete`: nothing may be left out either.
void expect_lists_right(const Store& store, const std::vector<core::RunRecord>& runs, bool complete,
                        const std::string& what) {
  std::map<core::RowId, std::string> names;
  for (const core::RunRecord& run : runs) names[run.id] = run.subject.name;
  RunFilter by_subject, by_session, by_tag, by_cache;
  by_subject.subjects = {"odd"};
  by_session.session = runs[1].session_id;
  by_tag.tags = {{"parity", "odd"}};
  by_cache.cache = core::CacheState::kCold;
  for (RunFilter filter : {by_subject, by_session, by_tag, by_cache}) {
    filter.limit = 0;
    const auto page = store.list_runs(filter);
    if (!page) continue;
    if (complete) {
      ASSERT_EQ(page->runs.size(), static_cast<std::size_t>(kRuns / 2)) << what;
    }
    for (std::size_t i = 0; i < page->runs.size(); ++i) {
      ASSERT_EQ(names[page->runs[i].id], "odd") << what;
      if (i > 0) {
        ASSERT_LT(page->runs[i].id, page->runs[i - 1].id) << what;
      }
    }
  }
}

// `first` decides whether the indices of lists are checked when the file is opened.
void expect_right(core::RowId first, bool complete) {
  const TemporaryFolder folder;
  const auto runs = make_large(folder / "whole.db", first);
  const std::string whole = slurp(folder / "whole.db");
  {
    const auto store = Store::open(folder / "whole.db", Mode::kReadOnly).value();
    expect_lists_right(store, runs, true, "whole");
    EXPECT_TRUE(store.read_run(first));
  }
  for (const char* name : {"kernel", "resource", "measurement", "run", "run_tag", "run_by_series",
                           "run_by_session", "tagged_run", "measurement_kernel", "measurement_step"}) {
    const auto leaves = leaves_of(folder / "whole.db", name);
    ASSERT_GT(leaves.size(), 1U) << name;
    for (std::size_t i = 0; i + 1 < leaves.size(); i += 1 + leaves.size() / 4) {
      const std::string what = std::string(name) + " " + std::to_string(i);
      std::filesystem::remove(folder / "swapped.db");
      spill(folder / "swapped.db",
            swapped(whole, leaves[i], leaves[(i + 1 + leaves.size() / 3) % leaves.size()]));
      const auto store = Store::open(folder / "swapped.db", Mode::kReadOnly);
      if (!store) continue;
      expect_runs_right(*store, runs, complete, what);
      expect_lists_right(*store, runs, complete, what);
    }
  }
}

TEST(SwappedPages, AreNeverShownAsRight) {
  expect_right(1, true);
}

TEST(SwappedPages, OfVeryManyRunsAreNeverShownAsAnothers) {
  expect_right(50'000, false);
}

}  // namespace
}  // namespace flashcore::store
