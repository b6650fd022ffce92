// The form of the command line.
#include "app/cli/options.h"

#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

core::Result<cli::Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "flashcore-profile");
  return cli::parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CliOptions, PhasesAreAListAndShapesRepeat) {
  const auto o =
      parse({"--phase", "baseline,wmma", "--shape", "mission", "--shape", "1,8,128,64", "--causal"});
  ASSERT_TRUE(o);
  EXPECT_THAT(o->phases, ElementsAre("baseline", "wmma"));
  EXPECT_THAT(o->shapes, ElementsAre("mission", "1,8,128,64"));
  EXPECT_TRUE(o->causal);
}

TEST(CliOptions, ReplayTakesAFileOrNone) {
  EXPECT_FALSE(parse({})->replay.has_value());
  EXPECT_EQ(parse({"--replay"})->replay, "");
  EXPECT_EQ(parse({"--replay", "x.db.zst"})->replay, "x.db.zst");
  EXPECT_EQ(parse({"--replay", "--shape", "tiny"})->replay, "");
}

TEST(CliOptions, TagsSplitAtTheFirstEquals) {
  const auto o = parse({"--tag", "a=b=c", "--tag", "empty="});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->tags.at("a"), "b=c");
  EXPECT_EQ(o->tags.at("empty"), "");
}

TEST(CliOptions, HelpHasExamplesAndExitCodes) {
  const auto o = parse({"--help"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->command, cli::Command::kText);
  EXPECT_THAT(o->text, HasSubstr("Examples:"));
  EXPECT_THAT(o->text, HasSubstr("Exit codes:"));
  EXPECT_EQ(parse({"--version"})->command, cli::Command::kText);
}

TEST(CliOptions, OptionsMayFollowACommand) {
  const auto o = parse({"show", "3", "--db", "x.db"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->command, cli::Command::kShow);
  EXPECT_EQ(o->run, 3);
  EXPECT_EQ(o->database, "x.db");
}

}  // namespace
}  // namespace flashcore::tests
