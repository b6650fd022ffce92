// What FlashCore itself costs, away from any GPU: metrics of a run, a run in and out of the database, the
// shipped recording into a report. scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "analysis/run_analysis.h"
#include "app/session/library.h"
#include "app/session/replay.h"
#include "reports/html.h"
#include "store/store.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace {

using flashcore::analysis::Catalogue;
using flashcore::store::Store;

// A run with a value for every counter of the standard set, and as many samples as a real one.
flashcore::core::RunRecord full_run(const Catalogue& catalogue) {
  auto run = flashcore::tests::sample_run("wmma", 2, "mission", 50'000);
  run.counters.clear();
  double value = 1000;
  for (const std::string& name :
       catalogue.counters_for(run.device.chip, flashcore::analysis::CounterSet::kStandard)) {
    run.counters.push_back({name, -1, value += 7, "", "cupti", 4, "CUPTI 130000"});
  }
  while (run.samples.size() < 200) run.samples.push_back(run.samples[run.samples.size() % 20]);
  return run;
}

void EvaluateMetrics(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto run = full_run(*catalogue);
  for (auto _ : state) benchmark::DoNotOptimize(catalogue->evaluate(run));
  state.counters["metrics"] = static_cast<double>(catalogue->metrics().size());
}
BENCHMARK(EvaluateMetrics)->Unit(benchmark::kMicrosecond);

void LoadCatalogue(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Catalogue::builtin());
}
BENCHMARK(LoadCatalogue)->Unit(benchmark::kMicrosecond);

void StoreWriteRun(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto run = full_run(*catalogue);
  flashcore::tests::TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  flashcore::core::SessionRecord record;
  record.started_at = flashcore::core::utc_now();
  record.environment = run.environment;
  const auto session = store->begin_session(record);
  if (!session) return state.SkipWithError(session.error().message.c_str());
  for (auto _ : state) {
    if (auto id = store->write_run(*session, run); !id)
      return state.SkipWithError(id.error().message.c_str());
  }
}
BENCHMARK(StoreWriteRun)->Unit(benchmark::kMicrosecond);

void StoreReadRun(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto run = full_run(*catalogue);
  flashcore::tests::TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  flashcore::core::SessionRecord record;
  record.started_at = flashcore::core::utc_now();
  record.environment = run.environment;
  const auto session = store->begin_session(record);
  if (!session) return state.SkipWithError(session.error().message.c_str());
  const auto id = store->write_run(*session, run);
  if (!id) return state.SkipWithError(id.error().message.c_str());
  for (auto _ : state) benchmark::DoNotOptimize(store->read_run(*id));
}
BENCHMARK(StoreReadRun)->Unit(benchmark::kMicrosecond);

// What `flashcore-profile --replay --report FILE` does, into a fresh database each time.
void ReplayAndReport(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto recording = flashcore::session::shipped_recording();
  if (!recording) return state.SkipWithError(recording.error().message.c_str());
  for (auto _ : state) {
    flashcore::tests::TemporaryFolder folder;
    auto store = Store::open(folder / "runs.db");
    if (!store) return state.SkipWithError(store.error().message.c_str());
    const auto outcome = flashcore::session::replay(*recording, {}, *store, {}, {});
    if (!outcome) return state.SkipWithError(outcome.error().message.c_str());
    const auto runs = flashcore::session::load_runs(*store, outcome->runs, *catalogue);
    if (!runs) return state.SkipWithError(runs.error().message.c_str());
    const auto written = flashcore::reports::write_html_report(folder / "report.html", *runs, *catalogue);
    if (!written) return state.SkipWithError(written.error().message.c_str());
  }
}
BENCHMARK(ReplayAndReport)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
