// `gate` end to end: exit codes, files, the shipped example over the shipped recording.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class GateCommand : public CommandLine {
 protected:
  std::string file(const std::string& toml, const std::string& name = "gates.toml") {
    std::ofstream(folder_ / name) << toml;
    return (folder_ / name).string();
  }
  static std::string limit(const std::string& name, const std::string& keys) {
    return "[[limit]]\nname = \"" + name + "\"\n" + keys + "\n";
  }
  // 96 registers, 40 us, and 400 us of baseline beside it.
  std::string database() {
    return make_database(
        {sample_run("baseline", 1, "mission", 400'000), sample_run("wmma", 2, "mission", 40'000)});
  }
  // A second session beside the first, with these tags.
  void add_session(const std::string& path, std::vector<core::RunRecord> runs, const core::Tags& tags) {
    auto store = store::Store::open(path);
    ASSERT_TRUE(store);
    auto session = sample_session();
    for (core::RunRecord& run : runs) run.tags = tags;
    const auto written = store->write_runs(session, runs);
    ASSERT_TRUE(written) << core::to_text(written.error());
  }
  // A run whose samples spread so widely that nothing of a few percent can be told.
  static core::RunRecord noisy(double ns) {
    core::RunRecord run = sample_run("wmma", 2, "mission", ns);
    auto& samples = measurement_of(run, "timing").samples;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      samples[i].duration_ns *= 1 + 0.08 * (static_cast<double>((i * 37) % 11) - 5) / 5;
    }
    return run;
  }
};

TEST_F(GateCommand, Exits0WhereAllIsKeptAnd1WhereOneIsBroken) {
  const std::string db = database();
  const auto kept = run({"gate", file(limit("registers", "metric = \"registers\"\nmax = 96")), "--db", db});
  EXPECT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_THAT(kept.out,
              AllOf(HasSubstr("kept"), HasSubstr("wmma on mission"), HasSubstr("at most 96 registers")));
  EXPECT_THAT(
      kept.out,
      HasSubstr("gates.toml on the 2 runs of session 1: 2 kept, 0 broken, 0 ambiguous, 0 missing; passed\n"));
  const auto broken =
      run({"gate", file(limit("registers", "metric = \"registers\"\nmax = 95\nreason = \"two blocks\"")),
           "--db", db});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.out, AllOf(HasSubstr("BROKEN"), HasSubstr("two blocks"), HasSubstr("FAILED")));
  EXPECT_EQ(broken.err, "");
}

TEST_F(GateCommand, WhatMatchesNothingFailsAlsoWhereAllIsOptional) {
  const std::string db = database();
  const std::string keys = "metric = \"registers\"\nmax = 96\nphases = [\"wmm\"]";
  const auto missing = run({"gate", file(limit("a", keys)), "--db", db});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.out,
              AllOf(HasSubstr("MISSING"), HasSubstr("did you mean wmma?"), HasSubstr("1 missing")));
  const auto optional = run({"gate", file(limit("a", keys + "\noptional = true")), "--db", db});
  EXPECT_EQ(optional.exit_code, 1) << optional.out;
  EXPECT_THAT(optional.out, AllOf(HasSubstr("MISSING"), HasSubstr("nothing at all was checked")));
}

TEST_F(GateCommand, AnAmbiguousVerdictFailsWithStrictAlone) {
  const std::string db = make_database({noisy(40'000), noisy(40'400)});
  add_session(db, {noisy(40'900), noisy(40'300)}, {{"side", "now"}});
  const std::string gates =
      file(limit("no slower", "metric = \"duration\"\nbase = \"session:1\"\nmax_change = \"1%\""));
  const auto loose = run({"gate", gates, "--db", db, "--runs", "side=now"});
  EXPECT_EQ(loose.exit_code, 0) << loose.out << loose.err;
  EXPECT_THAT(loose.out,
              AllOf(HasSubstr("AMBIGUOUS"), HasSubstr("0 kept, 0 broken, 1 ambiguous, 0 missing; passed")));
  const auto strict = run({"gate", gates, "--db", db, "--runs", "side=now", "--strict"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_THAT(strict.out, HasSubstr("FAILED, for --strict counts what is ambiguous"));
}

TEST_F(GateCommand, HoldsTheRunsAgainstATag) {
  const std::string db = make_database({});
  add_session(db, {sample_run("wmma", 2, "mission", 40'000), sample_run("wmma", 2, "mission", 40'020)},
              {{"branch", "main"}});
  add_session(db, {sample_run("wmma", 2, "mission", 50'000), sample_run("wmma", 2, "mission", 50'020)}, {});
  const std::string gates =
      file(limit("no slower", "metric = \"duration\"\nbase = \"branch=main\"\nmax_change = \"2%\""));
  const auto slower = run({"gate", gates, "--db", db});
  EXPECT_EQ(slower.exit_code, 1) << slower.err;
  EXPECT_THAT(slower.out,
              AllOf(HasSubstr("BROKEN"), HasSubstr("+25.0 %"), HasSubstr("worse than branch=main")));
  const auto itself = run({"gate", gates, "--db", db, "--runs", "branch=main"});
  EXPECT_EQ(itself.exit_code, 1);
  EXPECT_THAT(itself.out, HasSubstr("names no other runs than those judged"));
}

TEST_F(GateCommand, SaysFileLineAndNearestNameOfATypo) {
  const auto typo = run({"gate", file(limit("a", "metric = \"registrs\"\nmax = 1")), "--db", database()});
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_THAT(typo.err, HasSubstr("gates.toml:3: unknown metric 'registrs'; did you mean registers"));
  EXPECT_EQ(typo.out, "");
  EXPECT_EQ(run({"gate", file(""), "--db", (folder_ / "source.db").string()}).exit_code, 2);
  const auto none = run({"gate", (folder_ / "none.toml").string(), "--db", (folder_ / "source.db").string()});
  EXPECT_EQ(none.exit_code, 5);
  EXPECT_THAT(none.err, HasSubstr("none.toml"));
  EXPECT_EQ(run({"gate"}).exit_code, 2);
  const std::string good = file(limit("a", "metric = \"registers\"\nmax = 1"));
  EXPECT_EQ(run({"gate", good, "--db", (folder_ / "source.db").string(), "--runs", "nightly"}).exit_code, 2);
  EXPECT_EQ(run({"gate", good, "--db", (folder_ / "absent.db").string()}).exit_code, 5);
}

TEST_F(GateCommand, WritesJUnitMarkdownAndJson) {
  const std::string gates = file(limit("registers", "metric = \"registers\"\nmax = 95"));
  const std::string db = database();
  const auto path = [&](const char* name) { return (folder_ / name).string(); };
  const auto all = run({"gate", gates, "--db", db, "--junit", path("g.xml"), "--markdown", path("g.md"),
                        "--json", path("g.json")});
  EXPECT_EQ(all.exit_code, 1) << all.err;
  EXPECT_THAT(all.out, HasSubstr("BROKEN"));
  EXPECT_THAT(content(path("g.xml")), AllOf(StartsWith("<?xml"), HasSubstr("failures=\"2\"")));
  EXPECT_THAT(content(path("g.md")), StartsWith("### "));
  const auto json = nlohmann::json::parse(content(path("g.json")));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["counts"]["broken"], 2);
  EXPECT_EQ(json["rows"][0]["value"], 96);
  // One of them on standard output, and nothing else there.
  const auto piped = run({"gate", gates, "--db", db, "--json"});
  EXPECT_EQ(piped.exit_code, 1);
  EXPECT_EQ(nlohmann::json::parse(piped.out), json);
  EXPECT_THAT(piped.err, HasSubstr("2 broken"));
  EXPECT_THAT(run({"gate", gates, "--db", db, "--markdown"}).out, StartsWith("### "));
  EXPECT_THAT(run({"gate", gates, "--db", db, "--junit", "-"}).out, StartsWith("<?xml"));
  const auto two = run({"gate", gates, "--db", db, "--json", "--markdown"});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_THAT(two.err, HasSubstr("standard output"));
}

TEST_F(GateCommand, ReplacesNoFileThatItReads) {
  const std::string gates = file(limit("registers", "metric = \"registers\"\nmax = 95"));
  const std::string db = database();
  const std::string before = content(gates);
  for (const std::string& target : {gates, db, db + "-wal", (folder_ / "no/such/folder.xml").string()}) {
    EXPECT_NE(run({"gate", gates, "--db", db, "--junit", target}).exit_code, 1) << target;
    EXPECT_NE(run({"gate", gates, "--db", db, "--markdown", target}).exit_code, 1) << target;
  }
  EXPECT_EQ(content(gates), before);
  const auto same = run({"gate", gates, "--db", db, "--junit", (folder_ / "x").string(), "--markdown",
                         (folder_ / "x").string()});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
}

TEST_F(GateCommand, HostileNamesReachNoTerminal) {
  auto record = sample_run("\x1b[31m]]>|`\xE2\x80\xAE" + std::string(10'000, 'p'), 1, "mission", 40'000);
  record.device->name = "GPU\x1b]0;title\x07";
  const std::string db = make_database({record});
  const std::string gates = file(limit("registers", "metric = \"registers\"\nmax = 95") +
                                 limit("r", "phases = [\"a\"]\nmetric = \"registers\"\nmax = 95"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--junit", "-"}, {"--markdown", "-"}, {"--json", "-"}}) {
    std::vector<std::string> arguments{"gate", gates, "--db", db};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    for (const char* harm : {"\x1b", "\x07", "\xE2\x80\xAE"}) {
      EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr(harm))) << (more.empty() ? "table" : more.front());
    }
    if (!more.empty() && more.front() == "--junit") {
      EXPECT_THAT(outcome.out, Not(HasSubstr("]]>")));
    }
  }
}

using States = std::map<std::string, std::multiset<std::string>>;

// What the shipped example says of the shipped recording: the plan's targets, with what the kernels miss.
TEST_F(GateCommand, TheShippedExampleTellsWhatTheRecordingReaches) {
  const std::string source = FLASHCORE_SOURCE_DIR;
  const std::string db = (folder_ / "h200.db").string();
  ASSERT_EQ(run({"--replay", source + "/recordings/h200.db.zst", "--db", db, "--quiet"}).exit_code, 0);
  const auto outcome = run({"gate", source + "/docs/gates/ladder.toml", "--db", db, "--json"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  States states;
  for (const auto& row : json["rows"]) {
    // One run of each side on long128: that 0.63x is below 1 lies at the edge of what one run can say.
    const bool edge = row["limit"] == "fused: beside cuDNN" && row["runs_label"] == "fused on long128";
    states[row["limit"]].insert(edge && row["state"] != "kept" ? "not kept"
                                                               : row["state"].get<std::string>());
  }
  const auto only = [](const char* state, std::size_t count) {
    std::multiset<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.insert(state);
    return all;
  };
  const States expected{{"every answer is right", only("kept", 92)},
                        {"largest error", only("kept", 54)},
                        {"mean error", only("kept", 54)},
                        {"largest error in FP16 on mission", {"broken", "broken", "kept"}},
                        {"no spills", only("kept", 54)},
                        {"wmma: registers", {"broken"}},
                        {"wmma: shared memory", {"kept"}},
                        {"fused: registers", {"broken"}},
                        {"fused: shared memory", {"broken"}},
                        {"fused: one kernel", {"kept"}},
                        {"wmma: tensor pipe", {"broken"}},
                        {"fused: tensor pipe", {"broken", "kept"}},
                        {"fused: warps active", {"broken"}},
                        {"fused: DRAM share", {"kept"}},
                        {"fused: waiting at barriers", {"kept"}},
                        {"wmma: time", {"kept"}},
                        {"wmma: beside baseline", {"kept"}},
                        {"fused: time", {"kept"}},
                        {"fused: beside baseline", {"kept"}},
                        {"fused: beside cuDNN", {"kept", "not kept"}},
                        {"specialized: time", {"missing"}},
                        {"tuned: beside specialized", {"missing"}}};
  for (const auto& [name, found] : states) {
    const auto known = expected.find(name);
    ASSERT_NE(known, expected.end()) << name;
    EXPECT_EQ(found, known->second) << name;
  }
  EXPECT_EQ(states.size(), expected.size());
  for (const auto& row : json["rows"]) {
    if (row["state"] == "missing") {
      EXPECT_EQ(row["fails"], false) << row["limit"];
    }
  }
}

TEST_F(GateCommand, TheRecordingKeepsWhatEveryCommitKeeps) {
  const std::string source = FLASHCORE_SOURCE_DIR;
  const std::string db = (folder_ / "h200.db").string();
  ASSERT_EQ(run({"--replay", source + "/recordings/h200.db.zst", "--db", db, "--quiet"}).exit_code, 0);
  const auto outcome = run({"gate", source + "/docs/gates/no_regression.toml", "--db", db, "--strict"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("0 broken, 0 ambiguous"));
}

}  // namespace
}  // namespace flashcore::tests
