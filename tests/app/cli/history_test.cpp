// `history` end to end: commits over time in a real database, tables, JSON against its schema, bad input.
#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "reports/text.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HistoryCommand : public CommandLine {
 protected:
  // Twelve builds of four runs each; with build 6 wmma on mission becomes 5% slower, and the driver is
  // another.
  std::string builds() {
    std::vector<core::RunRecord> runs;
    for (int i = 0; i < 48; ++i) {
      const int build = i / 4;
      const double wobble = 1 + 0.003 * std::sin(1.7 * i) + 0.002 * std::cos(0.6 * i * i);
      core::RunRecord run = sample_run("wmma", 2, "mission", 40'000 * (build < 6 ? 1 : 1.05) * wobble);
      run.taken_at = fmt::format("2026-01-{:02}T03:{:02}:00Z", build + 1, i % 4);
      run.environment.git_sha = fmt::format("{:07x}{}", 0xabc000 + build, std::string(33, 'd'));
      run.subject.source_hash = build < 6 ? "old" : "new";
      run.environment.driver = build < 6 ? "580.1" : "590.2\x1b[31m";
      runs.push_back(std::move(run));
    }
    runs.push_back(sample_run("baseline", 1, "mission", 400'000));
    core::RunRecord cold = sample_run("fused", 3, "tiny", 9'000);
    cold.cache = core::CacheState::kCold;
    runs.push_back(cold);
    return db_ = make_database(runs);
  }
  Outcome history(std::vector<std::string> arguments, const std::string& columns = "100") {
    arguments.insert(arguments.begin(), "history");
    arguments.insert(arguments.end(), {"--db", db_});
    return run(arguments, {{"COLUMNS", columns}});
  }
  std::string db_;
};

TEST_F(HistoryCommand, TellsTheChangeItsCommitsAndWhatStandsBeside) {
  builds();
  const Outcome outcome = history({"--phase", "wmma", "--shape", "mission"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("wmma on mission: Duration, 48 runs of 12 builds, 2026-01-01 to 2026-01-12"));
  EXPECT_THAT(outcome.out, HasSubstr("1 change point\n"));
  EXPECT_THAT(outcome.out, HasSubstr("0abc005dd -> 0abc006dd"));
  EXPECT_THAT(outcome.out, HasSubstr("confirmed in cycles"));
  EXPECT_THAT(outcome.out, HasSubstr("beside it: driver 580.1 -> 590.2?[31m"));
  EXPECT_THAT(outcome.out, HasSubstr("never a cause"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
  const Outcome plotted = history({"--phase", "wmma", "--ascii"});
  EXPECT_GT(plotted.out.size(), outcome.out.size());
}

// Two builds an hour each: the runs cannot tell whether it was the code.
TEST_F(HistoryCommand, StepsThatMayBeTheHourStandApart) {
  std::vector<core::RunRecord> runs;
  for (int i = 0; i < 32; ++i) {
    const double wobble = 1 + 0.002 * std::sin(1.7 * i);
    core::RunRecord run = sample_run("wmma", 2, "mission", 40'000 * (i < 16 ? 1 : 1.02) * wobble);
    run.taken_at = fmt::format("2026-01-{:02}T03:{:02}:00Z", i < 16 ? 1 : 2, i % 16);
    run.environment.git_sha = std::string(40, i < 16 ? 'a' : 'b');
    run.subject.source_hash = i < 16 ? "old" : "new";
    runs.push_back(std::move(run));
  }
  db_ = make_database(runs);
  const Outcome outcome = history({"--phase", "wmma"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("no change points\nsteps that may be the hour or the conditions"));
  EXPECT_THAT(outcome.out, HasSubstr("1 occasion before and 1 after"));
  const json parsed = json::parse(history({"--json"}).out)["histories"][0];
  EXPECT_EQ(parsed["occasions"], 2);
  EXPECT_EQ(parsed["by_occasion"], false);
  EXPECT_EQ(parsed["changes"][0]["confirmed"], false);
  EXPECT_EQ(parsed["changes"][0]["because"].size(), 1u);
}

TEST_F(HistoryCommand, FitsTheTerminal) {
  builds();
  for (const char* columns : {"60", "80", "100"}) {
    std::istringstream lines(history({"--ascii"}, columns).out);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(reports::display_width(line), std::stoi(columns)) << line;
  }
}

TEST_F(HistoryCommand, JsonIsWhatItsSchemaSays) {
  builds();
  const auto file = folder_ / "history.json";
  ASSERT_EQ(history({"--json", file.string()}).exit_code, 0);
  const json parsed = json::parse(content(file));
  ASSERT_EQ(parsed["histories"].size(), 2u);  // from warm caches
  const json& wmma = parsed["histories"][1];
  EXPECT_EQ(wmma["label"], "wmma on mission");
  EXPECT_EQ(wmma["points"].size(), 48u);
  ASSERT_EQ(wmma["changes"].size(), 1u);
  EXPECT_EQ(wmma["changes"][0]["index"], 24);
  EXPECT_NEAR(wmma["changes"][0]["change_percent"], 5, 0.5);
  EXPECT_EQ(wmma["changes"][0]["better"], false);
  EXPECT_EQ(wmma["changes"][0]["confirmed"], true);
  EXPECT_EQ(wmma["by_occasion"], true);
  EXPECT_EQ(wmma["changes"][0]["in_cycles"], "confirmed");
  EXPECT_EQ(wmma["marks"][0]["kind"], "driver");
  EXPECT_EQ(json::parse(history({"--json"}).out), parsed);
  const std::string source = FLASHCORE_SOURCE_DIR;
  const Outcome valid = run_program({"/usr/bin/env", "python3", source + "/tests/reports/validate_history.py",
                                     source + "/docs/history.schema.json", file.string()},
                                    {});
  if (valid.exit_code == 77) GTEST_SKIP() << valid.out;
  EXPECT_EQ(valid.exit_code, 0) << valid.out << valid.err;
}

TEST_F(HistoryCommand, OtherMetricsReadWhatTheyNeed) {
  builds();
  for (const char* metric : {"duration_cycles", "launch_duration", "dram_bytes", "registers"}) {
    const Outcome outcome = history({"--phase", "wmma", "--metric", metric, "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << metric << outcome.err;
    const json points = json::parse(outcome.out)["histories"][0]["points"];
    ASSERT_EQ(points.size(), 48u) << metric;
    for (const json& point : points) EXPECT_TRUE(point["value"].is_number()) << metric << point;
  }
}

TEST_F(HistoryCommand, FewPointsAndNoneSaySo) {
  builds();
  EXPECT_THAT(history({"--phase", "baseline"}).out,
              HasSubstr("1 run has a value: change points need at least 4"));
  EXPECT_THAT(history({"--phase", "baseline"}).out, HasSubstr("no change points"));
  EXPECT_THAT(history({"--phase", "wmma", "--metric", "registers"}).out, HasSubstr("all values are equal"));
  const Outcome none = history({"--since", "2030-01-01"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("no runs were taken at or after 2030-01-01"));
  const Outcome cold = history({"--phase", "fused"});
  EXPECT_EQ(cold.exit_code, 2);
  EXPECT_THAT(cold.err, AllOf(HasSubstr("no runs from warm caches"), HasSubstr("--cache cold")));
  EXPECT_EQ(history({"--phase", "fused", "--cache", "cold"}).exit_code, 0);
  EXPECT_EQ(history({"--phase", "wmma", "--device", "test"}).exit_code, 0);
  EXPECT_EQ(history({"--phase", "wmma", "--device", "nobody's"}).exit_code, 2);
}

TEST_F(HistoryCommand, UnknownNamesSayWhatIsNear) {
  builds();
  for (const auto& [arguments, near] :
       {std::pair<std::vector<std::string>, const char*>{{"--phase", "wmm"}, "wmma"},
        {{"--shape", "mission,causal"}, "mission"},
        {{"--metric", "duration_cycle"}, "duration_cycles"}}) {
    const Outcome outcome = history(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << near;
    EXPECT_THAT(outcome.err, HasSubstr(near));
  }
  EXPECT_EQ(history({"--phase", std::string(10'000, 'x')}).exit_code, 2);
  EXPECT_EQ(history({"--smallest", "much"}).exit_code, 2);
}

}  // namespace
}  // namespace flashcore::tests
