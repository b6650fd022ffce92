// What a verdict costs: two sets of a thousand samples, and a whole comparison of real runs, metrics and all.
// scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "analysis/run_analysis.h"
#include "analysis/verdict/comparison.h"
#include "store/recording.h"

namespace {

using namespace flashcore::analysis;
namespace core = flashcore::core;
namespace store = flashcore::store;

// A thousand samples, in so many runs, that wander as a real clock does.
ValueSet thousand(int runs, double centre, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  ValueSet set;
  for (int r = 0; r < runs; ++r) {
    RunValues run{r + 1, {}};
    const double process = centre * (1 + 0.005 * normal(random));
    double wander = 0;
    for (int i = 0; i < 1000 / runs; ++i) {
      wander = 0.9 * wander + 0.001 * normal(random);
      run.values.push_back(process * std::exp(wander));
    }
    set.push_back(std::move(run));
  }
  return set;
}

void JudgeTwoTimesAThousandSamples(benchmark::State& state) {
  const int runs = static_cast<int>(state.range(0));
  const double factor = 1 + 0.001 * static_cast<double>(state.range(1));
  const ValueSet base = thousand(runs, 10'000, 1), now = thousand(runs, 10'000 * factor, 2);
  JudgeOptions options;
  options.prior_spread = 0.005;
  Judgement judgement;
  for (auto _ : state) benchmark::DoNotOptimize(judgement = judge(base, now, options));
  state.SetLabel(std::string(word_of(judgement.verdict)));
}
BENCHMARK(JudgeTwoTimesAThousandSamples)
    ->ArgNames({"runs", "permille"})
    ->Args({1, 5})
    ->Args({1, 50})
    ->Args({8, 0})
    ->Args({8, 20})
    ->Unit(benchmark::kMillisecond);

// wmma on mission of two recordings of recordings/repeats: sixteen runs each; those with counters four each.
std::vector<RunAnalysis> real_runs(const std::filesystem::path& file, bool counted,
                                   const Catalogue& catalogue) {
  std::vector<RunAnalysis> runs;
  auto recording = store::open_recording(file);
  if (!recording) return runs;
  store::RunFilter filter;
  filter.subjects = {"wmma"};
  filter.problems = {*core::parse_problem("mission")};
  filter.limit = 100;
  const auto page = recording->list_runs(filter);
  if (!page) return runs;
  for (const store::RunSummary& summary : page->runs) {
    auto run = recording->read_run(summary.id);
    if (run && run->measured_by("cupti").empty() != counted)
      runs.push_back(analyse(*std::move(run), catalogue));
  }
  return runs;
}

void CompareTwoRealSets(benchmark::State& state) {
  const auto catalogue = Catalogue::builtin();
  if (!catalogue) return state.SkipWithError(catalogue.error().message.c_str());
  const auto folder = std::filesystem::path(FLASHCORE_SOURCE_DIR) / "recordings" / "repeats";
  const bool counted = state.range(0) != 0;
  const auto before = real_runs(folder / "h200_1.db.zst", counted, *catalogue);
  const auto after = real_runs(folder / "h200_2.db.zst", counted, *catalogue);
  if (before.empty() || after.empty()) return state.SkipWithError("recordings/repeats lacks the runs");
  RunSet base{"base", {}}, now{"now", {}};
  for (const auto& run : before) base.runs.push_back(&run);
  for (const auto& run : after) now.runs.push_back(&run);
  for (auto _ : state) benchmark::DoNotOptimize(compare(base, now, {}));
  state.counters["runs_a_side"] = static_cast<double>(base.runs.size());
}
BENCHMARK(CompareTwoRealSets)->ArgName("counters")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
