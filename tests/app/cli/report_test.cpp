// report: the page of runs that a word names, and with --base what changed in it.
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Report : public CommandLine {
 protected:
  // Two sessions: wmma took 40 us in the first and takes 30 us in the second.
  std::string two_sessions() {
    const std::string db = make_database(
        {sample_run("baseline", 1, "mission", 400'000), sample_run("wmma", 2, "mission", 40'000)});
    return make_database(
               {sample_run("baseline", 1, "mission", 400'000), sample_run("wmma", 2, "mission", 30'000)}),
           db;
  }
  std::string page() const { return content(folder_ / "report.html"); }
  Outcome report(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    arguments.insert(arguments.end(), {"--report", (folder_ / "report.html").string()});
    return run(std::move(arguments));
  }
};

TEST_F(Report, WithABaseSaysWhatChanged) {
  const std::string db = two_sessions();
  const auto written = report({"--db", db, "--base", "session:1"});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(page(), HasSubstr("\"FASTER\""));
  EXPECT_THAT(page(), HasSubstr("the 2 runs of session 1"));
  const auto alone = report({"--db", db});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_THAT(page(), HasSubstr("\"changes\""));
  EXPECT_THAT(page(), Not(HasSubstr("of session 1")));
}

TEST_F(Report, OfRunsThatAWordNames) {
  const std::string db = two_sessions();
  const auto written = report({"--db", db, "--runs", "wmma@mission", "--base", "baseline@mission"});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(page(), HasSubstr("baseline \xE2\x86\x92 wmma"));
}

TEST_F(Report, SaysWhichBaseItDoesNotKnowAndWritesNothing) {
  const std::string db = two_sessions();
  for (const std::string word : {"nowhere", "fused@mission", "session:9"}) {
    const auto unknown = report({"--db", db, "--base", word});
    EXPECT_EQ(unknown.exit_code, 2) << word << unknown.out;
    EXPECT_THAT(unknown.err, HasSubstr("hint:")) << word;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "report.html")) << word;
  }
}

}  // namespace
}  // namespace flashcore::tests
