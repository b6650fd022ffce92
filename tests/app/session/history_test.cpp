// Histories of the shipped recording: every metric of every run as the whole analysis has it, though no more
// was read than that metric needs.
#include "app/session/history.h"

#include <gtest/gtest.h>

#include <map>

#include "analysis/run_analysis.h"
#include "app/session/library.h"
#include "store/recording.h"

namespace flashcore::session {
namespace {

TEST(Histories, EveryMetricIsThatOfTheWholeRun) {
  const auto store =
      store::open_recording(std::filesystem::path(FLASHCORE_SOURCE_DIR) / "recordings/h200.db.zst");
  ASSERT_TRUE(store) << core::to_text(store.error());
  const auto catalogue = analysis::Catalogue::builtin().value();
  store::RunFilter filter;
  filter.limit = 0;
  filter.cache = core::CacheState::kWarm;
  const auto page = store->list_runs(filter).value();
  std::vector<core::RowId> ids;
  for (const auto& run : page.runs) ids.push_back(run.id);
  const auto runs = load_runs(*store, ids, catalogue).value();
  std::map<core::RowId, const analysis::RunAnalysis*> by_id;
  for (const auto& run : runs) by_id[run.run.id] = &run;
  ASSERT_FALSE(by_id.empty());

  std::size_t values = 0;
  for (const analysis::Metric& metric : catalogue.metrics()) {
    HistoryRequest request;
    request.metric = metric.id;
    const auto all = histories(request, *store, catalogue);
    ASSERT_TRUE(all) << metric.id << core::to_text(all.error());
    std::size_t points = 0;
    for (const analysis::History& history : *all) {
      for (const analysis::HistoryPoint& point : history.points) {
        ++points;
        const analysis::MetricValue* const whole = by_id.at(point.run)->metric(metric.id);
        EXPECT_EQ(point.value, whole->value) << metric.id << " of run " << point.run << ": " << point.reason;
        values += point.value.has_value();
      }
    }
    EXPECT_EQ(points, by_id.size()) << metric.id;
  }
  EXPECT_GT(values, by_id.size() * 50);
}

}  // namespace
}  // namespace flashcore::session
