// The table behind "auto": reading it, the nearest problem, and which phase is taken.
#include "kernels/fastest_phase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/problem.h"
#include "kernels/phase_index.h"

namespace flashcore::kernels {
namespace {

using core::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHead = "device,compute,sm_count,b,h,hkv,sq,sk,d,dtype,mask,phases\n";
constexpr DeviceTraits kH200{.ordinal = 0, .compute = 90, .sm_count = 132};
constexpr DeviceTraits kL4{.ordinal = 0, .compute = 89, .sm_count = 58};

FastestTable table_of(const std::string& rows) {
  auto table = FastestTable::parse(std::string(kHead) + rows);
  EXPECT_TRUE(table) << core::to_text(table.error());
  return table ? *table : FastestTable{};
}

core::AttentionProblem problem(std::string_view text) {
  return *core::parse_attention(text);
}

std::string first_of(const FastestTable& table, std::string_view text, const DeviceTraits& device = kH200) {
  const MeasuredProblem* row = table.nearest(problem(text), device);
  return row == nullptr ? "nothing" : row->phases.front().id;
}

// Phases that stand for real ones: what they serve and what they miss is what counts here.
core::Status serves_all(const AttentionCall&) {
  return {};
}
core::Status serves_f16(const AttentionCall& call) {
  if (call.problem.dtype == "f16") return {};
  return core::fail(ErrorCode::kUsage, "only f16");
}
core::Status is_missing() {
  return core::fail(ErrorCode::kExternalTool, "the library is missing");
}
core::Result<std::unique_ptr<PlannedLaunch>> plan_nothing(const AttentionCall&, const DeviceTraits&) {
  return core::fail(ErrorCode::kDevice, "not planned here");
}

TryPhase plannable(const AttentionCall& call, const DeviceTraits& device) {
  return [&](const PhaseDescriptor& phase) { return check_plannable(phase, call, device); };
}

PhaseDescriptor phase(std::string_view id, int rung, bool reference = false) {
  PhaseDescriptor made;
  made.info.id = id;
  made.info.rung = rung;
  made.info.reference = reference;
  made.info.min_compute = 80;
  made.serves = serves_all;
  made.plan = plan_nothing;
  return made;
}

class Ladder : public ::testing::Test {
 protected:
  PhaseDescriptor low_ = phase("low", 1), middle_ = phase("middle", 2), high_ = phase("high", 3),
                  library_ = phase("library", 100, true);

  std::vector<const PhaseDescriptor*> all() const { return {&low_, &middle_, &high_, &library_}; }

  std::string taken(const FastestTable& table, std::string_view text,
                    const DeviceTraits& device = kH200) const {
    const AttentionCall call = contiguous_call(problem(text));
    auto found = fastest_phase(table, all(), call, device, plannable(call, device));
    return found ? std::string((*found)->info.id) : core::to_text(found.error());
  }
};

TEST(FastestTable, ReadsRowsAndOrdersPhasesByTime) {
  const FastestTable table = table_of(
      "# a comment\n\nNVIDIA H200,90,132,2,8,4,100,200,128,bf16,causal,slow 20.5; fast 3; middle 7.25  # and "
      "one\n");
  ASSERT_EQ(table.rows().size(), 1U);
  const MeasuredProblem& row = table.rows()[0];
  EXPECT_EQ(row.device, "NVIDIA H200");
  EXPECT_EQ(row.compute, 90);
  EXPECT_EQ(row.sm_count, 132);
  EXPECT_EQ(row.problem, problem("b=2,h=8,hkv=4,sq=100,sk=200,d=128,dtype=bf16,mask=causal"));
  std::vector<std::string> ids;
  for (const MeasuredPhase& measured : row.phases) ids.push_back(measured.id);
  EXPECT_THAT(ids, ElementsAre("fast", "middle", "slow"));
  EXPECT_EQ(row.phases[1].microseconds, 7.25);
}

TEST(FastestTable, AFileWithoutRowsIsATableOfNothing) {
  EXPECT_TRUE(table_of("").rows().empty());
  EXPECT_TRUE(FastestTable::parse("")->rows().empty());
  EXPECT_EQ(table_of("").nearest(problem("mission"), kH200), nullptr);
}

TEST(FastestTable, SaysInWhichLineItCannotBeRead) {
  const std::string good = "X,90,132,1,8,8,512,512,64,f16,full,a 1\n";
  for (const auto& [rows, words] : std::vector<std::pair<std::string, std::string>>{
           {"X,90,132,1,8,8,512,512,64,f16,full\n", "line 3"},
           {"X,90,132,1,8,8,512,512,64,f16,full,a 1,b 2\n", "columns"},
           {"X,90,132,1,8,3,512,512,64,f16,full,a 1\n", "does not divide"},
           {"X,90,132,1,8,8,0,512,64,f16,full,a 1\n", "sq = 0"},
           {"X,90,132,1,8,8,512,512,64,f17,full,a 1\n", "f17"},
           {"X,9.0,132,1,8,8,512,512,64,f16,full,a 1\n", "compute capability"},
           {"X,90,0,1,8,8,512,512,64,f16,full,a 1\n", "number of SMs"},
           {"X,90,132,1,8,8,512,512,64,f16,full,\n", "names no phase"},
           {"X,90,132,1,8,8,512,512,64,f16,full,a\n", "microseconds"},
           {"X,90,132,1,8,8,512,512,64,f16,full,a -1\n", "microseconds"},
           {"X,90,132,1,8,8,512,512,64,f16,full,a nan\n", "microseconds"},
           {"X,90,132,1,8,8,512,512,64,f16,full,a 1x\n", "microseconds"}}) {
    auto table = FastestTable::parse(std::string(kHead) + good + rows);
    ASSERT_FALSE(table) << rows;
    EXPECT_EQ(table.error().code, ErrorCode::kFile);
    EXPECT_THAT(table.error().message, HasSubstr("line 3"));
    EXPECT_THAT(table.error().message, HasSubstr(words));
  }
  EXPECT_FALSE(FastestTable::parse("device,compute\n"));
}

TEST(FastestTable, TakesTheNearestSize) {
  const FastestTable table = table_of(
      "X,90,132,1,8,8,256,256,64,f16,full,short 1\n"
      "X,90,132,1,8,8,4096,4096,64,f16,full,long 1\n"
      "X,90,132,64,8,8,256,256,64,f16,full,many 1\n"
      "X,90,132,1,32,8,1,8192,64,f16,full,decode 1\n");
  EXPECT_EQ(first_of(table, "1,8,256,64"), "short");
  EXPECT_EQ(first_of(table, "1,8,600,64"), "short");
  EXPECT_EQ(first_of(table, "1,8,2000,64"), "long");
  EXPECT_EQ(first_of(table, "1,8,1048576,64"), "long");
  EXPECT_EQ(first_of(table, "16,16,300,64"), "many");  // B * H counts, not which of them
  EXPECT_EQ(first_of(table, "b=4,h=32,hkv=8,sq=1,sk=4096,d=64"), "decode");
}

TEST(FastestTable, HeadsThatShareKeysAreAnAxis) {
  const FastestTable table = table_of(
      "X,90,132,1,32,32,512,512,64,f16,full,own 1\n"
      "X,90,132,1,32,4,512,512,64,f16,full,shared 1\n");
  EXPECT_EQ(first_of(table, "1,32,512,64"), "own");
  EXPECT_EQ(first_of(table, "1,32,512,64,hkv=8"), "shared");
  EXPECT_EQ(first_of(table, "1,32,512,64,hkv=16"), "own");
}

TEST(FastestTable, MaskAndTypeDecideBetweenProblemsOfOneSize) {
  const FastestTable table = table_of(
      "X,90,132,1,8,8,512,512,64,f16,full,full 1\n"
      "X,90,132,1,8,8,512,512,64,f16,causal,causal 1\n"
      "X,90,132,1,8,8,512,512,64,bf16,full,bf16 1\n");
  EXPECT_EQ(first_of(table, "mission"), "full");
  EXPECT_EQ(first_of(table, "mission,causal"), "causal");
  EXPECT_EQ(first_of(table, "mission,bf16"), "bf16");
  EXPECT_EQ(first_of(table, "mission,bf16,causal"),
            "causal");  // another mask is farther off than another type
}

TEST(FastestTable, AnotherDIsTakenOnlyWhereThisOneIsMissing) {
  const FastestTable table = table_of(
      "X,90,132,1,8,8,512,512,64,f16,full,d64 1\n"
      "X,80,108,4,16,16,4096,4096,128,f16,full,d128 1\n");
  EXPECT_EQ(first_of(table, "1,8,512,128"), "d128");  // far in size, and of another device
  EXPECT_EQ(first_of(table, "4,16,4096,64"), "d64");
  EXPECT_EQ(first_of(table, "1,8,512,256"), "d128");
}

TEST(FastestTable, AnotherDeviceIsTakenOnlyWhereThisOneIsMissing) {
  const FastestTable table = table_of(
      "A100,80,108,1,8,8,512,512,64,f16,full,ampere 1\n"
      "RTX 4090,89,128,1,8,8,512,512,64,f16,full,large_ada 1\n"
      "L4,89,58,1,8,8,64,64,64,f16,full,small_ada 1\n"
      "H200,90,132,1,8,8,64,64,64,f16,full,hopper 1\n");
  EXPECT_EQ(first_of(table, "mission", kH200), "hopper");
  EXPECT_EQ(first_of(table, "mission", kL4), "small_ada");
  EXPECT_EQ(first_of(table, "mission", {.compute = 89, .sm_count = 142}), "large_ada");
  EXPECT_EQ(first_of(table, "mission", {.compute = 86, .sm_count = 100}),
            "large_ada");  // 3 away, and more like it in SMs
  EXPECT_EQ(first_of(table, "mission", {.compute = 100, .sm_count = 148}), "hopper");
}

TEST_F(Ladder, TakesTheFastestOfTheNearestProblem) {
  const FastestTable table = table_of(
      "X,90,132,1,8,8,512,512,64,f16,full,low 9; middle 5; high 7; library 6\n"
      "X,90,132,4,16,16,4096,4096,64,f16,full,low 900; middle 500; high 300; library 200\n");
  EXPECT_EQ(taken(table, "mission"), "middle");
  EXPECT_EQ(taken(table, "long"), "library");
}

TEST_F(Ladder, AFirstChoiceThatIsMissingIsPassedOver) {
  const FastestTable table = table_of("X,90,132,1,8,8,512,512,64,f16,full,library 1; middle 5; high 7\n");
  library_.available = is_missing;
  EXPECT_EQ(taken(table, "mission"), "middle");
  middle_.info.min_compute = 100;
  EXPECT_EQ(taken(table, "mission"), "high");
  high_.serves = serves_f16;
  EXPECT_EQ(taken(table, "mission"), "high");
  EXPECT_EQ(taken(table, "mission,bf16"), "low");  // not measured, and all that is left
  low_.plan = nullptr;                             // a build without CUDA
  EXPECT_THAT(taken(table, "mission,bf16"), HasSubstr("no phase computes"));
}

TEST_F(Ladder, AMeasuredPhaseThatIsGoneIsPassedOver) {
  EXPECT_EQ(taken(table_of("X,90,132,1,8,8,512,512,64,f16,full,gone 1; low 5\n"), "mission"), "low");
}

TEST_F(Ladder, WithoutATableTheHighestRungThatServes) {
  EXPECT_EQ(taken(FastestTable{}, "mission"), "high");
  high_.info.min_compute = 100;
  EXPECT_EQ(taken(FastestTable{}, "mission"), "middle");
  low_.info.min_compute = middle_.info.min_compute = 100;
  EXPECT_EQ(taken(FastestTable{}, "mission"), "library");
}

TEST_F(Ladder, SaysWhyNobodyServes) {
  for (PhaseDescriptor* one : {&low_, &middle_, &high_, &library_}) one->serves = serves_f16;
  const auto refused = [&](const PhaseDescriptor* const* begin, std::string_view text) {
    const AttentionCall call = contiguous_call(problem(text));
    return fastest_phase({}, {begin, 4}, call, kH200, plannable(call, kH200)).error();
  };
  const std::vector<const PhaseDescriptor*> phases = all();
  core::Error error = refused(phases.data(), "mission,bf16");
  EXPECT_EQ(error.code, ErrorCode::kUsage);
  EXPECT_THAT(error.context, HasSubstr("high: only f16"));
  EXPECT_THAT(error.context, HasSubstr("library: only f16"));
  for (PhaseDescriptor* one : {&low_, &middle_, &high_}) one->info.min_compute = 100;
  library_.available = is_missing;
  error = refused(phases.data(), "mission");
  EXPECT_EQ(error.code, ErrorCode::kNoDevice);  // the ladder's reason comes before a library's
  EXPECT_THAT(error.context, HasSubstr("the library is missing"));
}

// A library may refuse only when it plans.
TEST_F(Ladder, APhaseThatCannotBePlannedIsPassedOver) {
  const FastestTable table =
      table_of("X,90,132,1,8,8,512,512,64,f16,full,library 1; high 2; middle 3; low 4\n");
  const AttentionCall call = contiguous_call(problem("mission"));
  std::vector<std::string> asked;
  std::string plans = "middle";
  const TryPhase plan = [&](const PhaseDescriptor& phase) -> core::Status {
    asked.emplace_back(phase.info.id);
    if (phase.info.id == plans) return {};
    if (phase.info.reference) return core::fail(ErrorCode::kExternalTool, "no engine", "", "status 3000");
    return core::fail(ErrorCode::kUsage, "too large");
  };
  auto found = fastest_phase(table, all(), call, kH200, plan);
  ASSERT_TRUE(found) << core::to_text(found.error());
  EXPECT_EQ(*found, &middle_);
  EXPECT_THAT(asked, ElementsAre("library", "high", "middle"));  // and none after it
  plans = "nobody";
  found = fastest_phase(table, all(), call, kH200, plan);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kExternalTool);
  EXPECT_EQ(found.error().context,
            "library: no engine (status 3000); high: too large; middle: too large; low: too large");
}

TEST_F(Ladder, ACallThatBreaksARuleIsNobodysMatter) {
  AttentionCall call = contiguous_call(problem("mission"));
  call.scale = 0;
  auto found = fastest_phase({}, all(), call, kH200, plannable(call, kH200));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("scale"));
}

TEST_F(Ladder, AskedWithoutADeviceEveryPhaseIsHeard) {
  for (PhaseDescriptor* one : {&low_, &middle_, &high_}) one->serves = serves_f16;
  library_.available = is_missing;  // not asked for
  EXPECT_TRUE(check_any_supported(all(), contiguous_call(problem("mission,bf16"))));
  library_.serves = serves_f16;
  auto ok = check_any_supported(all(), contiguous_call(problem("mission,bf16")));
  ASSERT_FALSE(ok);
  EXPECT_THAT(ok.error().context, HasSubstr("low: only f16"));
}

// What lies in the tree can be read, and speaks of phases that exist.
TEST(BuiltInFastestTable, IsReadAndNamesPhasesOfTheBuild) {
  const auto& table = built_in_fastest_table();
  ASSERT_TRUE(table) << core::to_text(table.error());
  EXPECT_FALSE(table->rows().empty());
  for (const MeasuredProblem& row : table->rows()) {
    const auto is_fused = [](const MeasuredPhase& measured) { return measured.id == "fused"; };
    EXPECT_GE(row.phases.size(), 2U);
    // A rung that was not measured is asked last, so a row without the fastest one would hide it.
    EXPECT_TRUE(std::any_of(row.phases.begin(), row.phases.end(), is_fused))
        << core::problem_label(row.problem) << " was measured without fused";
    for (const MeasuredPhase& measured : row.phases) {
      auto found = find_phase(measured.id);
      ASSERT_TRUE(found) << measured.id;
      EXPECT_FALSE((*found)->info.hidden);
      EXPECT_TRUE(check_supported(**found, contiguous_call(row.problem))) << measured.id;
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels
