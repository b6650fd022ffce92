// What people wait for over a million runs: the history of a metric with its change points, and a comparison
// of two runs. scripts/bench runs it; each has to stay below 50 ms.
#include <benchmark/benchmark.h>

#include "analysis/catalogue.h"
#include "app/session/compare.h"
#include "app/session/history.h"
#include "store/store.h"
#include "tests/bench/million_runs.h"

namespace {

namespace core = flashcore::core;
namespace session = flashcore::session;
using flashcore::bench::million;
using flashcore::store::Mode;
using flashcore::store::Store;

const flashcore::analysis::Catalogue& catalogue() {
  static const auto builtin = flashcore::analysis::Catalogue::builtin().value();
  return builtin;
}

void History(benchmark::State& state, const char* subject, const core::Problem& problem, const char* metric) {
  auto store = Store::open(million(), Mode::kReadOnly);
  if (!store) return state.SkipWithError(store.error().message.c_str());
  session::HistoryRequest request;
  request.subjects = {subject};
  request.problems = {problem};
  request.cache.reset();
  request.metric = metric;
  catalogue();
  std::size_t points = 0, changes = 0;
  for (auto _ : state) {
    const auto all = session::histories(request, *store, catalogue());
    if (!all) return state.SkipWithError(all.error().message.c_str());
    points = all->front().points.size();
    changes = all->front().changes.size();
  }
  state.counters["runs"] = static_cast<double>(points);
  state.counters["changes"] = static_cast<double>(changes);
  state.counters["database_MB"] = static_cast<double>(std::filesystem::file_size(million())) / 1e6;
}

const core::Problem kOfTheMillion = core::to_problem({1, 8, 8, 640, 640, 64, "f16", true});
const core::Problem kMission = core::to_problem(*core::parse_attention("mission"));
BENCHMARK_CAPTURE(History, duration_of_one_series_of_the_million, "phase07", kOfTheMillion, "duration")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(History, duration_of_whole_runs, "history", kMission, "duration")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(History, counter_of_whole_runs, "history", kMission, "dram_bytes")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(History, cycles_of_whole_runs, "history", kMission, "duration_cycles")
    ->Unit(benchmark::kMillisecond);

// Two words for runs, read, analysed and judged.
void CompareTwo(benchmark::State& state) {
  auto store = Store::open(million(), Mode::kReadOnly);
  if (!store) return state.SkipWithError(store.error().message.c_str());
  const auto last = store->latest_run();
  if (!last) return state.SkipWithError(last.error().message.c_str());
  session::CompareRequest request;
  request.base = std::to_string(*last - 300);
  request.now = std::to_string(*last);
  for (auto _ : state) {
    const auto outcome = session::compare(request, *store, catalogue());
    if (!outcome) return state.SkipWithError(outcome.error().message.c_str());
  }
}
BENCHMARK(CompareTwo)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
