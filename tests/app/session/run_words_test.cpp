// Words for runs, on a real database: every form, which reading goes first, and what is said of words that
// name nothing.
#include "app/session/run_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/child_process.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::RowId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOld = "aaaaaaa1111111111111111111111111111111aa";
const std::string kNew = "bbbbbbb2222222222222222222222222222222bb";

class RunWords : public ::testing::Test {
 protected:
  RunWords() : store_(*store::Store::open(folder_ / "runs.db")) {}

  struct Run {
    std::string phase = "fused", shape = "mission", commit = kNew;
    std::string source = "s1";
    core::CacheState cache = core::CacheState::kWarm;
    bool right = true;
    std::string device = "Test GPU";
    core::Tags tags = {};
  };

  RowId put(const Run& what) {
    auto run = tests::sample_head(what.phase, 3, what.shape);
    run.environment.git_sha = what.commit;
    run.subject.source_hash = what.source;
    run.cache = what.cache;
    run.device->name = what.device;
    run.tags = what.tags;
    core::add_measurement(run, tests::sample_check(*core::attention_of(*run.problem), what.right));
    if (what.right) core::add_measurement(run, tests::sample_timing(50'000, 2));
    EXPECT_TRUE(store_.write_run(session_, run));
    return run.id;
  }
  // In a session of its own, and those after it.
  void next_session(core::Tags tags = {}) {
    session_ = tests::sample_session();
    session_.tags = std::move(tags);
    auto run = tests::sample_head("other", 1, "tiny");
    run.environment.git_sha = kOld;
    core::add_measurement(run, tests::sample_timing(10, 2));
    ASSERT_TRUE(store_.write_run(session_, run));
    first_of_session_ = run.id;
  }

  std::vector<RowId> ids(const std::string& word) {
    auto runs = named_runs(store_, word);
    EXPECT_TRUE(runs) << word << ": " << core::to_text(runs.error());
    return runs ? runs->ids : std::vector<RowId>{};
  }
  std::string sentence(const std::string& word) {
    auto runs = named_runs(store_, word);
    return runs ? runs->sentence : "none: " + core::to_text(runs.error());
  }
  core::Error refused(const std::string& word) {
    auto runs = named_runs(store_, word);
    EXPECT_FALSE(runs) << word << " named " << (runs ? runs->sentence : "");
    return runs ? core::Error{} : runs.error();
  }

  tests::TemporaryFolder folder_;
  store::Store store_;
  core::SessionRecord session_ = tests::sample_session();
  RowId first_of_session_ = 0;
};

TEST_F(RunWords, NameARunByNumberAndByItsPlaceFromTheEnd) {
  const RowId a = put({}), b = put({.phase = "wmma"});
  EXPECT_THAT(ids(std::to_string(a)), ElementsAre(a));
  EXPECT_THAT(ids("latest"), ElementsAre(b));
  EXPECT_THAT(ids("latest~0"), ElementsAre(b));
  EXPECT_THAT(ids("latest~1"), ElementsAre(a));
  EXPECT_EQ(sentence("latest"), "run 2, wmma on mission at bbbbbbb222");
  EXPECT_THAT(refused("latest~2").message, HasSubstr("holds 2 run(s)"));
  for (const char* word :
       {"0", "-1", "3", "99999999999999999999999999", "latest~-1", "latest~", "latest~99999999999", "1x"}) {
    EXPECT_EQ(refused(word).code, ErrorCode::kUsage) << word;
  }
}

TEST_F(RunWords, NameTheRunsOfASession) {
  const RowId a = put({});
  next_session();
  const RowId c = put({}), b = first_of_session_;
  EXPECT_THAT(ids("session:1"), ElementsAre(a));
  EXPECT_THAT(ids("session:2"), ElementsAre(b, c));
  EXPECT_THAT(ids("session:latest"), ElementsAre(b, c));
  EXPECT_EQ(sentence("session:2"), "the 2 runs of session 2");
  EXPECT_EQ(refused("session:99").code, ErrorCode::kUsage);
  for (const char* word : {"session:", "session:x", "session:-1", "session:0"}) refused(word);
}

TEST_F(RunWords, NameTheRunsWithATag) {
  const RowId a = put({.tags = {{"kind", "nightly"}}});
  const RowId b = put({.tags = {{"why", "nightly"}}});
  put({.tags = {{"kind", "night%"}}});
  const RowId d = put({.tags = {{"it's \"odd\"_%", "名前'; DROP TABLE run; --"}}});
  next_session({{"branch", "main"}});
  EXPECT_THAT(ids("nightly"), ElementsAre(a, b));
  EXPECT_THAT(ids("kind=nightly"), ElementsAre(a));
  EXPECT_THAT(ids("名前'; DROP TABLE run; --"), ElementsAre(d));
  EXPECT_THAT(ids("it's \"odd\"_%=名前'; DROP TABLE run; --"), ElementsAre(d));
  EXPECT_THAT(ids("branch=main"), ElementsAre(first_of_session_)) << "of a session, too";
  EXPECT_THAT(sentence("kind=nightly"), HasSubstr("with the tag kind=nightly"));
  const RowId side = put({.tags = {{"compare", "x1"}, {"side", "a"}}});
  put({.tags = {{"compare", "x1"}, {"side", "b"}}});
  put({.tags = {{"compare", "x2"}, {"side", "a"}}});
  EXPECT_THAT(ids("compare=x1,side=a"), ElementsAre(side)) << "all of the tags";
  EXPECT_THAT(sentence("side=a,compare=x1"), HasSubstr("with the tags compare=x1,side=a"));
  for (const char* word : {"compare=x1,side=c", "compare=x1,", "compare=x1,compare=x2", "compare=x1,=a"})
    refused(word);
  // % and _ stand for themselves.
  for (const char* word : {"night_y", "nightl%", "%", "_______", "=nightly", "kind=", "kind=%"})
    refused(word);
}

TEST_F(RunWords, ANumberIsARunBeforeItIsATagAndSaysSo) {
  const RowId a = put({.tags = {{"turn", "2"}}});
  const RowId b = put({.tags = {{"turn", "7777777"}}});
  const RowId c = put({.commit = "7777777abc"});
  EXPECT_THAT(ids("2"), ElementsAre(b));
  EXPECT_THAT(sentence("2"), HasSubstr("the tag of that value is meant by turn=2"));
  EXPECT_THAT(ids("turn=2"), ElementsAre(a));
  EXPECT_THAT(ids("7777777"), ElementsAre(b)) << "no run has that number: a tag, before a commit";
  EXPECT_THAT(sentence("7777777"), HasSubstr("more of its digits"));
  EXPECT_THAT(ids("7777777a"), ElementsAre(c));
}

TEST_F(RunWords, NameTheRunsOfACommitByItsDigits) {
  const RowId a = put({.commit = kOld});
  const RowId b = put({}), c = put({.phase = "wmma"});
  EXPECT_THAT(ids("aaaaaaa"), ElementsAre(a));
  EXPECT_THAT(ids("BBBBBBB2"), ElementsAre(b, c));
  EXPECT_THAT(ids(kNew), ElementsAre(b, c));
  EXPECT_THAT(refused("aaaaaa").message, HasSubstr("names no run")) << "six digits";
  EXPECT_THAT(refused("aaaaaaa2").message, HasSubstr("names no run"));
  put({.commit = "aaaaaaa2"});
  const auto error = refused("aaaaaaa");
  EXPECT_THAT(error.message, HasSubstr("begins 2 commits"));
  EXPECT_THAT(error.message, HasSubstr(kOld));
}

TEST_F(RunWords, ASeriesIsItsNewestBuildAndNeverMixesBuilds) {
  const RowId old = put({.commit = kOld});
  const RowId changed = put({.source = "s0"});
  const RowId a = put({});
  put({.phase = "wmma"});
  put({.shape = "tiny"});
  const RowId late = put({.commit = kOld});  // an old build, taken again in between
  const RowId b = put({});
  EXPECT_THAT(ids("fused@mission"), ElementsAre(a, b));
  EXPECT_THAT(ids("fused@mission@latest"), ElementsAre(a, b));
  EXPECT_THAT(ids("fused@1,8,512,64"), ElementsAre(a, b));
  EXPECT_EQ(sentence("fused@mission"),
            "the 2 runs of fused on mission at bbbbbbb222, the newest of 3 builds");
  EXPECT_THAT(ids("fused@mission@latest~1"), ElementsAre(old, late));
  EXPECT_THAT(ids("fused@mission@latest~2"), ElementsAre(changed));
  EXPECT_THAT(refused("fused@mission@latest~3").message, HasSubstr("holds 3 builds"));
  EXPECT_THAT(ids("fused@mission@aaaaaaa"), ElementsAre(old, late));
  EXPECT_THAT(ids("fused@mission@bbbbbbb"), ElementsAre(a, b)) << "of two builds at a commit the newer";
}

TEST_F(RunWords, ASeriesOnEveryProblemHasItsBuildNamed) {
  put({.shape = "tiny", .commit = kOld});
  const RowId a = put({}), b = put({.shape = "tiny"});
  EXPECT_THAT(ids("fused@@bbbbbbb"), ElementsAre(a, b));
  EXPECT_THAT(ids("fused@@latest"), ElementsAre(a, b));
  EXPECT_THAT(ids("fused@@latest~1"), ElementsAre(1));
}

TEST_F(RunWords, ASeriesIsOfOneCacheStateAndOneDevice) {
  const RowId other = put({.device = "Other GPU"});
  const RowId warm = put({});
  const RowId cold = put({.cache = core::CacheState::kCold});
  EXPECT_THAT(ids("fused@mission"), ElementsAre(warm));
  EXPECT_THAT(ids("fused@mission,warm"), ElementsAre(warm));
  EXPECT_THAT(ids("fused@mission,cold"), ElementsAre(cold));
  EXPECT_THAT(ids("fused@mission,cold@latest"), ElementsAre(cold));
  EXPECT_THAT(sentence("fused@mission"), HasSubstr("on the device of the newest"));
  EXPECT_THAT(ids(std::to_string(other)), ElementsAre(other));
  put({.phase = "icy", .cache = core::CacheState::kCold});
  EXPECT_THAT(refused("icy@mission").hint, HasSubstr(",cold"));
  put({.phase = "hot"});
  EXPECT_THAT(refused("hot@mission,cold").hint, HasSubstr("leave ',cold' out"));
}

TEST_F(RunWords, ASeriesLeavesWrongAnswersOutAndNeverFallsBackToAnotherBuild) {
  put({.commit = kOld});
  const RowId wrong = put({.right = false});
  const auto error = refused("fused@mission");
  EXPECT_THAT(error.message, HasSubstr("wrong answer"));
  EXPECT_THAT(error.hint, HasSubstr("fused@mission@latest~1"));
  const RowId right = put({});
  EXPECT_THAT(ids("fused@mission"), ElementsAre(right));
  EXPECT_THAT(sentence("fused@mission"), HasSubstr("1 with a wrong answer left out"));
  EXPECT_THAT(ids("bbbbbbb"), ElementsAre(wrong, right)) << "a commit is all of its runs";
}

TEST_F(RunWords, ASeriesPrefersMeasuredRunsToImports) {
  const RowId import = put({.commit = "", .source = ""});
  EXPECT_THAT(ids("fused@mission"), ElementsAre(import));
  EXPECT_THAT(sentence("fused@mission"), HasSubstr("imported"));
  const RowId measured = put({});
  put({.commit = "", .source = ""});
  EXPECT_THAT(ids("fused@mission"), ElementsAre(measured));
  EXPECT_THAT(sentence("fused@mission"), Not(HasSubstr("builds")));
}

TEST_F(RunWords, ASeriesMayBeNarrowedByATag) {
  const RowId a = put({.commit = kOld, .tags = {{"when", "nightly"}}});
  put({});
  EXPECT_THAT(ids("fused@mission@nightly"), ElementsAre(a));
  EXPECT_THAT(ids("fused@mission@when=nightly"), ElementsAre(a));
  EXPECT_THAT(sentence("fused@mission@nightly"), HasSubstr("with the tag nightly"));
}

TEST_F(RunWords, SayWhatIsNear) {
  put({.tags = {{"kind", "nightly"}}});
  put({.phase = "wmma"});
  EXPECT_THAT(refused("nightli").hint, HasSubstr("nightly"));
  EXPECT_THAT(refused("lastest").hint, HasSubstr("latest"));
  EXPECT_THAT(refused("fused").hint, HasSubstr("fused@PROBLEM"));
  EXPECT_THAT(refused("fusd@mission").message, HasSubstr("did you mean fused"));
  EXPECT_THAT(refused("fused@misson").message, HasSubstr("mission"));
  EXPECT_THAT(refused("fused@large").hint, HasSubstr("it has runs on: mission"));
  EXPECT_THAT(refused("fused@mission@fffffff").message, HasSubstr("fffffff"));
  EXPECT_THAT(refused("fusd@misson@fffffff").message, HasSubstr("did you mean fused"));
}

TEST_F(RunWords, RefuseEmptyPartsAndEndlessWords) {
  put({});
  EXPECT_THAT(refused("").message, HasSubstr("names no run"));
  EXPECT_THAT(refused("@").message, HasSubstr("no phase"));
  EXPECT_THAT(refused("@mission").message, HasSubstr("no phase"));
  EXPECT_THAT(refused("fused@").message, HasSubstr("no problem"));
  EXPECT_THAT(refused("fused@").hint, HasSubstr("fused@@latest"));
  EXPECT_THAT(refused("fused@@").message, HasSubstr("no build"));
  EXPECT_THAT(refused("fused@mission@").message, HasSubstr("no build"));
  const std::string endless(10'000, 'x');
  for (const std::string& word :
       {endless, endless + "@mission", "fused@" + endless, "fused@mission@" + endless,
        endless + "=" + endless, "latest~" + endless, "session:" + endless, std::string(10'000, '@'),
        std::string(10'000, '7'), std::string(10'000, 'a'), std::string("a\0b", 3),
        std::string("\xff\xfe@mission"), std::string("fused@mission@\n--help"), std::string("--help"),
        std::string("-h@x")}) {
    const auto error = refused(word);
    EXPECT_LT(error.message.size(), 600u);
    EXPECT_LT(error.hint.size(), 600u);
  }
}

TEST_F(RunWords, SayThatADatabaseHoldsNoRuns) {
  EXPECT_THAT(refused("latest").message, HasSubstr("no runs"));
  EXPECT_THAT(refused("fused@mission").message, HasSubstr("no runs"));
}

TEST_F(RunWords, FindRunIsTheNewestOfSeveral) {
  put({});
  const RowId b = put({});
  EXPECT_EQ(*find_run(store_, "fused@mission"), b);
  EXPECT_EQ(*find_run(store_, "latest~1"), 1);
  EXPECT_FALSE(find_run(store_, "nothing"));
}

// --- git ----------------------------------------------------------------------------------------------

class GitWords : public RunWords {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::create_directory(folder_ / "tree");
    std::filesystem::current_path(folder_ / "tree");
    // Neither a repository around the folder for temporary files nor somebody's settings take part.
    ::setenv("GIT_CEILING_DIRECTORIES", folder_.path().c_str(), 1);
    ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    if (const char* path = std::getenv("PATH")) path_ = path;
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    ::setenv("PATH", path_.c_str(), 1);
    ::unsetenv("GIT_CEILING_DIRECTORIES");
    ::unsetenv("GIT_CONFIG_GLOBAL");
  }
  std::string git(std::vector<std::string> arguments) {
    const std::vector<std::string> who{"-c", "user.name=t", "-c", "user.email=t@example.org"};
    arguments.insert(arguments.begin(), who.begin(), who.end());
    auto done = core::run_child({.program = "git", .arguments = arguments, .environment = {}});
    EXPECT_TRUE(done && done->code == 0) << (done ? done->errors : done.error().message);
    return done ? done->output.substr(0, done->output.find('\n')) : "";
  }
  std::string commit() {
    git({"commit", "-q", "--allow-empty", "-m", "c"});
    return git({"rev-parse", "HEAD"});
  }

  std::filesystem::path before_;
  std::string path_;
};

TEST_F(GitWords, NameTheRunsOfABranchATagAndHead) {
  git({"init", "-q", "-b", "main"});
  const std::string first = commit();
  git({"tag", "v1.2"});
  const std::string second = commit();
  const RowId a = put({.commit = first}), b = put({.commit = second}),
              c = put({.phase = "wmma", .commit = second});
  EXPECT_THAT(ids("main"), ElementsAre(b, c));
  EXPECT_THAT(ids("HEAD"), ElementsAre(b, c));
  EXPECT_THAT(ids("v1.2"), ElementsAre(a));
  EXPECT_THAT(ids("HEAD~1"), ElementsAre(a));
  EXPECT_THAT(ids("HEAD@{0}"), ElementsAre(b, c)) << "an '@' that is git's";
  EXPECT_THAT(ids("fused@mission@main"), ElementsAre(b));
  EXPECT_THAT(ids("fused@@v1.2"), ElementsAre(a));
  EXPECT_THAT(sentence("main"), HasSubstr("of commit " + second.substr(0, 10) + " (main)"));
  EXPECT_THAT(refused("mian").message, HasSubstr("names no run"));
  const std::string third = commit();
  const auto error = refused("main");
  EXPECT_THAT(error.message,
              HasSubstr("main is commit " + third.substr(0, 10) + ", of which the database holds no"));
  EXPECT_THAT(error.hint, HasSubstr(second.substr(0, 10)));
}

TEST_F(GitWords, ComeAfterWhatTheDatabaseHolds) {
  git({"init", "-q", "-b", "main"});
  put({.commit = commit()});
  const RowId tagged = put({.tags = {{"branch", "main"}}});
  EXPECT_THAT(ids("main"), ElementsAre(tagged));
  EXPECT_THAT(ids("refs/heads/main"), ElementsAre(1));
}

TEST_F(GitWords, SayThatThereIsNoRepositoryOrNoGit) {
  put({});
  EXPECT_THAT(refused("main").message, HasSubstr("in no git repository"));
  ::setenv("PATH", (folder_ / "tree").c_str(), 1);
  const auto error = refused("main");
  EXPECT_EQ(error.code, ErrorCode::kExternalTool);
  EXPECT_THAT(error.message, HasSubstr("git is not here"));
  EXPECT_THAT(ids("latest"), ElementsAre(1)) << "what needs no git";
}

}  // namespace
}  // namespace flashcore::session
