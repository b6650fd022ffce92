// compare --measure end to end: the real program, sides that are real processes with made-up times.
#include <fmt/format.h>

#include <thread>

#include "tests/app/cli/fixture.h"
#include "tests/app/session/measure_fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;

class Measure : public CommandLine {
 protected:
  Measure() {
    slow_ = sides_.add("slow", {{"FAKE_NS", "40000"}});
    fast_ = sides_.add("fast", {{"FAKE_NS", "30000"}});
  }
  std::string db() const { return (folder_ / "runs.db").string(); }
  std::vector<std::string> measure(const std::string& base, const std::string& now,
                                   std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"compare", "--measure", base,      now,  "--phase", "fused",
                                 "--shape", "tiny",      "--iters", "20", "--db",    db()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::int64_t kept() const {
    auto store = store::Store::open(db(), store::Mode::kReadOnly);
    return store ? store->count_runs().value() : 0;
  }

  FakeSides sides_;
  std::string slow_, fast_;
};

TEST_F(Measure, SaysTheVerdictHowManyTurnsAndWhyItStopped) {
  const auto faster = run(measure(slow_, fast_));
  EXPECT_EQ(faster.exit_code, 0) << faster.err;
  EXPECT_THAT(faster.out, HasSubstr("FASTER"));
  EXPECT_THAT(faster.out, HasSubstr("8 turns in 2 round(s)"));
  EXPECT_THAT(faster.out, HasSubstr("every verdict stands"));
  EXPECT_THAT(faster.out, HasSubstr("compare="));
  EXPECT_EQ(faster.err, "") << "there is a progress line where there is no terminal";
  EXPECT_EQ(kept(), 8);
  const auto slower = run(measure(fast_, slow_, {"--rounds", "2"}));
  EXPECT_EQ(slower.exit_code, 1) << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("SLOWER"));
  const auto quiet = run(measure(slow_, fast_, {"--quiet", "--rounds", "1"}));
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.out + quiet.err, "");
}

TEST_F(Measure, WritesJsonAndMarkdown) {
  const auto markdown = folder_ / "m.md";
  const auto outcome = run(measure(
      slow_, fast_, {"--json", "-", "--markdown", markdown.string(), "--rounds", "2", "--tag", "k=v"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["measured"]["turns"], 8);
  EXPECT_EQ(json["measured"]["looks"], 1);
  EXPECT_FALSE(json["measured"]["cancelled"]);
  EXPECT_THAT(json["measured"]["stopped_by"].get<std::string>(), HasSubstr("--rounds"));
  EXPECT_THAT(content(markdown), HasSubstr("FASTER"));
  EXPECT_THAT(content(markdown), HasSubstr("8 turns"));
  std::ofstream(folder_ / "m.json") << outcome.out;
  const auto valid = shell(
      "python3 -c \"import json,sys\ntry:\n import jsonschema\nexcept ImportError: sys.exit(0)\n"
      "jsonschema.validate(json.load(open('m.json')), json.load(open('" FLASHCORE_SOURCE_DIR
      "/docs/compare.schema.json')))\"");
  EXPECT_EQ(valid.exit_code, 0) << valid.err;
  // The words for runs find each side again.
  auto store = store::Store::open(db(), store::Mode::kReadOnly);
  EXPECT_EQ(store->list_runs({.tags = {{"compare", json["measured"]["compare"]}, {"side", "a"}, {"k", "v"}}})
                ->runs.size(),
            4U);
}

TEST_F(Measure, WhatCannotBeMeasuredIsRefusedBeforeAnythingIsMade) {
  for (const auto& arguments :
       {measure("wmma", "fused"), measure("no-such-side", fast_), measure(slow_, fast_, {"--until", "half"}),
        measure(slow_, fast_, {"--anyway"}), measure(slow_, fast_, {"--shape", "1,1,7"}),
        measure(slow_, fast_, {"--iters", "0"}), measure(slow_, fast_, {"--json", db()})}) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(db()));
  }
  EXPECT_TRUE(sides_.lines().empty());
}

TEST_F(Measure, EndsWithTheCodeOfWhatWentWrong) {
  EXPECT_EQ(run(measure(slow_, sides_.add("wrong", {{"FAKE_DO", "wrong"}}))).exit_code, 4);
  EXPECT_EQ(run(measure(slow_, sides_.add("none", {{"FAKE_DO", "no_device"}}))).exit_code, 3);
  EXPECT_EQ(run(measure(slow_, sides_.add("crash", {{"FAKE_DO", "crash"}}))).exit_code, 6);
  // Of this build: its own processes find no GPU.
  const auto phases = run({"compare", "--measure", "wmma", "fused", "--shape", "tiny", "--db", db()});
  EXPECT_EQ(phases.exit_code, 3) << phases.err;
  EXPECT_THAT(phases.err, HasSubstr("turn 1: base, wmma of this build"));
  const auto full = shell("ulimit -f 8; exec \"$P\" compare --measure " + slow_ + " " + fast_ +
                          " --phase fused --shape tiny --db full.db");
  EXPECT_EQ(full.exit_code, 5) << full.err;
}

TEST_F(Measure, ARevisionIsNotBuiltWhereThereIsNoGpu) {
  const auto made = shell(
      "git init -q -b main r && cd r && git config user.name n && git config user.email e && "
      "echo 'message(FATAL_ERROR \"nothing to \\033[2Jbuild here\")' > CMakeLists.txt && git add -A && "
      "git commit -q -m one");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto outcome =
      shell("cd r && XDG_CACHE_HOME=\"$PWD/../cache\" exec \"$P\" compare --measure fused@HEAD " + slow_ +
            " --db ../r.db");
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, ::testing::Not(HasSubstr("build here")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cache"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r.db"));
}

TEST_F(Measure, CtrlCKeepsWhatWasTakenAndEndsTheSide) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto hang = sides_.add(fmt::format("hang{}", signal), {{"FAKE_DO", "hang"}, {"FAKE_AT", "3"}});
    const auto before = kept();
    const auto began = sides_.began().size();
    Program program(command(measure(slow_, hang)), with_home());
    while (sides_.began().size() < began + 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    program.send(signal);
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("stopped: cancelled"));
    EXPECT_THAT(outcome.out, HasSubstr("4 turns"));
    EXPECT_EQ(kept() - before, 4);
    EXPECT_FALSE(runs_still(sides_.began(3).back()));
  }
}

}  // namespace
}  // namespace flashcore::tests
