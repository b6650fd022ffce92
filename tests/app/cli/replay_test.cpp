// The whole way of a run on a machine without a GPU: recording, database, table, JSON, report.
#include <filesystem>

#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Replay = CommandLine;

TEST_F(Replay, TravelsTheWholeWayAndSaysThatItIsARecording) {
  const auto db = (folder_ / "runs.db").string();
  const auto report = (folder_ / "report.html").string();
  const auto outcome =
      run({"--replay", make_recording(), "--shape", "mission", "--db", db, "--report", report});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("This is a recording"));
  EXPECT_THAT(outcome.out, HasSubstr("Test GPU"));
  EXPECT_THAT(outcome.out, HasSubstr("baseline"));
  EXPECT_THAT(outcome.out, HasSubstr("wmma"));
  EXPECT_THAT(outcome.out, HasSubstr("report: " + report));
  EXPECT_THAT(content(report), HasSubstr("Content-Security-Policy"));
  const auto list = run({"list", "runs", "--db", db});
  EXPECT_THAT(list.out, HasSubstr("(recording)"));
  const auto show = run({"show", "1", "--db", db});
  EXPECT_EQ(show.exit_code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("baseline"));
}

TEST_F(Replay, JsonIsOneObjectOnStandardOutputAndNothingElse) {
  const auto outcome = run({"--replay", make_recording(), "--phase", "wmma", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["schema"], 2);
  ASSERT_EQ(json["runs"].size(), 2U);
  const auto& run = json["runs"][0];
  EXPECT_EQ(run["phase"], "wmma");
  EXPECT_EQ(run["recording"], true);
  EXPECT_EQ(run["problem"]["Sq"], 512);
  EXPECT_NEAR(run["timing"]["graph_us"]["p50"].get<double>(), 40.004, 1e-6);
  EXPECT_EQ(run["timing"]["graph_us"]["n"], 10);
}

TEST_F(Replay, AWrongAnswerExits4AndItsTimeIsNoResult) {
  const auto outcome = run({"--replay", make_recording(1, true), "--phase", "wmma", "--json", "-"});
  EXPECT_EQ(outcome.exit_code, 4);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["runs"][0]["correctness"]["passed"], false);
  EXPECT_TRUE(json["runs"][0]["timing"]["graph_us"].is_null());
}

TEST_F(Replay, OnlyRunsOfTheStateOfTheCachesThatWasAskedFor) {
  std::vector<core::RunRecord> runs{sample_run("wmma", 2, "mission", 40'000),
                                    sample_run("wmma", 2, "mission", 60'000)};
  runs.back().cache = core::CacheState::kCold;
  auto source = store::Store::open(make_database(runs, "two.db"), store::Mode::kReadOnly);
  ASSERT_TRUE(source);
  const std::string recording = (folder_ / "two.db.zst").string();
  ASSERT_TRUE(store::write_recording(*source, recording));
  const auto runs_of = [&](std::vector<std::string> arguments) {
    const std::string db = (folder_ / "replayed.db").string();
    std::filesystem::remove(db);
    arguments.insert(arguments.begin(), {"--replay", recording, "--db", db});
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("without effect")));
    std::vector<std::optional<core::CacheState>> states;
    auto store = store::Store::open(db, store::Mode::kReadOnly);
    EXPECT_TRUE(store);
    const auto page = store->list_runs({});
    for (const auto& r : page->runs) states.push_back(r.cache);
    return states;
  };
  using core::CacheState;
  EXPECT_THAT(runs_of({}), ::testing::ElementsAre(CacheState::kCold, CacheState::kWarm));
  EXPECT_THAT(runs_of({"--cache", "cold"}), ::testing::ElementsAre(CacheState::kCold));
  EXPECT_THAT(runs_of({"--cache", "warm"}), ::testing::ElementsAre(CacheState::kWarm));
  // The shared one has warm runs only.
  const auto none = run({"--replay", make_recording(), "--cache", "cold"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("caches warm"));
}

TEST_F(Replay, VerboseSaysWhereTheTimeWentOnStandardError) {
  const auto outcome = run({"--replay", make_recording(), "--json", "-", "--verbose"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(nlohmann::json::accept(outcome.out));
  for (const char* step : {"session ", "  recording ", "  store ", "  total ", "read and analyse", "100.0%"})
    EXPECT_THAT(outcome.err, HasSubstr(step));
  EXPECT_THAT(run({"--replay", make_recording()}).err, Not(HasSubstr("100.0%")));
}

TEST_F(Replay, HostileTagsAreText) {
  const std::string script = "<script>alert(1)</script>";
  const auto report = (folder_ / "report.html").string();
  const auto outcome = run({"--replay", make_recording(), "--report", report, "--tag", "x=" + script, "--tag",
                            "long=" + std::string(10'000, 'l'), "--json", (folder_ / "runs.json").string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(content(report), Not(HasSubstr(script)));
  auto store = store::Store::open(folder_ / "flashcore/runs.db");
  ASSERT_TRUE(store);
  EXPECT_EQ(store->read_run(1)->tags["x"], script);
  EXPECT_EQ(store->read_run(1)->tags["long"].size(), 10'000U);
}

// Names come from the recording, which somebody else may have made.
TEST_F(Replay, HostileNamesReachNoTerminal) {
  const auto source = (folder_ / "source.db").string();
  {
    auto record = sample_run(("\x1b[1m" + std::string(10'000, 'p')).c_str(), 1, "mission", 40'000);
    record.subject.title = "\x1b[31mred";
    record.device->name = "GPU\x1b]0;title\x07" + std::string(10'000, 'd');
    make_database({record}, "source.db");
  }
  const auto absent = run({"--replay", source, "--shape", "tiny"});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_THAT(absent.err, Not(HasSubstr("\x1b")));  // the hint names what the recording holds
  const auto db = (folder_ / "runs.db").string();
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--replay", source, "--db", db},
                                                    {"list", "runs", "--db", db},
                                                    {"show", "1", "--db", db}}) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b"))) << arguments.front();
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x07"))) << arguments.front();
    if (arguments.front() == "list") {
      EXPECT_LT(outcome.out.size(), 1'000U);
    }
  }
}

TEST_F(Replay, TwiceIsTwoSessions) {
  const std::string recording = make_recording();
  ASSERT_EQ(run({"--replay", recording}).exit_code, 0);
  ASSERT_EQ(run({"--replay", recording}).exit_code, 0);
  auto store = store::Store::open(folder_ / "flashcore/runs.db");
  ASSERT_TRUE(store);
  EXPECT_EQ(store->list_sessions()->sessions.size(), 2U);
}

TEST_F(Replay, ADatabaseBecomesARecordingAgain) {
  ASSERT_EQ(run({"--replay", make_recording()}).exit_code, 0);
  const auto again = (folder_ / "again.db.zst").string();
  const auto record = run({"record", again});
  ASSERT_EQ(record.exit_code, 0) << record.err;
  EXPECT_EQ(run({"--replay", again, "--db", (folder_ / "other.db").string()}).exit_code, 0);
}

TEST_F(Replay, CausalAloneChoosesTheRunsWithTheMask) {
  const auto source =
      make_database({sample_run("wmma", 2, "mission", 40'000), sample_run("wmma", 2, "tiny,causal", 4'000)});
  const auto outcome = run({"--replay", source, "--causal", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(json["runs"].size(), 1U);
  EXPECT_EQ(json["runs"][0]["problem"]["causal"], true);
}

TEST_F(Replay, TheSessionKeepsTheCommandWithAllThatChangesItsNumbers) {
  ASSERT_EQ(
      run({"--replay", make_recording(), "--iters", "7", "--seed", "3", "--collect", "timing"}).exit_code, 0);
  auto store = store::Store::open(folder_ / "flashcore/runs.db");
  ASSERT_TRUE(store);
  const std::string command = store->read_session(1)->command;
  for (const char* part : {"--iters 7", "--seed 3", "--collect timing", "--set standard"}) {
    EXPECT_THAT(command, HasSubstr(part));
  }
  EXPECT_THAT(command, Not(HasSubstr("--warmup")));
}

// `--replay --iters 5` showed 100 samples and said nothing.
TEST_F(Replay, OptionsWithoutEffectAreTold) {
  const auto recording = make_recording();
  const auto told = run({"--replay", recording, "--iters", "7", "--ncu", "--shape", "tiny"});
  ASSERT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.err, HasSubstr("without effect: --ncu, --iters"));
  EXPECT_THAT(run({"--replay", recording, "--shape", "tiny"}).err, Not(HasSubstr("without effect")));
}

// A refused replay left an empty database behind.
TEST_F(Replay, ARefusalLeavesNoDatabase) {
  const auto db = folder_ / "runs.db";
  EXPECT_EQ(run({"--replay", make_recording(), "--shape", "large", "--db", db.string()}).exit_code, 2);
  EXPECT_EQ(run({"--replay", (folder_ / "none.db.zst").string(), "--db", db.string()}).exit_code, 5);
  EXPECT_EQ(run({"--shape", "mission", "--db", db.string()}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(db));
}

TEST_F(Replay, ARecordingMayComeThroughAPipe) {
  const auto outcome =
      shell("cat '" + make_recording() + "' | \"$P\" --replay /dev/stdin --db runs.db --json - | head -c 1");
  EXPECT_EQ(outcome.out, "{") << outcome.err;
}

TEST_F(Replay, MeasurementsTravelWhole) {
  ASSERT_EQ(run({"--replay", make_recording(), "--shape", "tiny", "--phase", "wmma"}).exit_code, 0);
  auto store = store::Store::open(folder_ / "flashcore/runs.db");
  ASSERT_TRUE(store);
  const auto back = store->read_run(1);
  ASSERT_TRUE(back);
  const auto original = sample_run("wmma", 2, "tiny", 40'000);
  ASSERT_EQ(back->measurements.size(), original.measurements.size());
  for (std::size_t i = 0; i < original.measurements.size(); ++i) {
    auto m = back->measurements[i];
    m.id = 0;
    EXPECT_EQ(m, original.measurements[i]);
  }
  EXPECT_EQ(back->origin, core::Origin::kRecording);
  EXPECT_EQ(back->taken_at, original.taken_at);
  EXPECT_EQ(back->diagnostics.back().code, "recording_stale");
}

TEST_F(Replay, NoRunsYetIsNoError) {
  const auto outcome = run({"list", "runs"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("no runs yet"));
}

}  // namespace
}  // namespace flashcore::tests
