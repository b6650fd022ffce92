// Real series of one kernel each, for tests of verdicts: every recording of recordings/repeats, and drawing
// comparisons from them. A process is drawn whole, its samples are drawn again in blocks that keep their
// order.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "analysis/verdict/comparison.h"
#include "store/recording.h"

namespace flashcore::tests {

struct Process {
  core::RunRecord run;     // with its timing alone
  std::string conditions;  // file and what it was timed beside
};

struct RealKernel {
  std::string label;  // "wmma on mission"
  double median_ns = 0;
  std::vector<Process> processes;

  // Those of one file under one set of conditions, the largest group first.
  std::vector<std::vector<const Process*>> groups() const {
    std::map<std::string, std::vector<const Process*>> by;
    for (const Process& process : processes) by[process.conditions].push_back(&process);
    std::vector<std::vector<const Process*>> all;
    for (auto& [name, group] : by) all.push_back(std::move(group));
    std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
    return all;
  }
};

inline std::vector<std::filesystem::path> repeat_files() {
  std::vector<std::filesystem::path> files;
  const auto folder = std::filesystem::path(FLASHCORE_SOURCE_DIR) / "recordings" / "repeats";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(".db.zst")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline void keep_timing(core::RunRecord& run) {
  std::erase_if(run.measurements, [](const core::MeasurementRecord& m) { return m.collector != "timing"; });
}

inline double median_duration(const core::RunRecord& run) {
  std::vector<double> ns;
  for (const core::Sample& sample : core::all_samples(run)) {
    if (sample.kind == core::SampleKind::kGraph) ns.push_back(sample.duration_ns);
  }
  if (ns.empty()) return 0;
  std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2), ns.end());
  return ns[ns.size() / 2];
}

inline std::vector<core::RunRecord> read_recording(const std::filesystem::path& file) {
  std::vector<core::RunRecord> runs;
  auto recording = store::open_recording(file);
  if (!recording) throw std::runtime_error(recording.error().message);
  store::RunFilter filter;
  filter.limit = 1000;
  const auto page = recording->list_runs(filter);
  if (!page) throw std::runtime_error(page.error().message);
  for (const store::RunSummary& summary : page->runs) {
    auto run = recording->read_run(summary.id);
    if (!run) throw std::runtime_error(run.error().message);
    runs.push_back(*std::move(run));
  }
  std::reverse(runs.begin(), runs.end());  // oldest first
  return runs;
}

// Kernels whose sources are the same in all files, the shortest first.
inline const std::vector<RealKernel>& real_kernels() {
  static const std::vector<RealKernel> kernels = [] {
    std::map<std::string, RealKernel> by;
    core::RowId next = 1;
    for (const auto& file : repeat_files()) {
      for (core::RunRecord& run : read_recording(file)) {
        keep_timing(run);
        if (run.measurements.empty() || median_duration(run) <= 0) continue;
        std::string conditions = file.filename().string();
        for (const auto& [name, value] : run.measurements.front().parameters) {
          if (name == "turns" || name == "beside") conditions += ", " + value;
        }
        run.id = next++;  // of all files
        RealKernel& kernel = by[analysis::run_label(run) + run.subject.source_hash];
        kernel.label = analysis::run_label(run);
        kernel.processes.push_back({std::move(run), std::move(conditions)});
      }
    }
    std::vector<RealKernel> all;
    for (auto& [key, kernel] : by) {
      if (kernel.processes.size() < 8) continue;
      kernel.median_ns = median_duration(kernel.processes.front().run);
      all.push_back(std::move(kernel));
    }
    std::sort(all.begin(), all.end(),
              [](const RealKernel& a, const RealKernel& b) { return a.median_ns < b.median_ns; });
    return all;
  }();
  return kernels;
}

using Random = std::mt19937_64;

inline std::size_t pick(std::size_t below, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
}

// What is planted in a side: times and clocks that many times as large.
struct Planted {
  double time = 1, clock = 1;
};

// The process once more: circular blocks of a quarter of its samples (Politis and Romano 1992), so that drift
// and autocorrelation stay in it.
inline analysis::RunAnalysis drawn_again(const Process& process, Planted planted, Random& random) {
  analysis::RunAnalysis result;
  result.run = process.run;
  for (core::MeasurementRecord& measurement : result.run.measurements) {
    const std::vector<core::Sample> old = measurement.samples;
    const std::size_t n = old.size(), block = std::max<std::size_t>(1, n / 4);
    for (std::size_t i = 0, from = 0; i < n; ++i) {
      if (i % block == 0) from = pick(n, random);
      core::Sample& sample = measurement.samples[i];
      sample = old[(from + i % block) % n];
      sample.index = static_cast<int>(i);
      sample.duration_ns *= planted.time;
      if (sample.effective_clock_mhz) *sample.effective_clock_mhz *= planted.clock;
    }
  }
  return result;
}

struct Sides {
  std::vector<analysis::RunAnalysis> base, now;

  static analysis::RunSet set_of(const char* word, const std::vector<analysis::RunAnalysis>& runs) {
    analysis::RunSet set{word, {}};
    for (const auto& run : runs) set.runs.push_back(&run);
    return set;
  }
  analysis::Comparison compared(const analysis::CompareOptions& options = {}) const {
    auto result = analysis::compare(set_of("base", base), set_of("now", now), options);
    if (!result) throw std::runtime_error(result.error().message);
    return *std::move(result);
  }
};

// Two sides of `count` processes each out of `pool`, none of them twice.
inline Sides draw(std::vector<const Process*> pool, std::size_t base, std::size_t now, Planted planted,
                  Random& random) {
  std::shuffle(pool.begin(), pool.end(), random);
  Sides sides;
  for (std::size_t i = 0; i < base; ++i) sides.base.push_back(drawn_again(*pool[i], {}, random));
  for (std::size_t i = 0; i < now; ++i) {
    sides.now.push_back(drawn_again(*pool[base + i], planted, random));
  }
  return sides;
}

inline bool is_call(analysis::Verdict verdict) {
  return verdict == analysis::Verdict::kFaster || verdict == analysis::Verdict::kSlower;
}

}  // namespace flashcore::tests
