#include "reports/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "analysis/sheet.h"
#include "reports/text.h"
#include "tests/reports/fixture_runs.h"

namespace flashcore::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

const analysis::Catalogue& catalogue() {
  static const analysis::Catalogue builtin = analysis::Catalogue::builtin().value();
  return builtin;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string line_with(const std::string& text, const std::string& part) {
  for (const std::string& line : lines_of(text)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return {};
}

TEST(RunsTable, ShowsEachRunUnderItsProblemWithTheFastestMarked) {
  const std::string text = runs_table(fixtures::analysed(fixtures::usual_records(), catalogue()), {});
  EXPECT_THAT(text, HasSubstr("mission"));
  EXPECT_THAT(text, HasSubstr("large"));
  EXPECT_THAT(line_with(text, "baseline"), HasSubstr("1.00x"));
  EXPECT_THAT(line_with(text, "wmma"), HasSubstr(" 9.40 "));
  EXPECT_THAT(line_with(text, "fused"), HasSubstr("▸"));
  EXPECT_THAT(line_with(text, "cublas"), HasSubstr("(ref)"));
  EXPECT_THAT(line_with(text, "wmma"), Not(HasSubstr("▸")));
}

TEST(RunsTable, KeepsColumnsAlignedAndWithinTheWidth) {
  const auto runs = fixtures::analysed(fixtures::usual_records(), catalogue());
  for (int width : {60, 80, 100, 140}) {
    int row_width = 0;
    for (const std::string& line : lines_of(runs_table(runs, {false, width}))) {
      EXPECT_LE(display_width(line), width) << line;
      if (line.find("baseline") == std::string::npos && line.find("wmma") == std::string::npos) continue;
      if (row_width == 0) row_width = display_width(line);
      EXPECT_EQ(display_width(line), row_width) << line;
    }
    EXPECT_GT(row_width, 0);
  }
}

TEST(RunsTable, SaysWrongWithoutTiming) {
  const auto runs =
      fixtures::analysed({fixtures::record(fixtures::ladder()[0]), fixtures::wrong_record()}, catalogue());
  const std::string line = line_with(runs_table(runs, {}), "broken");
  EXPECT_THAT(line, HasSubstr("WRONG"));
  EXPECT_THAT(line, HasSubstr("1.25"));
  EXPECT_THAT(line, Not(HasSubstr("µs")));
}

TEST(RunsTable, SaysWhatIsARecordingAndWhatWasRefused) {
  auto run = fixtures::recorded(fixtures::without_counters(fixtures::record(fixtures::ladder()[1])));
  const std::string text = runs_table(fixtures::analysed({run}, catalogue()), {});
  EXPECT_THAT(text, HasSubstr("recording of NVIDIA H200, taken 2026-01-31T12:00:00Z at 0123456789ab"));
  EXPECT_THAT(text, HasSubstr("counters"));
  EXPECT_THAT(text, HasSubstr("hint: "));
}

TEST(RunsTable, HasOneSetOfColumnsForAllProblems) {
  auto records = fixtures::usual_records();
  records.push_back(fixtures::record(fixtures::ladder()[0]));
  records.back().problem = *core::parse_problem("tiny");
  // One problem with far wider times than the others: it may not lose a column alone.
  for (auto& sample : fixtures::part(records.back(), "timing").samples) sample.duration_ns *= 1234;
  const auto runs = fixtures::analysed(records, catalogue());
  for (int width : {60, 80, 100, 160}) {
    std::vector<std::string> titles;
    for (const std::string& line : lines_of(runs_table(runs, {false, width}))) {
      if (line.find("p50") != std::string::npos) titles.push_back(line);
    }
    ASSERT_EQ(titles.size(), 3U);
    EXPECT_EQ(titles[0], titles[1]);
    EXPECT_EQ(titles[0], titles[2]);
  }
}

TEST(RunsTable, CollapsesNotesAndTellsWarnings) {
  auto records = fixtures::usual_records();
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].id = static_cast<core::RowId>(i + 7);
    records[i].diagnostics = {{core::Severity::kInfo, "n", "a note that drowns the table", "", "test"}};
  }
  records[1].diagnostics.push_back({core::Severity::kWarning, "w", "the clock drifted", "lock it", "test"});
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {});
  EXPECT_THAT(text, Not(HasSubstr("drowns")));
  EXPECT_THAT(line_with(text, "1 note "), HasSubstr("flashcore-profile show RUN, for instance show 7"));
  EXPECT_THAT(line_with(text, "the clock drifted"), HasSubstr("warning (wmma on mission)"));
  EXPECT_THAT(text, HasSubstr("hint: lock it"));
}

TEST(RunsTable, SaysOnceWhatAllRecordedRunsShare) {
  auto records = fixtures::usual_records();
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i] = fixtures::recorded(records[i]);
    records[i].taken_at = "2026-01-31T12:00:0" + std::to_string(i % 10) + "Z";
  }
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {});
  const std::string sentence = "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z to 12:00:0";
  const auto at = text.find(sentence);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.find(sentence, at + 1), std::string::npos);
}

TEST(RunsTable, CannotBeSteeredByATag) {
  auto hostile = fixtures::hostile_record();
  hostile.subject.name = "\x1b[2J\x07" + std::string(10000, 'p');
  const auto runs = fixtures::analysed({hostile}, catalogue());
  for (const std::string& text : {runs_table(runs, {}), run_details(runs[0], catalogue(), {})}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\x07")));
  }
}

TEST(RunsTable, ImportsAreAGroupWithTheirTimes) {
  auto records = fixtures::imported_records();
  records.push_back(fixtures::record(fixtures::ladder()[0]));
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {false, 120});
  EXPECT_THAT(text,
              HasSubstr("import from Nsight Compute 2025.3.1 of NVIDIA H200, taken 2026-02-01T10:00:00Z"));
  EXPECT_THAT(text, HasSubstr("import from nvbench of an unnamed device"));
  EXPECT_THAT(text, HasSubstr("imports  not measured here"));
  EXPECT_THAT(line_with(text, "ampere_sgemm"), HasSubstr("20.0 µs"));
  EXPECT_THAT(line_with(text, "ampere_sgemm"), HasSubstr("50.0"));  // TFLOP/s, counted
  EXPECT_THAT(line_with(text, "ampere_sgemm"), HasSubstr("gpu__time_duration.sum, ncu"));
  EXPECT_THAT(line_with(text, "copy_kernel"), HasSubstr("12.3 µs"));
  EXPECT_THAT(line_with(text, "baseline"), HasSubstr("1.00x"));
  EXPECT_EQ(line_with(text, "ampere_sgemm").find("1.00x"), std::string::npos);
}

// A library's attention that was timed elsewhere, on the ladder's own problem.
core::RunRecord timed_elsewhere() {
  core::RunRecord run = fixtures::record(fixtures::ladder()[3]);
  run.origin = core::Origin::kImport;
  run.subject.kind = core::SubjectKind::kKernel;
  run.subject.name = "torch.cudnn";
  return run;
}

TEST(RunsTable, ImportsOfAnOwnProblemStandBesideThePhases) {
  auto phase = fixtures::record(fixtures::ladder()[2]);
  phase.origin = core::Origin::kImport;
  const auto records = {fixtures::record(fixtures::ladder()[0]), timed_elsewhere(), phase};
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {false, 140});
  EXPECT_THAT(text, Not(HasSubstr("imports  not measured here")));
  EXPECT_THAT(text, HasSubstr("some live, some imported"));
  EXPECT_THAT(text, HasSubstr("import from"));
  // 412.4 us of the baseline over its 64.0.
  EXPECT_THAT(line_with(text, "torch.cudnn (ref)"), HasSubstr("6.44x"));
  EXPECT_THAT(text, HasSubstr("fused, import"));
  const std::string alone = runs_table(fixtures::analysed({timed_elsewhere()}, catalogue()), {false, 140});
  EXPECT_THAT(alone, HasSubstr("  imported"));
}

TEST(RunsTable, EveryKindOfRunKeepsTheWidth) {
  auto records = fixtures::usual_records();
  records.push_back(timed_elsewhere());
  for (auto& run : fixtures::imported_records()) records.push_back(run);
  records.push_back(fixtures::wrong_record());
  records.push_back(fixtures::hostile_record());
  records.push_back(fixtures::library_record());
  records.push_back(fixtures::library_record("long128"));
  records.push_back(fixtures::cold(fixtures::library_record()));
  records.push_back(fixtures::old_record(fixtures::library_record()));
  records.push_back(fixtures::without_counters(fixtures::library_record()));
  records.push_back(core::RunRecord{});
  records.push_back(fixtures::record(fixtures::ladder()[0], "2,8,512,1024,64,hkv=2,bf16,causal"));
  records.push_back(fixtures::recorded(records.back()));
  const auto runs = fixtures::analysed(records, catalogue());
  for (int width : {60, 80, 100, 140}) {
    for (const std::string& line : lines_of(runs_table(runs, {false, width}))) {
      EXPECT_LE(display_width(line), width) << line;
    }
    for (const auto& run : runs) {
      for (const std::string& line : lines_of(runs_table({run}, {false, width}))) {
        EXPECT_LE(display_width(line), width) << line;
      }
      for (const std::string& line : lines_of(run_details(run, catalogue(), {false, width}))) {
        EXPECT_LE(display_width(line), width) << line;
      }
    }
  }
}

// The share that is shown is that of the problem's own limit, and the head says what the limit is.
TEST(RunsTable, JudgesByTheLimitOfTheProblem) {
  const auto runs = fixtures::analysed(fixtures::usual_records(), catalogue());
  const std::string text = runs_table(runs, {false, 120});
  ASSERT_TRUE(runs[1].limit.share);
  EXPECT_THAT(line_with(text, "phase"), HasSubstr("of limit"));
  EXPECT_THAT(text, Not(HasSubstr("roof")));
  EXPECT_THAT(line_with(text, "mission"),
              HasSubstr("limit 566 ns by products on the tensor cores and exponentials"));
  EXPECT_THAT(runs_table(runs, {false, 60}), HasSubstr("  limit 566 ns by products and exps\n"));
  EXPECT_THAT(line_with(text, "wmma"), HasSubstr("0.64 %"));
  EXPECT_NEAR(100 * *runs[1].limit.share, 0.64, 0.005);
  const auto wrong = fixtures::analysed({fixtures::wrong_record()}, catalogue());
  EXPECT_THAT(line_with(runs_table(wrong, {false, 120}), "broken"), Not(HasSubstr(" %")));
}

TEST(RunsTable, KeepsColdCachesApartFromWarmOnes) {
  std::vector<core::RunRecord> records;
  for (const auto& shape : {fixtures::ladder()[0], fixtures::ladder()[1]}) {
    records.push_back(fixtures::record(shape));
    records.push_back(fixtures::cold(fixtures::record(shape)));
  }
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {false, 120});
  std::vector<std::string> heads, baselines;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("mission")) heads.push_back(line);
    if (line.find("baseline ") != std::string::npos) baselines.push_back(line);
  }
  ASSERT_EQ(heads.size(), 2U);
  EXPECT_THAT(heads[0], Not(HasSubstr("cold")));
  EXPECT_TRUE(heads[1].starts_with("mission, cold caches  ")) << heads[1];
  ASSERT_EQ(baselines.size(), 2U);
  EXPECT_THAT(baselines[1], HasSubstr("577.1 µs"));
  EXPECT_THAT(baselines[1], HasSubstr("1.00x")) << "a cold run is compared with the cold one alone";
}

TEST(RunsTable, WritesSoManyDigitsThatRunsCanBeToldApart) {
  auto slower = fixtures::record(fixtures::ladder()[1]);
  slower.subject.name = "tuned";
  for (auto& sample : fixtures::part(slower, "timing").samples) sample.duration_ns *= 0.9999;
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[1]), slower}, catalogue());
  const std::string text = runs_table(runs, {false, 120});
  EXPECT_THAT(line_with(text, "wmma"), HasSubstr("88.35 µs"));
  EXPECT_THAT(line_with(text, "tuned"), HasSubstr("88.34 µs"));
}

TEST(RunsTable, TellsTheEmptyKernelBesideSmallTimesOnce) {
  const std::string sentence = "an empty kernel takes 552 ns here";
  auto records = fixtures::usual_records();
  EXPECT_THAT(runs_table(fixtures::analysed(records, catalogue()), {}), Not(HasSubstr("empty kernel")));
  for (auto& record : records) {
    for (auto& sample : fixtures::part(record, "timing").samples) {
      if (sample.kind == core::SampleKind::kGraph) sample.duration_ns /= 10;
    }
  }
  const std::string text = runs_table(fixtures::analysed(records, catalogue()), {});
  const std::size_t at = text.find(sentence);
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.find(sentence, at + 1), std::string::npos);
  EXPECT_GT(at, text.find("large"));
  for (auto& record : records) record = fixtures::recorded(record);
  EXPECT_THAT(runs_table(fixtures::analysed(records, catalogue()), {}),
              HasSubstr("an empty kernel takes 552 ns where these were recorded"));
}

TEST(RunsTable, ShowsTheKernelsOfALaunchWithTheirShares) {
  const auto runs =
      fixtures::analysed({fixtures::record(fixtures::ladder()[0]), fixtures::library_record()}, catalogue());
  for (int width : {60, 80, 120}) {
    const auto lines = lines_of(runs_table(runs, {true, width}));
    std::vector<std::string> kernels;
    for (const std::string& line : lines) {
      if (line.find("µs\x1b") != std::string::npos && line.find("    ") != std::string::npos)
        kernels.push_back(line);
    }
    ASSERT_EQ(kernels.size(), 3U) << "three kernels are three rows";
    EXPECT_THAT(kernels[0], HasSubstr("33.0 %, 6.10 µs"));
    EXPECT_THAT(kernels[1], HasSubstr("softmax_rows"));
    EXPECT_THAT(kernels[1], HasSubstr("53.0 %, 9.80 µs"));
    const auto name = [](const std::string& line) { return line.substr(0, line.find("%,") - 6); };
    EXPECT_NE(name(kernels[0]), name(kernels[2])) << "names that differ are not cut to the same";
    for (const std::string& kernel : kernels) EXPECT_TRUE(kernel.starts_with("\x1b[2m")) << "dim";
  }
  const auto refused =
      fixtures::analysed({fixtures::without_counters(fixtures::library_record())}, catalogue());
  EXPECT_THAT(runs_table(refused, {false, 200}), HasSubstr("    3 kernels, no time of each: "));

  core::RunRecord timed_alone = fixtures::library_record();
  std::erase_if(timed_alone.measurements,
                [](const auto& one) { return one.collector != "timing" && one.collector != "check"; });
  EXPECT_THAT(runs_table(fixtures::analysed({timed_alone}, catalogue()), {false, 200}),
              Not(HasSubstr("no time of each")));
}

TEST(RunsTable, OneRunAloneHasItsBarsSeveralTheirBusiestUnit) {
  const auto one = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue());
  const std::string alone = runs_table(one, {false, 80});
  EXPECT_THAT(line_with(alone, "▸ Issue"), HasSubstr("█"));
  EXPECT_THAT(alone, HasSubstr("DRAM"));
  EXPECT_THAT(alone, Not(HasSubstr("busiest")));
  const auto two = fixtures::analysed(
      {fixtures::record(fixtures::ladder()[0]), fixtures::record(fixtures::ladder()[1])}, catalogue());
  const std::string several = runs_table(two, {false, 80});
  EXPECT_THAT(several, Not(HasSubstr("█")));
  EXPECT_THAT(line_with(several, "phase"), HasSubstr("busiest"));
  EXPECT_THAT(line_with(several, "wmma"), HasSubstr("issue 35 %"));
  EXPECT_THAT(run_details(one[0], catalogue(), {false, 80}), HasSubstr("▸ Issue"));
}

class Colour : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    controller_ = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(controller_, 0);
    ASSERT_EQ(grantpt(controller_), 0);
    ASSERT_EQ(unlockpt(controller_), 0);
    terminal_ = open(ptsname(controller_), O_RDWR | O_NOCTTY);
    ASSERT_GE(terminal_, 0);
  }
  void TearDown() override {
    close(terminal_);
    close(controller_);
  }
  int controller_ = -1, terminal_ = -1;
};

TEST_F(Colour, IsForTerminalsThatWantIt) {
  EXPECT_TRUE(wants_colour(terminal_));
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(wants_colour(terminal_)) << "an empty NO_COLOR says nothing";
  setenv("NO_COLOR", "0", 1);
  EXPECT_FALSE(wants_colour(terminal_)) << "any text counts";
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(wants_colour(terminal_));
}

TEST_F(Colour, IsNeverForAFileOrAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(wants_colour(ends[1]));
  EXPECT_FALSE(wants_colour(-1));
  close(ends[0]);
  close(ends[1]);
}

TEST(RunsTable, ColoursOnlyWhenAsked) {
  const auto runs = fixtures::analysed(fixtures::usual_records(), catalogue());
  EXPECT_THAT(runs_table(runs, {false, 100}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(runs_table(runs, {true, 100}), HasSubstr("\x1b[32m"));
}

TEST(RunsTable, SaysThatThereIsNothing) {
  EXPECT_EQ(runs_table({}, {}), "no runs\n");
}

TEST(RunDetails, ShowsEverySectionWithValuesAndReasons) {
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue());
  const std::string text = run_details(runs[0], catalogue(), {});
  for (const auto& section : catalogue().sections()) EXPECT_THAT(text, HasSubstr(section.title));
  EXPECT_THAT(line_with(text, "Tensor pipe active"), HasSubstr("9.4 %"));
  EXPECT_THAT(line_with(text, "registers a thread"), HasSubstr("128"));
  EXPECT_THAT(text, HasSubstr("missing"));
  EXPECT_THAT(text, HasSubstr("peaked input"));
}

// A file of another profiler holds a few counters of two hundred: why the others are missing is told once for
// all that share the reason, not once a line.
TEST(RunDetails, MissingValuesOfOneCauseAreToldTogether) {
  const auto runs = fixtures::analysed({fixtures::imported_records().front()}, catalogue());
  const std::string text = run_details(runs[0], catalogue(), {false, 8000});
  const std::string stalls = line_with(text, "Stall: Barrier");
  EXPECT_THAT(stalls,
              HasSubstr("missing, its counter was not collected; it belongs to the counter set 'standard'"));
  EXPECT_THAT(stalls, HasSubstr("Stall: Long scoreboard; Stall: Short scoreboard"));
  EXPECT_THAT(
      line_with(text, "spill stores a thread"),
      HasSubstr(
          "missing, no source says it of this kernel: shared memory, static; shared memory, dynamic; spill"));
  EXPECT_THAT(text, HasSubstr("missing, the run carries no FLOP model: Achieved FLOP rate; "));
  EXPECT_THAT(text, Not(HasSubstr("counter smsp__warps_issue_stalled")));
  EXPECT_LT(lines_of(text).size(), 170u);
  // One alone keeps its line, with the counter's name.
  EXPECT_THAT(line_with(text, "  DRAM bytes over least bytes"),
              HasSubstr("missing  model_bytes: the run carries"));
}

// What the sheets hold is on the terminal, and nothing is listed by the renderer itself.
TEST(RunDetails, RendersEveryRowOfEverySheet) {
  auto records = fixtures::imported_records();
  records.push_back(fixtures::counted_twice(fixtures::wrong_record()));
  records.push_back(core::RunRecord{});
  for (const auto& run : fixtures::analysed(records, catalogue())) {
    const std::string text = run_details(run, catalogue(), {false, 8000});
    for (const analysis::Sheet& sheet : analysis::sheets_of(run, catalogue())) {
      for (const analysis::SheetSection& section : sheet.sections) {
        EXPECT_THAT(text, HasSubstr("\n" + section.title + "\n"));
        for (const analysis::SheetRow& row : section.rows) {
          const bool there =
              text.find(cut(row.name, 36)) != std::string::npos || text.find(row.name) != std::string::npos;
          EXPECT_TRUE(there) << row.id;
          EXPECT_THAT(text, HasSubstr(row.value)) << row.id;
        }
      }
    }
  }
}

}  // namespace
}  // namespace flashcore::reports
