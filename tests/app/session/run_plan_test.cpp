// What a list of names stands for, and what the real workbench refuses before anything is launched.
#include "app/session/run_plan.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "app/session/phases.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;

TEST(MachineWorkbench, WithoutAGpuIsToldWithTheRemedy) {
  ::setenv("CUDA_VISIBLE_DEVICES", "", 1);  // the same on a machine with a GPU
  ProfileRequest request;
  request.problems = {*core::parse_problem("tiny")};
  // Its helper must not be this program.
  const auto bench =
      machine_workbench(Requests::kMany, std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_profile");
  const auto ok = check_request(request, *bench);
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().code, ErrorCode::kNoDevice);
  EXPECT_FALSE(ok.error().hint.empty());
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
