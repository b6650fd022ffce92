// Every row of the table of bad input that needs no GPU: the exit code, a sentence, nothing touched.
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;

using BadInput = CommandLine;

TEST_F(BadInput, UnknownNamesGetTheNearest) {
  auto phase = run({"--phase", "wmna"});
  EXPECT_EQ(phase.exit_code, 2);
  EXPECT_THAT(phase.err, HasSubstr("did you mean wmma"));
  auto shape = run({"--shape", "misson"});
  EXPECT_EQ(shape.exit_code, 2);
  EXPECT_THAT(shape.err, HasSubstr("did you mean mission"));
  auto option = run({"--shap", "mission"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_THAT(option.err, HasSubstr("--shape"));
  auto set = run({"--set", "quik"});
  EXPECT_EQ(set.exit_code, 2);
  EXPECT_THAT(set.err, HasSubstr("quick"));
  for (const std::string state : {"wram", "WARM", "hot"}) {
    auto cache = run({"--cache=" + state});
    EXPECT_EQ(cache.exit_code, 2) << state;
    EXPECT_THAT(cache.err, HasSubstr("warm, cold")) << state;
    EXPECT_EQ(run({"list", "runs", "--cache=" + state}).exit_code, 2) << state;
  }
  EXPECT_THAT(run({"--cache", "wram"}).err, HasSubstr("did you mean warm"));
  EXPECT_THAT(run({"--cache", "clod"}).err, HasSubstr("did you mean cold"));
  auto collector = run({"--collect", "timng"});
  EXPECT_EQ(collector.exit_code, 2);
  EXPECT_THAT(collector.err, HasSubstr("timing"));
  auto list = run({"list", "phase"});
  EXPECT_EQ(list.exit_code, 2);
  EXPECT_THAT(list.err, HasSubstr("phases"));
  auto command = run({"lst"});
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(command.err, HasSubstr("list"));
  auto chip = run({"list", "counters", "--chip", "GH10"});
  EXPECT_EQ(chip.exit_code, 2);
  EXPECT_THAT(chip.err, HasSubstr("did you mean GH100"));
}

TEST_F(BadInput, TooFewAndTooManyArgumentsNameTheCommand) {
  const auto few = run({"list"});
  EXPECT_EQ(few.exit_code, 2);
  EXPECT_THAT(few.err, HasSubstr("flashcore-profile list --help"));
  const auto many = run({"list", "phases", "more"});
  EXPECT_EQ(many.exit_code, 2);
  EXPECT_THAT(many.err, HasSubstr("'more' is one argument too many for list"));
}

TEST_F(BadInput, ShapesNameTheRuleThatTheyBreak) {
  const std::vector<std::pair<std::string, std::string>> cases{{"1,8,512,80", "D"},
                                                               {"1,8,0,64", "at least 1"},
                                                               {"-1,8,512,64", "at least 1"},
                                                               {"1,8,512", "3 numbers"},
                                                               {"1,8,512,64,64,64", "6 numbers"},
                                                               {"1,8,x,64", "whole number"},
                                                               {"1048576,1048576,1048576,64", "memory"},
                                                               {"99999999999999999999,1,1,64", "64-bit"},
                                                               {"", "shape"}};
  for (const auto& [shape, rule] : cases) {
    const auto outcome = run({"--shape=" + shape});
    EXPECT_EQ(outcome.exit_code, 2) << shape;
    EXPECT_THAT(outcome.err, ::testing::ContainsRegex(rule)) << shape;
  }
}

TEST_F(BadInput, ANegativeShapeIsAValueAndNoOption) {
  const auto outcome = run({"--shape", "-1,8,512,64"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("b = -1"));
}

TEST_F(BadInput, NumbersOutOfRange) {
  EXPECT_EQ(run({"--iters", "0"}).exit_code, 2);
  EXPECT_EQ(run({"--iters", "-5"}).exit_code, 2);
  EXPECT_EQ(run({"--iters", "many"}).exit_code, 2);
  EXPECT_EQ(run({"--warmup", "-1"}).exit_code, 2);
  EXPECT_EQ(run({"--tag", "novalue"}).exit_code, 2);
  EXPECT_EQ(run({"--report", ""}).exit_code, 2);
}

TEST_F(BadInput, NoDeviceIsToldWithItsRemedy) {
  for (const std::string device : {"0", "7"}) {
    const auto outcome = run({"--device", device});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("hint:"));
  }
  EXPECT_EQ(run({"list", "devices"}).exit_code, 3);
}

TEST_F(BadInput, DatabasesThatCannotBeUsed) {
  const std::string recording = make_recording();
  const auto refuse = [&](const std::string& path) {
    const auto outcome = run({"--replay", recording, "--db", path});
    EXPECT_EQ(outcome.exit_code, 5) << path << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("hint:")) << path;
    return outcome.err;
  };
  refuse((folder_ / "missing/runs.db").string());
  refuse(folder_.path().string());
  const auto jpeg = folder_ / "picture.db";
  std::ofstream(jpeg, std::ios::binary) << "\xff\xd8\xff\xe0" << std::string(5000, 'j');
  const std::string before = content(jpeg);
  refuse(jpeg.string());
  EXPECT_EQ(content(jpeg), before);
  const auto whole = folder_ / "whole.db";
  ASSERT_EQ(run({"--replay", recording, "--db", whole.string()}).exit_code, 0);
  const auto half = folder_ / "half.db";
  std::ofstream(half, std::ios::binary) << content(whole).substr(0, std::filesystem::file_size(whole) / 2);
  const std::string half_before = content(half);
  refuse(half.string());
  EXPECT_EQ(content(half), half_before);
}

TEST_F(BadInput, ReportsThatCannotBeWritten) {
  const std::string recording = make_recording();
  const auto missing = run({"--replay", recording, "--report", (folder_ / "no/report.html").string()});
  EXPECT_EQ(missing.exit_code, 5);
  EXPECT_THAT(missing.err, HasSubstr("folder"));
  EXPECT_EQ(run({"--replay", recording, "--report", folder_.path().string()}).exit_code, 5);
  EXPECT_EQ(run({"--replay", recording, "--report", "/dev/full"}).exit_code, 5);
  EXPECT_EQ(run({"--replay", recording, "--json", "/dev/full"}).exit_code, 5);
}

TEST_F(BadInput, ADeviceMayBeWrittenToWithoutARightOnItsFolder) {
  EXPECT_EQ(run({"--replay", make_recording(), "--json", "/dev/null", "--report", "/dev/null"}).exit_code, 0);
}

TEST_F(BadInput, NoFileIsReadAndReplacedAtOnce) {
  const std::string recording = make_recording();
  const auto db = (folder_ / "runs.db").string();
  ASSERT_EQ(run({"--replay", recording, "--db", db}).exit_code, 0);
  const std::string before = content(db);
  std::filesystem::create_symlink("runs.db", folder_ / "link.db");
  const auto link = (folder_ / "link.db").string();
  const std::vector<std::vector<std::string>> cases{
      {"--replay", recording, "--db", db, "--report", db},
      {"--replay", recording, "--db", db, "--json", link},
      {"--replay", recording, "--db", db, "--report", recording},
      {"--replay", recording, "--db", db, "--report", (folder_ / "a").string(), "--json",
       (folder_ / "./a").string()},
      {"report", "--db", db, "--report", (folder_ / "." / "runs.db").string()},
      {"show", "1", "--db", db, "--json", db},
      {"record", db, "--db", link}};
  for (const auto& arguments : cases) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, HasSubstr("would be the same file"));
    EXPECT_EQ(content(db), before);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a"));
}

TEST_F(BadInput, StandardOutputThatTakesNothing) {
  ASSERT_EQ(run({"--replay", make_recording(), "--db", (folder_ / "runs.db").string()}).exit_code, 0);
  for (const std::string words : {"list metrics", "list phases", "doctor", "show 1 --db runs.db", "--help",
                                  "show 1 --db runs.db --json -"}) {
    const auto full = shell("\"$P\" " + words + " > /dev/full");
    EXPECT_EQ(full.exit_code, 5) << words << full.err;
    EXPECT_THAT(full.err, HasSubstr("cannot write to standard output")) << words;
    // A reader that has had enough is no error.
    const auto closed = shell("{ \"$P\" " + words + "; echo \"code $?\" >&2; } | head -n 1 > /dev/null");
    EXPECT_EQ(closed.err, "code 0\n") << words;
  }
}

TEST_F(BadInput, AWorkingFolderThatIsGone) {
  const std::string recording = make_recording();
  const auto outcome = shell("mkdir gone && cd gone && rmdir ../gone && exec \"$P\" --db runs.db --replay '" +
                             recording + "'");
  EXPECT_EQ(outcome.exit_code, 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("hint:"));
}

TEST_F(BadInput, RecordingsThatAreNone) {
  EXPECT_EQ(run({"--replay", (folder_ / "none.db.zst").string()}).exit_code, 5);
  const auto text = folder_ / "text.db.zst";
  std::ofstream(text) << "not a recording";
  EXPECT_EQ(run({"--replay", text.string()}).exit_code, 5);
  const auto absent = run({"--replay", make_recording(), "--shape", "large"});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_THAT(absent.err, HasSubstr("mission"));
}

TEST_F(BadInput, ShowAndReportOfWhatIsNotThere) {
  const auto db = (folder_ / "runs.db").string();
  ASSERT_EQ(run({"--replay", make_recording(), "--db", db}).exit_code, 0);
  EXPECT_EQ(run({"show", "999", "--db", db}).exit_code, 2);
  EXPECT_EQ(
      run({"report", "--session", "999", "--db", db, "--report", (folder_ / "r.html").string()}).exit_code,
      2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r.html"));
  EXPECT_EQ(run({"show", "1", "--db", (folder_ / "none.db").string()}).exit_code, 5);
}

}  // namespace
}  // namespace flashcore::tests
