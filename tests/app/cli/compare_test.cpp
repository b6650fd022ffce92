// `compare` and words for runs as a person uses them: exit codes, files, what is refused.
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Compare : public CommandLine {
 protected:
  std::string database_of(double base_ns, double now_ns, bool wrong = false) {
    std::vector<core::RunRecord> runs;
    for (int i = 0; i < 6; ++i) {
      runs.push_back(sample_run("baseline", 1, "mission", base_ns + i));
      runs.push_back(sample_run("wmma", 2, "mission", now_ns + i));
      if (wrong) {
        runs.back() = sample_head("wmma", 2, "mission");
        core::add_measurement(runs.back(), sample_check(*core::attention_of(*runs.back().problem), false));
      }
    }
    return make_database(runs);
  }
  Outcome compare(const std::string& db, std::vector<std::string> more) {
    more.insert(more.begin(), {"--db", db, "compare"});
    return run(more);
  }
};

TEST_F(Compare, FasterExitsWithZeroAndSlowerWithOne) {
  const std::string db = database_of(400'000, 80'000);
  const Outcome faster = compare(db, {"baseline@mission", "wmma@mission"});
  EXPECT_EQ(faster.exit_code, 0) << faster.err;
  EXPECT_THAT(faster.out, HasSubstr("FASTER by"));
  EXPECT_THAT(faster.out, HasSubstr("confirmed in cycles"));
  EXPECT_THAT(faster.out, HasSubstr("the 6 runs of wmma on mission"));
  const Outcome slower = compare(db, {"wmma@mission", "baseline@mission"});
  EXPECT_EQ(slower.exit_code, 1) << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("SLOWER by"));
}

TEST_F(Compare, WritesJsonAndMarkdown) {
  const std::string db = database_of(80'000, 400'000);
  const Outcome json = compare(db, {"baseline@mission", "wmma@mission", "--json"});
  EXPECT_EQ(json.exit_code, 1) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["verdicts"]["slower"], 1);
  EXPECT_THAT(json.err, HasSubstr("1 SLOWER"));
  const std::string file = (folder_ / "pr.md").string();
  const Outcome both = compare(db, {"baseline@mission", "wmma@mission", "--markdown", file});
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_THAT(both.out, HasSubstr("SLOWER by")) << "the table goes to standard output all the same";
  std::ifstream in(file);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}), HasSubstr("❌ SLOWER"));
  const Outcome twice = compare(db, {"1", "2", "--json", "-", "--markdown", "-"});
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_THAT(twice.err, HasSubstr("standard output"));
}

TEST_F(Compare, RefusesWhatCannotBeComparedWithEveryReason) {
  auto other = sample_run("wmma", 2, "tiny", 10'000);
  other.cache = core::CacheState::kCold;
  const std::string db = make_database({sample_run("wmma", 2, "mission", 80'000), other});
  const Outcome refused = compare(db, {"1", "2"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("different problems"));
  EXPECT_THAT(refused.err, HasSubstr("caches in different states"));
  EXPECT_THAT(refused.err, HasSubstr("--anyway"));
  EXPECT_THAT(compare(db, {"1", "2", "--anyway"}).out, HasSubstr("compared anyway"));
}

TEST_F(Compare, AWrongAnswerIsNoResult) {
  const Outcome outcome = compare(database_of(400'000, 80'000, true), {"baseline@mission", "wmma@mission"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("wrong answer"));
}

TEST_F(Compare, TakesWhatIsForMeasuringOnlyWithMeasure) {
  const std::string db = database_of(400'000, 80'000);
  const Outcome outcome = compare(db, {"1", "2", "--rounds", "3"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("only with --measure"));
}

TEST_F(Compare, ShowTakesAnyWordAndSaysWhichRunItIs) {
  const std::string db = database_of(400'000, 80'000);
  const Outcome shown = run({"--db", db, "show", "wmma@mission"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.err, HasSubstr("shown is run 12, the newest of the 6 runs of wmma on mission"));
  EXPECT_THAT(run({"--db", db, "show", "12"}).err, Not(HasSubstr("shown is")));
  const Outcome unknown = run({"--db", db, "show", "wmm@mission"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean wmma"));
}

}  // namespace
}  // namespace flashcore::tests
