// Filters and pages against the plain truth: thousands of filters over a few hundred runs, each compared with
// what a walk through all of them finds.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "store/store.h"
#include "tests/store/support.h"
#include "tests/support/sample_runs.h"

namespace flashcore::store {
namespace {

using testing::TemporaryFolder;

struct Known {
  core::RunRecord run;
  core::Tags session_tags;
};

bool keeps(const Known& known, const RunFilter& f) {
  const core::RunRecord& run = known.run;
  const auto in = [](const auto& list, const auto& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  if (!in(f.subjects, run.subject.name)) return false;
  if (!f.problems.empty() && (!run.problem || !in(f.problems, *run.problem))) return false;
  if (f.device_contains == "gpu b" && (!run.device || run.device->name != "Test GPU B")) return false;
  if (f.device_contains == "TEST" && !run.device) return false;
  if (f.cache && run.cache != f.cache) return false;
  if (f.session && run.session_id != *f.session) return false;
  for (const auto& [key, value] : f.tags) {
    const auto own = run.tags.find(key), shared = known.session_tags.find(key);
    const bool has = (own != run.tags.end() && own->second == value) ||
                     (shared != known.session_tags.end() && shared->second == value);
    if (!has) return false;
  }
  if (run.taken_at < f.since) return false;
  if (f.before_id != 0 && (f.oldest_first ? run.id <= f.before_id : run.id >= f.before_id)) return false;
  return true;
}

class List : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const shapes[] = {"tiny", "small", "mission,causal"};
    for (int s = 0; s < 30; ++s) {
      core::SessionRecord session = tests::sample_session();
      session.tags = {{"branch", s % 3 == 0 ? "main" : "topic"}};
      std::vector<core::RunRecord> runs;
      for (int i = 0; i < 10; ++i) {
        core::RunRecord run =
            tests::sample_head("phase" + std::to_string(random_() % 4), 1, shapes[random_() % 3]);
        run.device->name = random_() % 2 == 0 ? "Test GPU A" : "Test GPU B";
        if (random_() % 9 == 0) run.device.reset();
        if (random_() % 9 == 0) run.problem.reset();
        if (random_() % 3 == 0) run.cache = core::CacheState::kCold;
        if (random_() % 9 == 0) run.cache.reset();
        if (random_() % 2 == 0) run.tags["colour"] = random_() % 5 == 0 ? "red" : "blue";
        if (random_() % 7 == 0) run.tags["branch"] = "main";
        run.taken_at = "20" + std::to_string(20 + random_() % 6) + "-06-01T00:00:00Z";  // in no order
        runs.push_back(std::move(run));
      }
      ASSERT_TRUE(store_.write_runs(session, runs));
      for (auto& run : runs) known_.push_back({std::move(run), session.tags});
    }
  }

  RunFilter any_filter() {
    RunFilter f;
    for (std::uint_fast32_t n = random_() % 3; n > 0; --n)
      f.subjects.push_back("phase" + std::to_string(random_() % 5));
    if (random_() % 3 == 0)
      f.problems.push_back(*core::parse_problem(random_() % 2 == 0 ? "small" : "mission,causal"));
    if (random_() % 3 == 0) f.device_contains = random_() % 2 == 0 ? "gpu b" : "TEST";
    if (random_() % 3 == 0) f.cache = random_() % 2 == 0 ? core::CacheState::kWarm : core::CacheState::kCold;
    if (random_() % 5 == 0) f.session = 1 + static_cast<core::RowId>(random_() % 31);
    if (random_() % 3 == 0) f.tags["colour"] = random_() % 3 == 0 ? "red" : "blue";
    if (random_() % 3 == 0) f.tags["branch"] = random_() % 3 == 0 ? "nobody" : "main";
    if (random_() % 2 == 0) f.since = "20" + std::to_string(20 + random_() % 8);
    if (random_() % 3 == 0) f.before_id = 1 + static_cast<core::RowId>(random_() % 310);
    f.oldest_first = random_() % 2 == 0;
    f.limit = static_cast<int>(random_() % 20);
    return f;
  }

  std::minstd_rand random_{11};
  TemporaryFolder folder_;
  Store store_ = Store::open(folder_ / "runs.db").value();
  std::vector<Known> known_;
};

TEST_F(List, EveryFilterFindsWhatAWalkThroughAllRunsFinds) {
  int found = 0;
  for (int round = 0; round < 4000; ++round) {
    const RunFilter filter = any_filter();
    std::vector<core::RowId> wanted;
    for (const Known& known : known_) {
      if (keeps(known, filter)) wanted.push_back(known.run.id);
    }
    if (!filter.oldest_first) std::reverse(wanted.begin(), wanted.end());
    const bool more = filter.limit > 0 && wanted.size() > static_cast<std::size_t>(filter.limit);
    if (more) wanted.resize(static_cast<std::size_t>(filter.limit));
    const auto page = store_.list_runs(filter);
    ASSERT_TRUE(page) << core::to_text(page.error());
    std::vector<core::RowId> got;
    for (const RunSummary& run : page->runs) got.push_back(run.id);
    ASSERT_EQ(got, wanted) << "round " << round;
    ASSERT_EQ(page->more, more) << "round " << round;
    found += !got.empty();
  }
  EXPECT_GT(found, 500);
}

TEST_F(List, PagesMeetWithoutGapOrOverlap) {
  for (const bool oldest_first : {false, true}) {
    RunFilter filter;
    filter.tags = {{"branch", "main"}};
    filter.limit = 7;
    filter.oldest_first = oldest_first;
    std::vector<core::RowId> paged;
    for (bool more = true; more;) {
      const auto page = store_.list_runs(filter).value();
      for (const RunSummary& run : page.runs) paged.push_back(run.id);
      filter.before_id = page.runs.back().id;
      more = page.more;
    }
    filter.before_id = 0;
    filter.limit = 0;
    std::vector<core::RowId> all;
    const RunPage whole = store_.list_runs(filter).value();
    for (const RunSummary& run : whole.runs) all.push_back(run.id);
    EXPECT_EQ(paged, all);
    EXPECT_GT(all.size(), 50u);
  }
}

// The runs of one state where all are of it, of several where not, and none where nobody has it.
TEST(ListByCache, OneStateOrTheOtherNeverBoth) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto write = [&](std::optional<core::CacheState> cache) {
    core::SessionRecord session = tests::sample_session();
    core::RunRecord run = tests::sample_run("wmma", 2, "tiny", 1000);
    run.cache = cache;
    EXPECT_TRUE(store.write_run(session, run));
  };
  const auto listed = [&](core::CacheState cache) {
    RunFilter filter;
    filter.cache = cache;
    std::vector<core::RowId> ids;
    const auto page = store.list_runs(filter);
    if (!page) {
      ADD_FAILURE() << core::to_text(page.error());
      return ids;
    }
    for (const RunSummary& run : page->runs) {
      EXPECT_EQ(run.cache, cache);
      ids.push_back(run.id);
    }
    return ids;
  };
  using Ids = std::vector<core::RowId>;
  EXPECT_EQ(listed(core::CacheState::kCold), Ids());
  write(core::CacheState::kWarm);
  EXPECT_EQ(listed(core::CacheState::kCold), Ids());
  EXPECT_EQ(listed(core::CacheState::kWarm), Ids{1});
  write(core::CacheState::kCold);
  write(std::nullopt);
  write(core::CacheState::kWarm);
  EXPECT_EQ(listed(core::CacheState::kCold), Ids{2});
  EXPECT_EQ(listed(core::CacheState::kWarm), (Ids{4, 1}));
  EXPECT_EQ(testing::runs_in(store).at(1).cache, std::nullopt);
}

// A run row that says another state than its series is damage, also where the filter keeps every series.
TEST(ListByCache, ARunThatContradictsItsSeriesIsNotShown) {
  for (const bool another : {false, true}) {
    const TemporaryFolder folder;
    {
      auto store = Store::open(folder / "runs.db").value();
      core::SessionRecord session = tests::sample_session();
      core::RunRecord run = tests::sample_run("wmma", 2, "tiny", 1000), other = run;
      other.cache = core::CacheState::kCold;
      ASSERT_TRUE(store.write_run(session, run));
      if (another) {
        ASSERT_TRUE(store.write_run(session, other));
      }
    }
    testing::sql(folder / "runs.db", "UPDATE run SET cache = 'cold' WHERE id = 1");
    RunFilter filter;
    filter.cache = core::CacheState::kWarm;
    const auto page = Store::open(folder / "runs.db", Mode::kReadOnly).value().list_runs(filter);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, core::ErrorCode::kDatabase);
  }
}

}  // namespace
}  // namespace flashcore::store
