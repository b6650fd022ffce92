// What `profile` refuses before it touches a GPU, and what it says where there is none.
#include "app/session/profile.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "app/session/phases.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {
namespace {

class Profile : public ::testing::Test {
 protected:
  Profile() {
    ::setenv("CUDA_VISIBLE_DEVICES", "", 1);  // the same on a machine with a GPU
    auto opened = store::Store::open(folder_ / "runs.db");
    EXPECT_TRUE(opened) << core::to_text(opened.error());
    store_.emplace(*std::move(opened));
    request_.problems = {*core::parse_shape("tiny")};
  }
  core::Result<ProfileOutcome> run() {
    return profile(request_, *store_, *analysis::Catalogue::builtin(), cancel_, {});
  }

  tests::TemporaryFolder folder_;
  std::optional<store::Store> store_;
  core::CancelToken cancel_;
  ProfileRequest request_;
};

TEST_F(Profile, WithoutAGpuIsToldWithTheRemedyAndStoresNothing) {
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, core::ErrorCode::kNoDevice);
  EXPECT_FALSE(outcome.error().hint.empty());
  EXPECT_TRUE(store_->sessions()->empty());
}

TEST_F(Profile, UsageComesBeforeTheDevice) {
  request_.iterations = 0;
  EXPECT_EQ(run().error().code, core::ErrorCode::kUsage);
  request_.iterations = 10;
  request_.phases = {"wmna"};
  EXPECT_EQ(run().error().code, core::ErrorCode::kUsage);
  request_.phases = {"wmma"};
  request_.problems.front().head_dim = 80;
  EXPECT_EQ(run().error().code, core::ErrorCode::kUsage);
  request_.problems.clear();
  EXPECT_EQ(run().error().code, core::ErrorCode::kUsage);
}

TEST(ResolvePhases, AllIsTheLadderAndItsReferences) {
  const auto all = resolve_phases({"all"});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), list_phases().size());
  EXPECT_EQ(all->front(), "baseline");
}

TEST(ResolvePhases, NamesAppearOnceInTheOrderAsked) {
  EXPECT_EQ(*resolve_phases({"wmma", "baseline", "wmma"}), (std::vector<std::string>{"wmma", "baseline"}));
}

TEST(ResolvePhases, HiddenPhasesOnlyByName) {
  EXPECT_TRUE(resolve_phases({"broken"}));
  for (const auto& info : list_phases()) EXPECT_FALSE(info.hidden) << info.id;
}

TEST(ResolvePhases, AnUnknownNameGetsTheNearest) {
  const auto ids = resolve_phases({"baselin"});
  ASSERT_FALSE(ids);
  EXPECT_NE(ids.error().message.find("baseline"), std::string::npos);
}

}  // namespace
}  // namespace flashcore::session
