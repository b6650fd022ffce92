// What a word names as a side of a measurement.
#include "app/session/measure_sides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/child_process.h"
#include "tests/app/session/measure_fixture.h"

namespace flashcore::session {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MeasureSides : public ::testing::Test {
 protected:
  MeasureSides() { request_.program = "/opt/this/flashcore-profile"; }
  void git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"-C", repository().string(), "-c", "user.name=n", "-c", "user.email=e"});
    const auto end = core::run_child({.program = "git", .arguments = arguments, .environment = {}});
    ASSERT_TRUE(end && end->code == 0) << end->errors;
  }
  std::filesystem::path repository() const { return sides_ / "repository"; }
  core::Result<Sides> resolve(const std::string& base, const std::string& now,
                              std::vector<std::string> phases = {}) {
    request_.base = base;
    request_.now = now;
    request_.phases = std::move(phases);
    return resolve_sides(request_);
  }
  core::Error refused(const std::string& base, const std::string& now, std::vector<std::string> phases = {}) {
    const auto sides = resolve(base, now, std::move(phases));
    EXPECT_FALSE(sides);
    return sides ? core::Error{} : sides.error();
  }
  tests::FakeSides sides_;
  MeasureRequest request_;
};

TEST_F(MeasureSides, TwoPhasesAreOfThisBuild) {
  const auto sides = resolve("wmma", "fused");
  ASSERT_TRUE(sides) << core::to_text(sides.error());
  EXPECT_EQ(sides->base.program, request_.program);
  EXPECT_THAT(sides->base.phases, ElementsAre("wmma"));
  EXPECT_THAT(sides->now.phases, ElementsAre("fused"));
  EXPECT_TRUE(sides->one_phase_each);
  EXPECT_EQ(sides->now.sentence(), "fused of this build");
  EXPECT_THAT(refused("wmma", "fused", {"wmma"}).message, HasSubstr("already"));
}

TEST_F(MeasureSides, ABuildIsItsFolderOrItsProgram) {
  const auto folder = sides_.add("build");
  const auto program = folder + "/bin/flashcore-profile";
  for (const std::string& word : {folder, program, folder + "/bin", folder + "/../build/"}) {
    const auto sides = resolve(word, "this", {"fused"});
    ASSERT_TRUE(sides) << core::to_text(sides.error());
    EXPECT_EQ(sides->base.program, program) << word;
    EXPECT_EQ(sides->now.program, request_.program);
    EXPECT_EQ(sides->base.sentence(), "fused of " + program);
  }
  const auto named = resolve("wmma@" + folder, "fused@.");
  ASSERT_TRUE(named) << core::to_text(named.error());
  EXPECT_EQ(named->base.program, program);
  EXPECT_THAT(named->base.phases, ElementsAre("wmma"));
  EXPECT_THAT(named->now.phases, ElementsAre("fused"));
}

TEST_F(MeasureSides, ASideWithoutAPhaseTakesTheOthersOrThoseAskedFor) {
  const auto folder = sides_.add("build");
  auto sides = resolve("fused", folder);
  ASSERT_TRUE(sides);
  EXPECT_THAT(sides->now.phases, ElementsAre("fused"));
  sides = resolve(folder, ".", {"wmma", "fused"});
  ASSERT_TRUE(sides);
  EXPECT_THAT(sides->base.phases, ElementsAre("wmma", "fused"));
  EXPECT_FALSE(sides->one_phase_each);
  EXPECT_THAT(refused(folder, ".").hint, HasSubstr("--phase"));
  EXPECT_THAT(refused(folder, ".", {"fussed"}).message, HasSubstr("did you mean fused?"));
}

TEST_F(MeasureSides, ARevisionIsItsCommit) {
  std::filesystem::create_directory(repository());
  git({"init", "-q", "-b", "main"});
  git({"commit", "-q", "--allow-empty", "-m", "one"});
  git({"tag", "v1.2"});
  git({"commit", "-q", "--allow-empty", "-m", "two"});
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(repository());
  const auto sides = resolve("fused@HEAD~1", "main");
  const auto tagged = resolve("v1.2", "HEAD@{0}", {"fused"});
  const auto unknown = refused("HEAD~9", "fused");
  std::filesystem::current_path(before);
  ASSERT_TRUE(sides) << core::to_text(sides.error());
  EXPECT_EQ(sides->base.revision.size(), 40U);
  EXPECT_NE(sides->base.revision, sides->now.revision);
  EXPECT_TRUE(sides->base.program.empty());
  EXPECT_THAT(sides->now.phases, ElementsAre("fused"));
  EXPECT_THAT(sides->base.build, HasSubstr("(HEAD~1)"));
  ASSERT_TRUE(tagged) << core::to_text(tagged.error());
  EXPECT_EQ(tagged->base.revision, sides->base.revision);
  EXPECT_EQ(tagged->now.revision, sides->now.revision);
  EXPECT_THAT(unknown.message, HasSubstr("no git revision"));
}

TEST_F(MeasureSides, WhatIsNoneSaysWhatIsNear) {
  EXPECT_THAT(refused("wmmma", "fused").hint, HasSubstr("wmma"));
  EXPECT_THAT(refused("wmma@mission", "fused").hint, HasSubstr("--shape mission"));
  std::filesystem::create_directory(sides_ / "empty");
  EXPECT_THAT(refused((sides_ / "empty").string(), "fused").message,
              HasSubstr("holds no bin/flashcore-profile"));
  std::ofstream(sides_ / "file") << "text";
  EXPECT_THAT(refused((sides_ / "file").string(), "fused").message, HasSubstr("no program"));
  // In no repository: where there is one, '@' is git's for HEAD.
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(sides_ / "empty");
  for (const std::string& odd :
       {std::string(), std::string("--help"), std::string("@"), std::string("-x@."), std::string("\x1b[2J"),
        std::string(10'000, 'x'), std::string("fused@"), std::string(5000, '/')}) {
    const auto error = refused(odd, "fused");
    EXPECT_EQ(error.code, core::ErrorCode::kUsage) << odd;
    EXPECT_LT(error.message.size(), 500U);
  }
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace flashcore::session
