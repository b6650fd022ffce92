#include "analysis/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

class SheetTest : public ::testing::Test {
 protected:
  std::vector<Sheet> sheets(core::RunRecord run) {
    return sheets_of(analyse(std::move(run), catalogue_), catalogue_);
  }
  Catalogue catalogue_ = Catalogue::builtin().value();
};

const SheetRow* find_row(const Sheet& sheet, const std::string& id) {
  for (const SheetSection& section : sheet.sections) {
    for (const SheetRow& row : section.rows) {
      if (row.id == id) return &row;
    }
  }
  return nullptr;
}

SheetRow row(const std::vector<Sheet>& sheets, const char* sheet, const std::string& id) {
  const SheetRow* found = find_row(*find_sheet(sheets, sheet), id);
  EXPECT_NE(found, nullptr) << sheet << " " << id;
  return found != nullptr ? *found : SheetRow{};
}

// A run of which only one thing is known at a time.
std::vector<core::RunRecord> kinds() {
  core::RunRecord wrong = sample_run();
  wrong.answer = core::Answer::kWrong;
  measured(wrong, "check").checks.front().passed = false;
  core::RunRecord nowhere = sample_run();
  nowhere.device.reset();
  nowhere.problem.reset();
  nowhere.model.reset();
  core::RunRecord bench;
  bench.subject = {core::SubjectKind::kMicrobenchmark, "dram_copy", "", {}, ""};
  bench.answer = core::Answer::kDoesNotApply;
  return {sample_run(), imported_run(), wrong, nowhere, bench, core::RunRecord{}};
}

TEST_F(SheetTest, EveryRunHasEverySheetAndEveryRowAValueOrAReason) {
  for (const core::RunRecord& run : kinds()) {
    const std::vector<Sheet> all = sheets(run);
    std::vector<std::string> ids;
    for (const Sheet& sheet : all) {
      ids.push_back(sheet.id);
      ASSERT_FALSE(sheet.sections.empty()) << sheet.id;
      std::set<std::string> seen;
      for (const SheetSection& section : sheet.sections) {
        EXPECT_FALSE(section.title.empty()) << section.id;
        EXPECT_TRUE(seen.insert(section.id).second) << section.id << " is there twice";
        EXPECT_FALSE(section.rows.empty() && section.description.empty()) << sheet.id << " says nothing";
        std::set<std::string> rows;
        for (const SheetRow& r : section.rows) {
          EXPECT_TRUE(rows.insert(r.id).second) << r.id << " is there twice";
          EXPECT_FALSE(r.value.empty()) << r.id;
          EXPECT_EQ(r.state == RowState::kMissing, r.value == "missing") << r.id;
          EXPECT_FALSE(r.state == RowState::kMissing && r.note.empty()) << r.id;
        }
      }
    }
    EXPECT_THAT(ids, ::testing::ElementsAre("summary", "speed_of_light", "metrics", "timing", "kernels",
                                            "measurements", "environment", "messages"));
  }
}

TEST_F(SheetTest, TheSummaryOfAMeasuredRun) {
  core::RunRecord run = sample_run();
  run.tags = {{"branch", "main"}};
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "summary", "subject").value, "wmma");
  EXPECT_EQ(row(all, "summary", "problem").value, "mission");
  EXPECT_EQ(row(all, "summary", "problem.sq").value, "512");
  EXPECT_EQ(row(all, "summary", "problem.mask").value, "full");
  EXPECT_EQ(row(all, "summary", "device").value, "NVIDIA H200");
  EXPECT_EQ(row(all, "summary", "answer").state, RowState::kGood);
  EXPECT_EQ(row(all, "summary", "time").value, "10.0 µs");
  EXPECT_EQ(row(all, "summary", "time").note, "graph p50 of 5");
  EXPECT_EQ(row(all, "summary", "tag.branch").value, "main");
  EXPECT_EQ(row(all, "summary", "origin").value, "live");
  EXPECT_EQ(row(all, "timing", "graph.p50").value, "10.000 µs");
  EXPECT_EQ(row(all, "timing", "check.0").value, "right");
  EXPECT_EQ(row(all, "environment", "device.sm_count").value, "132");
  EXPECT_EQ(row(all, "metrics", "theoretical_occupancy").note, "resources (driver+ptxas), limited by shared");
  EXPECT_THAT(row(all, "metrics", "roofline.dram").note,
              HasSubstr("FLOPs: model; bytes: model; time: graph p50"));
}

TEST_F(SheetTest, TheSummaryHasTheLimitWithItsTerms) {
  core::RunRecord run = sample_run();
  run.cache = core::CacheState::kCold;
  auto all = sheets(run);
  EXPECT_EQ(row(all, "summary", "limit.share").value, "5.01 %");
  EXPECT_EQ(row(all, "summary", "limit").value, "501 ns");
  EXPECT_EQ(row(all, "summary", "limit").note, "by its products on the tensor cores and its exponentials");
  EXPECT_THAT(row(all, "summary", "limit.products").note,
              HasSubstr("it binds; 537 MFLOP at 1.07 PFLOP/s: 4096 a clock and SM"));
  EXPECT_THAT(row(all, "summary", "limit.exps").note,
              HasSubstr("it binds; 2.10 Mop at 4.18 Top/s: 16 a clock and SM"))
      << "D = 64: as long as the products";
  EXPECT_EQ(row(all, "summary", "limit.bytes").name, "least bytes from DRAM");
  EXPECT_EQ(row(all, "summary", "limit.bytes").value, "320 ns");
  EXPECT_THAT(row(all, "summary", "cache").value, HasSubstr("cold"));
  run.cache = core::CacheState::kWarm;
  all = sheets(run);
  EXPECT_THAT(row(all, "summary", "cache").value, HasSubstr("warm"));
  EXPECT_EQ(row(all, "summary", "limit.bytes").state, RowState::kMissing);
  EXPECT_EQ(row(sheets(imported_run()), "summary", "cache").state, RowState::kMissing);
  EXPECT_EQ(row(sheets(imported_run()), "summary", "limit").state, RowState::kMissing);
}

// p50, p90 and p99 of graph samples are percentiles of means of batches, and must not all read "15.1 us".
TEST_F(SheetTest, GraphTimesAreNamedBatchMeansAndToldApart) {
  core::RunRecord run = sample_run();
  auto& samples = measured(run, "timing").samples;
  samples.clear();
  add_samples(run, core::SampleKind::kGraph, 15101, 50, 1800);
  add_samples(run, core::SampleKind::kGraph, 15111, 40, 1810);
  add_samples(run, core::SampleKind::kGraph, 15134, 10, 1820);
  for (core::Sample& sample : samples) sample.launches = 67;
  add_samples(run, core::SampleKind::kLaunch, 30000, 100, 1755);
  add_samples(run, core::SampleKind::kEmpty, 681.25, 3, 0);
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "timing", "graph.p50").value, "15.101 µs");
  EXPECT_EQ(row(all, "timing", "graph.p90").value, "15.111 µs");
  EXPECT_EQ(row(all, "timing", "graph.p99").value, "15.134 µs");
  EXPECT_EQ(row(all, "timing", "graph.p99").note, "of 100 batch means, each of 67 launches");
  EXPECT_EQ(row(all, "timing", "graph.floor").value, "681.25 ns");
  EXPECT_EQ(row(all, "timing", "launch.p99").value, "30.000 µs");
  EXPECT_EQ(row(all, "timing", "clock.effective").value, "1800 MHz");
  EXPECT_THAT(row(all, "timing", "clock.effective").note, HasSubstr("1800 to 1820 MHz"));
  const auto& sections = find_sheet(all, "timing")->sections;
  const auto graph = std::find_if(sections.begin(), sections.end(),
                                  [](const SheetSection& section) { return section.id == "timing.graph"; });
  ASSERT_NE(graph, sections.end());
  EXPECT_THAT(graph->description, HasSubstr("the gap between two nodes"));
  EXPECT_EQ(row(sheets(sample_run()), "timing", "graph.floor").state, RowState::kMissing);
}

TEST_F(SheetTest, TheClockLogIsSummedUp) {
  core::RunRecord run = sample_run();
  for (const double watts : {580.0, 612.0, 655.0}) {
    core::ClockRecord clock;
    clock.sm_mhz = 1980;
    clock.memory_mhz = 3201;
    clock.power_w = watts;
    clock.temperature_c = 61;
    clock.reasons = watts > 650 ? 0x4 | 0x400 : 0;
    clock.other_processes = watts > 600 ? 1 : 0;
    measured(run, "timing").clocks.push_back(clock);
  }
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "timing", "clock.nominal").value, "1980 MHz");
  EXPECT_EQ(row(all, "timing", "clock.power").value, "612 W");
  EXPECT_EQ(row(all, "timing", "clock.power").note, "580 to 655 W, 3 readings of NVML");
  EXPECT_EQ(row(all, "timing", "clock.temperature").value, "61 °C");
  EXPECT_EQ(row(all, "timing", "clock.reasons").value, "power cap, 0x400");
  EXPECT_EQ(row(all, "timing", "clock.other_processes").value, "1");
  EXPECT_EQ(row(all, "timing", "clock.other_processes").state, RowState::kWarning);
  EXPECT_EQ(row(sheets(sample_run()), "timing", "clock.reasons").state, RowState::kMissing);
}

TEST_F(SheetTest, ChecksTellInputMomentLimitAndTheWorstPlace) {
  core::RunRecord run = sample_run();
  auto& before = measured(run, "check");
  before.parameters["moment"] = "before timing";
  before.checks.clear();
  core::CheckRecord check;
  check.seed = 42;
  check.input = "normal";
  check.passed = true;
  check.max_error = 2.4e-4;
  check.max_tolerance = 4.9e-4;
  check.plain_max_error = 2.4e-4;
  check.worst = "b 0, h 3, row 117, d 5";
  check.method = "fp64 on the GPU, every element";
  before.checks.push_back(check);
  check.seed = 12345;
  check.input = "peaked";
  before.checks.push_back(check);
  core::MeasurementRecord after = before;
  after.parameters["moment"] = "after timing";
  after.checks[0].passed = false;
  after.checks[0].max_error = 0.01;
  run.measurements.push_back(after);
  run.answer = core::Answer::kWrong;
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "timing", "check.42").name, "normal input, seed 42, before timing");
  EXPECT_THAT(row(all, "timing", "check.42").note,
              HasSubstr("max 2.40e-04 (limit 0.00049: twice the plain method's 2.40e-04, + 1e-5)"));
  EXPECT_THAT(row(all, "timing", "check.42").note, HasSubstr("largest at b 0, h 3, row 117, d 5"));
  EXPECT_EQ(row(all, "timing", "check.12345").name, "peaked input, seed 12345, before timing");
  EXPECT_EQ(row(all, "timing", "check.42.2").value, "WRONG");
  EXPECT_THAT(row(all, "timing", "check.42.2").tip,
              HasSubstr("which decide nothing: max 0.06, mean 0.02; kept"));
  EXPECT_EQ(row(all, "timing", "check.historic").value, "max 0.06, mean 0.02");
  EXPECT_EQ(
      row(all, "summary", "answer").note,
      "WRONG: max error 0.01 > 0.00049 (normal input, seed 42, after timing); its timing is not a result");
}

TEST_F(SheetTest, KernelsShowTheirShareAndMeasurementsTheirSteps) {
  core::RunRecord run = sample_run();
  run.kernels.push_back({1, "second", core::Extent3{2, 2, 1}, core::Extent3{128, 1, 1}});
  add_counter(run, "gpu__time_duration.sum", 3000, 0);
  add_counter(run, "gpu__time_duration.sum", 9000, 1);
  measured(run, "cupti").steps = {{"set-up", 51.2}, {"passes", 161}};
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "kernels", "kernel.1.time").value, "9.00 µs");
  EXPECT_EQ(row(all, "kernels", "kernel.1.share").value, "75 %");
  EXPECT_EQ(row(all, "measurements", "measurement.3.step.1").name, "passes");
  EXPECT_EQ(row(all, "measurements", "measurement.3.step.1").value, "161 ms");
  EXPECT_EQ(row(sheets(sample_run()), "kernels", "kernel.0.share").state, RowState::kMissing);
}

TEST_F(SheetTest, WhatALaunchChoseStandsBeforeItsKernels) {
  EXPECT_EQ(find_sheet(sheets(sample_run()), "kernels")->sections.front().id, "kernel.0")
      << "nothing was chosen";
  core::RunRecord run = sample_run();
  measured(run, "timing").parameters["choice"] = "16 x 64 tiles, keys over 4 warps";
  const auto all = sheets(run);
  EXPECT_EQ(find_sheet(all, "kernels")->sections.front().id, "launch");
  EXPECT_EQ(row(all, "kernels", "launch.choice").value, "16 x 64 tiles, keys over 4 warps");
  EXPECT_EQ(row(all, "kernels", "kernel.0.grid").state, RowState::kPlain) << "the kernels come behind it";

  run.kernels.clear();
  for (auto& measurement : run.measurements) measurement.kernels.clear(), measurement.resources.clear();
  const auto without = sheets(run);
  const Sheet* kernels = find_sheet(without, "kernels");
  ASSERT_EQ(kernels->sections.size(), 2u);
  EXPECT_EQ(kernels->sections[1].description, "The run does not tell of its kernels.");
}

TEST_F(SheetTest, CeilingsThatAreNoLimitSayThat) {
  core::RunRecord run = sample_run();
  add_counter(run, "lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.0e13);
  const auto all = sheets(run);
  EXPECT_THAT(row(all, "metrics", "ceiling.tensor_f16").name, ::testing::StartsWith("ceiling: "));
  EXPECT_THAT(row(all, "metrics", "ceiling.l2").name, ::testing::StartsWith("definition, no limit: "));
  EXPECT_THAT(row(all, "metrics", "ceiling.l2").note, HasSubstr("a definition and no limit"));
  EXPECT_THAT(row(all, "metrics", "ceiling.tensor_f16_mma").name,
              ::testing::StartsWith("ceiling of these instructions alone: "));
}

// A unit at 24 % holds nothing up, be it the highest.
TEST_F(SheetTest, OnlyAUnitThatIsBusyBinds) {
  const auto note = [&](double percent) {
    core::RunRecord run = sample_run();
    add_counter(run, "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed", percent);
    add_counter(run, "sm__inst_executed_pipe_xu.avg.pct_of_peak_sustained_elapsed", 12);
    add_counter(run, "gpu__time_duration.sum", 13984);
    const auto all = sheets(run);
    EXPECT_EQ(find_sheet(all, "speed_of_light")->sections[0].description,
              "Of the counter pass: 13.98 µs (timed: 10.00 µs).");
    EXPECT_THAT(row(all, "speed_of_light", "bar.exp").tip, HasSubstr("reciprocals and conversions"));
    return row(all, "speed_of_light", "bar.tensor").note;
  };
  EXPECT_THAT(note(24), ::testing::StartsWith("the highest; cupti"));
  EXPECT_THAT(note(59.9), ::testing::StartsWith("the highest; cupti"));
  EXPECT_THAT(note(61), ::testing::StartsWith("the highest: it binds; cupti"));
}

TEST_F(SheetTest, APointBelowADefinitionHasNoShareOfIt) {
  core::RunRecord run = sample_run();
  add_counter(run, "lts__t_bytes.sum", 33554432);
  add_counter(run, "lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.0e13);
  EXPECT_THAT(
      row(sheets(run), "metrics", "roofline.l2").note,
      ::testing::StartsWith("no share: the ceiling of l2 is a definition and no limit at 16 FLOP/B; "));
}

TEST_F(SheetTest, AnImportSaysWhereItIsFromAndShowsItsTime) {
  const auto all = sheets(imported_run());
  EXPECT_EQ(row(all, "summary", "subject.kind").value, "kernel");
  EXPECT_EQ(row(all, "summary", "problem").value, "missing");
  EXPECT_EQ(row(all, "summary", "answer").value, "does not apply");
  EXPECT_EQ(row(all, "summary", "time").value, "20.0 µs");
  EXPECT_THAT(row(all, "summary", "origin").note,
              HasSubstr("import from Nsight Compute 2025.3 of NVIDIA H200, taken 2026-02-01T10:00:00Z"));
  EXPECT_EQ(row(all, "timing", "time").note, "gpu__time_duration.sum, ncu");
  EXPECT_EQ(row(all, "kernels", "kernel.0.grid").value, "8 x 4 x 1");
  EXPECT_EQ(row(all, "measurements", "measurement.0.tool").value, "Nsight Compute 2025.3");
}

// Such a run carries the time of its import, which nobody must take for that of the measurement.
TEST_F(SheetTest, AFileThatDoesNotSayWhenItWasTakenWasImportedAndNotTaken) {
  core::RunRecord run = imported_run();
  measured(run, "ncu").taken_at.clear();
  const auto all = sheets(run);
  EXPECT_THAT(row(all, "summary", "origin").note, HasSubstr("NVIDIA H200, imported 2026-02-01T10:00:00Z"));
  EXPECT_EQ(row(all, "summary", "taken_at").name, "imported");
  EXPECT_EQ(row(all, "measurements", "measurement.0.taken_at").note, "the file does not say when");
  EXPECT_EQ(row(sheets(imported_run()), "summary", "taken_at").name, "taken");
  EXPECT_EQ(row(all, "summary", "commit").state, RowState::kMissing);
}

// What was computed from a file's rates is no counter of the file that nothing reads.
TEST_F(SheetTest, DerivedCountersAreNotListedAsUnread) {
  core::RunRecord run = imported_run();
  add_counter(run, "lts__t_tag_requests.sum.per_second", 1e9, 0, "ncu");
  const Sheet* sheet = nullptr;
  const auto all = sheets(run);
  sheet = find_sheet(all, "measurements");
  ASSERT_NE(sheet, nullptr);
  std::vector<std::string> names;
  for (const SheetRow& r : sheet->sections.front().rows) names.push_back(r.name);
  EXPECT_THAT(names, ::testing::Contains("lts__t_tag_requests.sum.per_second"));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("lts__t_tag_requests.sum")));
  EXPECT_EQ(row(sheets(sample_run()), "measurements", "measurement.2.holds").value, "resources of 1 kernel");
}

TEST_F(SheetTest, AWrongAnswerHidesTheTimes) {
  core::RunRecord run = sample_run();
  run.answer = core::Answer::kWrong;
  auto& check = measured(run, "check").checks.front();
  check.passed = false;
  check.max_error = 1.5;
  check.max_tolerance = 0.5;
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "summary", "answer").state, RowState::kBad);
  EXPECT_THAT(row(all, "summary", "answer").note, HasSubstr("WRONG: max error 1.5 > 0.5"));
  for (const char* id : {"graph.p50", "launch.p50"}) {
    EXPECT_EQ(row(all, "timing", id).value, "missing");
    EXPECT_THAT(row(all, "timing", id).note, HasSubstr("the answer is wrong"));
  }
}

TEST_F(SheetTest, KernelsShowEverySourceThatSaysSomethingElse) {
  core::RunRecord run = sample_run();
  core::ResourceRecord other;
  other.registers = 40;
  other.stack_bytes = 16;
  other.dynamic_shared_bytes = 98304;
  other.provenance = "ncu";
  measured(run, "ncu").resources.push_back(other);
  const auto all = sheets(run);
  const SheetRow registers = row(all, "kernels", "kernel.0.registers");
  EXPECT_EQ(registers.value, "168");
  EXPECT_EQ(registers.note, "driver+ptxas; ncu says 40");
  EXPECT_EQ(registers.state, RowState::kWarning);
  EXPECT_EQ(row(all, "kernels", "kernel.0.stack").value, "16 B") << "taken from the one that knows it";
  EXPECT_EQ(row(all, "kernels", "kernel.0.stack").note, "ncu");
  EXPECT_EQ(row(all, "kernels", "kernel.0.dynamic_shared").state, RowState::kPlain) << "both say the same";
}

TEST_F(SheetTest, MeasurementsTellWhatTheyWereAndWhatLost) {
  core::RunRecord run = sample_run();
  add_counter(run, "dram__bytes.sum", 100);
  add_counter(run, "dram__bytes.sum", 103, std::nullopt, "ncu");
  add_counter(run, "vendor__unheard_of.sum", 7, std::nullopt, "ncu");
  measured(run, "ncu").status = core::MeasurementStatus::kPartial;
  measured(run, "ncu").reason = "killed";
  measured(run, "ncu").parameters = {{"cache", "flushed"}};
  const auto all = sheets(run);
  const Sheet& sheet = *find_sheet(all, "measurements");
  const SheetSection& ncu = sheet.sections.back();
  EXPECT_EQ(ncu.title, "ncu");
  const std::string id = ncu.id;
  EXPECT_EQ(row(all, "measurements", id + ".status").value, "partial");
  EXPECT_EQ(row(all, "measurements", id + ".status").note, "killed");
  EXPECT_EQ(row(all, "measurements", id + ".parameter.cache").value, "flushed");
  EXPECT_EQ(row(all, "measurements", id + ".holds").value, "2 counters");
  const SheetRow lost = row(all, "measurements", "counter.dram__bytes.sum");
  EXPECT_EQ(lost.value, "103");
  EXPECT_EQ(lost.note, "not used: 100 by cupti, 4 passes, CUPTI 130000 goes before it");
  EXPECT_EQ(row(all, "measurements", "counter.vendor__unheard_of.sum").value, "7");
}

TEST_F(SheetTest, MessagesAreSortedByWeight) {
  core::RunRecord run = sample_run();
  run.diagnostics.push_back({core::Severity::kInfo, "note", "A note.", "", "test"});
  measured(run, "timing")
      .diagnostics.push_back({core::Severity::kWarning, "drift", "It drifted.", "Lock it.", "nvml"});
  const Sheet messages = *find_sheet(sheets(run), "messages");
  ASSERT_EQ(messages.sections.front().rows.size(), 2u);
  EXPECT_EQ(messages.sections.front().rows[0].id, "drift");
  EXPECT_EQ(messages.sections.front().rows[0].note, "Lock it.");
  EXPECT_EQ(messages.sections.front().rows[0].state, RowState::kWarning);
  EXPECT_EQ(find_sheet(sheets(sample_run()), "messages")->sections.front().description, "There are none.");
}

}  // namespace
}  // namespace flashcore::analysis
