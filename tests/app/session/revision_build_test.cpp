// A revision is checked out apart, built once and kept: on a small repository whose build makes a script.
#include "app/session/revision_build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "app/session/measure_pair.h"
#include "core/atomic_file.h"
#include "core/child_process.h"
#include "tests/app/session/measure_fixture.h"

namespace flashcore::session {
namespace {

using ::testing::HasSubstr;

// The build of a revision that is as fast as the file `ns` says; a file `broken` fails it.
constexpr const char* kProject = R"(cmake_minimum_required(VERSION 3.25)
project(flashcore NONE)
file(APPEND ${CMAKE_SOURCE_DIR}/../configured "one ${CMAKE_CUDA_ARCHITECTURES} ${FLASHCORE_GUI} ${CMAKE_BUILD_TYPE}\n")
file(READ ${CMAKE_SOURCE_DIR}/ns ns)
string(STRIP "${ns}" ns)
file(WRITE ${CMAKE_BINARY_DIR}/script "#!/bin/sh\nFAKE_NAME=r${ns} FAKE_NS=${ns} FAKE_LOG='@LOG@' exec '@SIDE@' \"$@\"\n")
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/bin/flashcore-profile
  COMMAND @STEP@
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/bin
  COMMAND cp ${CMAKE_BINARY_DIR}/script ${CMAKE_BINARY_DIR}/bin/flashcore-profile
  COMMAND chmod +x ${CMAKE_BINARY_DIR}/bin/flashcore-profile VERBATIM)
add_custom_target(flashcore-profile DEPENDS ${CMAKE_BINARY_DIR}/bin/flashcore-profile)
)";

class RevisionBuilds : public ::testing::Test {
 protected:
  RevisionBuilds() {
    std::filesystem::create_directory(repository());
    git({"init", "-q", "-b", "main"});
    build_.repository = repository();
    build_.cache = sides_ / "cache";
  }
  std::filesystem::path repository() const { return sides_ / "repository"; }
  std::string git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"-C", repository().string(), "-c", "user.name=n", "-c", "user.email=e"});
    const auto end = core::run_child({.program = "git", .arguments = arguments, .environment = {}});
    EXPECT_TRUE(end && end->code == 0) << end->errors;
    return end->output.substr(0, end->output.find('\n'));
  }
  // A commit whose program takes `ns` and whose build takes the step `step`; its SHA.
  std::string commit(const std::string& ns, const std::string& step = "true") {
    std::string project = kProject;
    for (const auto& [mark, text] : {std::pair<std::string, std::string>{"@LOG@", sides_.log().string()},
                                     {"@SIDE@", std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_side"},
                                     {"@STEP@", step}})
      project.replace(project.find(mark), mark.size(), text);
    std::ofstream(repository() / "CMakeLists.txt") << project;
    std::ofstream(repository() / "ns") << ns << "\n";
    git({"add", "-A"});
    git({"commit", "-q", "-m", "takes " + ns});
    return git({"rev-parse", "HEAD"});
  }
  core::Result<std::filesystem::path> build(const std::string& sha) {
    build_.sha = sha;
    return built_program(build_, cancel_, [this](const std::string& text) { told_.push_back(text); });
  }
  std::string configured(const std::string& sha) const {
    return core::read_file(build_.cache / sha / "configured").value_or("");
  }

  tests::FakeSides sides_;
  RevisionBuild build_;
  core::CancelToken cancel_;
  std::vector<std::string> told_;
};

TEST_F(RevisionBuilds, IsBuiltApartOnceAndKeptByConfiguration) {
  const auto sha = commit("40000");
  commit("30000");  // the working folder has moved on
  auto program = build(sha);
  ASSERT_TRUE(program) << core::to_text(program.error());
  EXPECT_EQ(core::read_file(build_.cache / sha / "src/ns").value(), "40000\n");
  EXPECT_EQ(core::read_file(repository() / "ns").value(), "30000\n");
  EXPECT_THAT(configured(sha), HasSubstr("OFF Release"));
  EXPECT_THAT(told_, ::testing::Contains(HasSubstr("building " + sha.substr(0, 10))));
  auto again = build(sha);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *program);
  EXPECT_EQ(configured(sha), "one  OFF Release\n") << "it was configured again";
  build_.architectures = architecture_of(9, 0);
  auto other = build(sha);
  ASSERT_TRUE(other) << core::to_text(other.error());
  EXPECT_NE(*other, *program);
  EXPECT_THAT(configured(sha), HasSubstr("one 90a-real OFF Release\n"));
  EXPECT_EQ(architecture_of(8, 6), "86-real");
}

TEST_F(RevisionBuilds, AFailedBuildShowsTheLastWordsAndLeavesNothingThatLooksFinished) {
  const auto sha = commit("40000", "sh -c \"echo the compiler is not amused && false\"");
  for (int i = 0; i < 2; ++i) {
    const auto program = build(sha);
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().code, core::ErrorCode::kExternalTool);
    EXPECT_THAT(program.error().message, HasSubstr(sha.substr(0, 10) + " does not build"));
    EXPECT_THAT(program.error().context, HasSubstr("the compiler is not amused"));
    EXPECT_FALSE(std::filesystem::exists(build_.cache / sha / "default"));
  }
}

TEST_F(RevisionBuilds, ACancelEndsTheBuildWhichGoesOnTheNextTime) {
  const auto sha = commit("40000", "sh -c \"echo $$ >> pids && test -e go || exec sleep 600\"");
  std::jthread canceller([&] {
    while (!std::filesystem::exists(build_.cache / sha / "default/pids"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cancel_.request();
  });
  const auto program = build(sha);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, core::ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(build_.cache / sha / "default/flashcore-built"));
  const auto compiler = core::read_file(build_.cache / sha / "default/pids").value();
  EXPECT_FALSE(tests::runs_still(compiler.substr(0, compiler.find('\n'))));
  std::ofstream(build_.cache / sha / "default/go") << "";
  const core::CancelToken fresh;
  const auto resumed = built_program(build_, fresh, {});
  EXPECT_TRUE(resumed) << core::to_text(resumed.error());
}

TEST_F(RevisionBuilds, TwoAtOnceBuildOnce) {
  const auto sha = commit("40000", "sleep 0.3");
  build_.sha = sha;
  std::jthread beside([&] { EXPECT_TRUE(built_program(build_, cancel_, {})); });
  EXPECT_TRUE(built_program(build_, cancel_, {}));
  beside.join();
  EXPECT_EQ(configured(sha), "one  OFF Release\n");
}

TEST_F(RevisionBuilds, ChangedSourcesAreCheckedOutAnew) {
  const auto sha = commit("40000");
  ASSERT_TRUE(build(sha));
  std::filesystem::remove_all(build_.cache / sha / "default");
  std::ofstream(build_.cache / sha / "src/ns") << "1\n";
  ASSERT_TRUE(build(sha));
  EXPECT_EQ(core::read_file(build_.cache / sha / "src/ns").value(), "40000\n");
  std::filesystem::remove_all(build_.cache);  // the repository still knows of the worktree
  EXPECT_TRUE(build(sha));
}

TEST_F(RevisionBuilds, TwoRevisionsAreMeasured) {
  commit("40000");
  commit("30000");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(repository());
  ::setenv("XDG_CACHE_HOME", build_.cache.c_str(), 1);
  MeasureRequest request;
  request.base = "HEAD~1";
  request.now = "fused@HEAD";
  request.problems = {*core::parse_problem("tiny")};
  request.iterations = 20;
  request.devices = [] { return core::Result<std::vector<core::DeviceRecord>>({core::DeviceRecord{}}); };
  auto store = store::Store::open(sides_ / "runs.db");
  auto outcome = measure_pair(request, *store, *analysis::Catalogue::builtin(), cancel_,
                              [this](const MeasureEvent& e) { told_.push_back(e.text); });
  std::filesystem::current_path(before);
  ::unsetenv("XDG_CACHE_HOME");
  ASSERT_TRUE(outcome) << core::to_text(outcome.error());
  EXPECT_EQ(outcome->compared.result.all.front().verdict, analysis::Verdict::kFaster);
  EXPECT_THAT(outcome->compared.base_sentence, HasSubstr("(HEAD~1)"));
  EXPECT_THAT(sides_.began(), ::testing::Contains("r40000").Times(4));
  EXPECT_THAT(told_.front(), HasSubstr("checking out"));
}

}  // namespace
}  // namespace flashcore::session
