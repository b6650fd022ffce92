// What FlashCore itself costs, away from any GPU: metrics of a run, a run in and out of the database, the
// shipped recording into a report. scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "analysis/run_analysis.h"
#include "app/session/library.h"
#include "app/session/replay.h"
#include "store/store.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace {

using flashcore::analysis::Catalogue;
using flashcore::store::Store;

// A run with a value for every counter of the standard set, and as many samples as a real one.
flashcore::core::RunRecord full_run(const Catalogue& catalogue) {
  auto run = flashcore::tests::sample_run("wmma", 2, "mission", 50'000);
  auto& counters = flashcore::tests::measurement_of(run, "cupti").counters;
  counters.clear();
  double value = 1000;
  for (const std::string& name :
       catalogue.counters_for(run.device->chip, flashcore::analysis::CounterSet::kStandard)) {
    counters.push_back({name, 0, value += 7, ""});
  }
  auto& samples = flashcore::tests::measurement_of(run, "timing").samples;
  while (samples.size() < 200) samples.push_back(samples[samples.size() % 20]);
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

// A run measurement by measurement, each its own transaction, as a session takes them.
void StoreAppendRun(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto run = full_run(*catalogue);
  flashcore::tests::TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  auto session = flashcore::tests::sample_session();
  for (auto _ : state) {
    auto fresh = run;
    fresh.measurements.clear();
    for (const auto& measurement : run.measurements) {
      if (auto ok = store->append(session, fresh, measurement); !ok)
        return state.SkipWithError(ok.error().message.c_str());
    }
  }
}
BENCHMARK(StoreAppendRun)->Unit(benchmark::kMicrosecond);

void StoreReadRun(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  auto run = full_run(*catalogue);
  flashcore::tests::TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  auto session = flashcore::tests::sample_session();
  if (auto ok = store->write_run(session, run); !ok) return state.SkipWithError(ok.error().message.c_str());
  for (auto _ : state) benchmark::DoNotOptimize(store->read_run(run.id));
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
    auto source = flashcore::session::ReplaySource::open(*recording, {});
    if (!source) return state.SkipWithError(source.error().message.c_str());
    const auto outcome = source->replay({}, *store, {}, {});
    if (!outcome) return state.SkipWithError(outcome.error().message.c_str());
    const auto runs = flashcore::session::load_runs(*store, outcome->runs, *catalogue);
    if (!runs) return state.SkipWithError(runs.error().message.c_str());
    const auto written = flashcore::session::write_report(folder / "report.html", *runs, *catalogue);
    if (!written) return state.SkipWithError(written.error().message.c_str());
  }
}
BENCHMARK(ReplayAndReport)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
