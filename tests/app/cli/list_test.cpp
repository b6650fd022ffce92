// Lists: filtered, paged, as JSON, within eighty columns, and for people whose home may not be written to.
#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "app/cli/options.h"
#include "reports/text.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Lists : public CommandLine {
 protected:
  // Six runs: two phases on three problems, days apart, one of them of another device.
  std::string six_runs() {
    std::vector<core::RunRecord> runs;
    for (const char* shape : {"tiny", "mission", "mission,causal"}) {
      for (const char* phase : {"baseline", "wmma"}) {
        runs.push_back(sample_run(phase, phase[0] == 'b' ? 1 : 2, shape, 40'000));
        runs.back().taken_at = fmt::format("2026-01-0{}T03:04:05Z", runs.size());
        runs.back().tags = {{"branch", phase[0] == 'b' ? "main" : "fast path"}};
      }
    }
    runs.back().device->name = "NVIDIA Other GPU";
    return make_database(runs);
  }
  std::vector<int> ids(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"list", "runs", "--db", (folder_ / "source.db").string(), "--json"});
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    std::vector<int> found;
    const auto parsed = json::parse(outcome.out);
    for (const auto& r : parsed.at("runs")) found.push_back(r["id"]);
    return found;
  }
};

TEST_F(Lists, RunsAreFilteredAndPaged) {
  six_runs();
  EXPECT_THAT(ids({}), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(ids({"--phase", "wmma"}), ElementsAre(6, 4, 2));
  EXPECT_THAT(ids({"--phase", "wmma", "--shape", "mission"}), ElementsAre(4));
  EXPECT_THAT(ids({"--shape", "mission", "--causal"}), ElementsAre(6, 5));
  EXPECT_THAT(ids({"--device", "other"}), ElementsAre(6));
  EXPECT_THAT(ids({"--tag", "branch=main"}), ElementsAre(5, 3, 1));
  EXPECT_THAT(ids({"--since", "2026-01-05"}), ElementsAre(6, 5));
  EXPECT_THAT(ids({"--limit", "2"}), ElementsAre(6, 5));
  EXPECT_THAT(ids({"--limit", "2", "--before", "5"}), ElementsAre(4, 3));
  const auto page = run({"list", "runs", "--db", (folder_ / "source.db").string(), "--limit", "2"});
  EXPECT_THAT(page.out, HasSubstr("there are more: --before 5"));
}

TEST_F(Lists, RunsFromColdCachesSayItAndAreFiltered) {
  std::vector<core::RunRecord> runs;
  for (const char* shape : {"mission", "mission,causal"}) {
    runs.push_back(sample_run("wmma", 2, shape, 40'000));
    runs.push_back(sample_run("wmma", 2, shape, 60'000));
    runs.back().cache = core::CacheState::kCold;
  }
  runs.push_back(sample_run("other", 3, "mission", 50'000));
  runs.back().cache.reset();  // of an import
  const std::string db = make_database(runs);
  EXPECT_THAT(ids({"--cache", "cold"}), ElementsAre(4, 2));
  EXPECT_THAT(ids({"--cache", "warm"}), ElementsAre(3, 1));
  EXPECT_THAT(ids({}), ElementsAre(5, 4, 3, 2, 1));
  const auto wide = run({"list", "runs", "--db", db}, {{"COLUMNS", "120"}});
  EXPECT_THAT(wide.out, HasSubstr("mission,causal, cold caches"));
  EXPECT_THAT(wide.out, HasSubstr("mission, cold caches"));
  const auto narrow = run({"list", "runs", "--db", db}, {{"COLUMNS", "80"}});
  EXPECT_THAT(narrow.out, HasSubstr("mission,causal cold "));
  std::istringstream lines(narrow.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(reports::display_width(line), 80) << line;
  const auto all = json::parse(run({"list", "runs", "--db", db, "--json"}).out).at("runs");
  EXPECT_TRUE(all[0]["cache"].is_null());
  EXPECT_EQ(all[1]["cache"], "cold");
  EXPECT_EQ(all[2]["cache"], "warm");
}

TEST_F(Lists, EveryListIsOneObjectAsJson) {
  six_runs();
  for (const std::string& what : cli::list_names()) {
    if (what == "devices") continue;
    std::vector<std::string> arguments{"list", what, "--json"};
    if (what == "counters") arguments.insert(arguments.end(), {"--chip", "GH100"});
    if (what == "runs") arguments.insert(arguments.end(), {"--db", (folder_ / "source.db").string()});
    const auto outcome = run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << what << outcome.err;
    const auto list = json::parse(outcome.out);
    ASSERT_TRUE(list.contains(what)) << what;
    EXPECT_FALSE(list[what].empty()) << what;
  }
}

TEST_F(Lists, FitEightyColumns) {
  six_runs();
  const std::string db = (folder_ / "source.db").string();
  for (const std::string& what : cli::list_names()) {
    std::vector<std::string> arguments{"list", what};
    if (what == "counters" || what == "devices") continue;  // vendor names are not cut; no device here
    if (what == "runs") arguments.insert(arguments.end(), {"--db", db});
    const auto outcome = run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << what << outcome.err;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(reports::display_width(line), 80) << what << ": " << line;
    }
  }
  std::istringstream lines(run({"doctor"}).out);
  for (std::string line; std::getline(lines, line);) {
    // A path has no place to be broken at.
    if (line.find('/') == std::string::npos) {
      EXPECT_LE(reports::display_width(line), 80) << line;
    }
  }
}

TEST_F(Lists, LatestAndTheOnesBefore) {
  const std::string db = six_runs();
  const auto phase_of = [&](const std::string& word) {
    const auto outcome = run({"show", word, "--db", db, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto r = json::parse(outcome.out)["runs"][0];
    return r.at("phase").get<std::string>() + " " + std::to_string(r.at("id").get<int>());
  };
  EXPECT_EQ(phase_of("latest"), "wmma 6");
  EXPECT_EQ(phase_of("latest~1"), "baseline 5");
  EXPECT_EQ(phase_of("latest~5"), "baseline 1");
  for (const std::string word : {"latest~6", "latest~-1", "latest~", "latst", "-3", "0", "1x"}) {
    const auto outcome = run({"show", word, "--db", db});
    EXPECT_EQ(outcome.exit_code, 2) << word << outcome.err;
  }
}

TEST_F(Lists, AHomeThatMayNotBeWrittenToIsNoErrorForAList) {
  const auto home = folder_ / "home";
  std::filesystem::create_directory(home);
  std::filesystem::permissions(home, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const auto outcome =
      run_program(command({"list", "runs"}), {{"HOME", home.string()}, {"XDG_DATA_HOME", ""}});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("no runs yet"));
  EXPECT_TRUE(std::filesystem::is_empty(home));  // the list created its folder
}

TEST_F(Lists, HostileTextReachesNoTerminal) {
  auto hostile = sample_run("wmma", 2, "tiny", 40'000);
  hostile.subject.name = "\x1b[1mname\xc2\x9b";
  hostile.subject.title = "\x1b]0;t\x07";
  hostile.device->name = "\x1b[31mGPU";
  hostile.tags = {{"\x1b[2J", "\x1b[2J"}};
  const std::string db = make_database({hostile});
  const auto catalogue = folder_ / "catalogue";
  std::filesystem::create_directory(catalogue);
  std::ofstream(catalogue / "x.toml") << "[[section]]\nid = \"tensor\"\ntitle = \"\\u001b[31mT\"\n"
                                         "description = \"\\u001b]0;x\\u0007\"\norder = 1\n";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"list", "runs", "--db", db},
                                                    {"show", "1", "--db", db},
                                                    {"list", "sections", "--catalogue", catalogue.string()},
                                                    {"list", "metrics", "--catalogue", catalogue.string()}}) {
    const auto outcome = run(arguments);
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\x1b"))) << arguments[1];
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\x07"))) << arguments[1];
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\xc2\x9b"))) << arguments[1];
  }
}

TEST_F(Lists, ReadingLeavesTheFileAsItIs) {
  const std::string db = six_runs();
  const std::string before = content(db);
  run({"list", "runs", "--db", db});
  run({"show", "1", "--db", db});
  run({"report", "--db", db, "--report", (folder_ / "r.html").string()});
  EXPECT_EQ(content(db), before);
}

// JSON on a terminal: C1 controls and changes of direction are as much its steering as ESC is.
TEST_F(Lists, JsonDoesNotSteerATerminal) {
  auto hostile = sample_run("wmma", 2, "tiny", 40'000);
  hostile.subject.title =
      "a\xc2\x9b"
      "31m\xe2\x80\xae-\x7f\xe6\xbc\xa2\xe2\x80\x93";
  const std::string db = make_database({hostile});
  for (const auto& arguments : {std::vector<std::string>{"list", "runs", "--json", "--db", db},
                                std::vector<std::string>{"show", "1", "--json", "--db", db}}) {
    const auto outcome = run(arguments);
    EXPECT_THAT(outcome.out, Not(HasSubstr("\xc2\x9b"))) << arguments[0];
    EXPECT_THAT(outcome.out, Not(HasSubstr("\xe2\x80\xae"))) << arguments[0];
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x7f"))) << arguments[0];
    EXPECT_THAT(outcome.out, HasSubstr("\xe6\xbc\xa2\xe2\x80\x93")) << arguments[0];
    const auto run = json::parse(outcome.out)["runs"][0];
    if (arguments[0] == "list") {
      EXPECT_EQ(run["title"], hostile.subject.title);
    }
  }
}

TEST_F(Lists, AMistypedPhaseIsTold) {
  const std::string db = six_runs();
  EXPECT_THAT(run({"list", "runs", "--phase", "wmm", "--db", db}).out, HasSubstr("did you mean wmma?"));
  EXPECT_EQ(run({"list", "runs", "--phase", "wmma", "--since", "2099-01-01", "--db", db}).out,
            "no such runs\n");
}

}  // namespace
}  // namespace flashcore::tests
