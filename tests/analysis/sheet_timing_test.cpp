// The sheet of the timing: which percentiles it shows, and what it says of how times were taken, by cache
// state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "analysis/sheet.h"
#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SheetOfTiming : public ::testing::Test {
 protected:
  Sheet timing(core::RunRecord run) {
    const auto sheets = sheets_of(analyse(std::move(run), catalogue_), catalogue_);
    return *find_sheet(sheets, "timing");
  }
  Catalogue catalogue_ = Catalogue::builtin().value();
};

SheetRow row(const Sheet& sheet, const std::string& id) {
  for (const SheetSection& section : sheet.sections) {
    for (const SheetRow& row : section.rows) {
      if (row.id == id) return row;
    }
  }
  ADD_FAILURE() << "no row " << id;
  return {};
}

// By nearest rank the 99th percentile of fewer is their maximum under another name.
TEST_F(SheetOfTiming, A99thPercentileOfFewerThan100SamplesIsLeftOutWithTheReason) {
  core::RunRecord run = sample_run();
  auto& samples = measured(run, "timing").samples;
  samples.clear();
  add_samples(run, core::SampleKind::kGraph, 15000, 98, 1800);
  add_samples(run, core::SampleKind::kGraph, 19000, 1, 1800);
  add_samples(run, core::SampleKind::kLaunch, 30000, 50, 1755);
  for (const auto& [id, n] : {std::pair("graph.p99", "99"), std::pair("launch.p99", "50")}) {
    const SheetRow left_out = row(timing(run), id);
    EXPECT_EQ(left_out.state, RowState::kMissing) << id;
    EXPECT_THAT(left_out.note, HasSubstr("of fewer than 100 samples p99 is the max, and there are ")) << id;
    EXPECT_THAT(left_out.note, ::testing::EndsWith(n)) << id;
  }
  EXPECT_EQ(row(timing(run), "graph.max").value, "19.000 µs");
  add_samples(run, core::SampleKind::kGraph, 15000, 1, 1800);
  EXPECT_EQ(row(timing(run), "graph.p99").value, "15.000 µs");
}

std::string described(const Sheet& sheet, const std::string& id) {
  for (const SheetSection& section : sheet.sections) {
    if (section.id == id) return section.description;
  }
  ADD_FAILURE() << "no section " << id;
  return {};
}

// A run of so many kernels a launch, beside an empty kernel of 10 launches a graph.
core::RunRecord with_floor(core::CacheState cache, int kernels) {
  core::RunRecord run = sample_run();
  run.cache = cache;
  while (static_cast<int>(run.kernels.size()) < kernels) {
    run.kernels.push_back(run.kernels.front());
    run.kernels.back().ordinal = static_cast<int>(run.kernels.size()) - 1;
  }
  add_samples(run, core::SampleKind::kEmpty, 3456, 5, 0);
  for (core::Sample& sample : measured(run, "timing").samples) {
    if (sample.kind == core::SampleKind::kEmpty) sample.launches = 10;
  }
  return run;
}

// A cold floor holds a pair of events a launch: three kernels do not stand on three of them.
TEST_F(SheetOfTiming, TheFloorSaysWhatWasMeasuredInEachCacheState) {
  using core::CacheState;
  const auto note = [&](CacheState cache, int kernels) {
    return row(timing(with_floor(cache, kernels)), "graph.floor").note;
  };
  for (const CacheState cache : {CacheState::kWarm, CacheState::kCold}) {
    for (const int kernels : {1, 3}) {
      EXPECT_THAT(note(cache, kernels), HasSubstr("an empty kernel taken the same way, 10 launches a graph"));
    }
    EXPECT_THAT(note(cache, 1), HasSubstr("the floor under these times"));
  }
  EXPECT_THAT(note(CacheState::kWarm, 1), HasSubstr("fewer launches a graph give a higher one"));
  EXPECT_THAT(note(CacheState::kCold, 1), Not(HasSubstr("fewer launches")));  // each has its own events
  EXPECT_THAT(note(CacheState::kWarm, 3), HasSubstr("a launch of 3 kernels stands on 3 of them"));
  EXPECT_THAT(note(CacheState::kCold, 3), Not(HasSubstr("stands on")));
  EXPECT_THAT(note(CacheState::kCold, 3), Not(HasSubstr("under these times")));
  EXPECT_THAT(note(CacheState::kCold, 3), HasSubstr("the floor of one launch of one kernel"));
  EXPECT_THAT(note(CacheState::kCold, 3), HasSubstr("a launch here has 3 kernels"));
}

TEST_F(SheetOfTiming, TimingDescribesHowItWasTakenInEachCacheState) {
  const auto warm = timing(with_floor(core::CacheState::kWarm, 1));
  EXPECT_THAT(described(warm, "timing.graph"), HasSubstr("Events around one replay"));
  EXPECT_THAT(described(warm, "timing.launch"), HasSubstr("its overhead in"));
  const auto cold = timing(with_floor(core::CacheState::kCold, 1));
  EXPECT_THAT(described(cold, "timing.graph"), Not(HasSubstr("around one replay")));
  EXPECT_THAT(described(cold, "timing.graph"), HasSubstr("between two events of its own"));
  EXPECT_THAT(described(cold, "timing.launch"), Not(HasSubstr("its overhead in")));
  EXPECT_THAT(described(cold, "timing.launch"), HasSubstr("the flush is outside"));
  EXPECT_THAT(row(cold, "clock.effective").note, HasSubstr("around each launch of 5 graph samples"));
}

}  // namespace
}  // namespace flashcore::analysis
