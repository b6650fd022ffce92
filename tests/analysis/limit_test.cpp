#include "analysis/limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/attention.h"
#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

// A run of `problem` on an H200 at 1830 MHz, with the model that kernels/models.h gives it.
core::RunRecord run_of(const std::string& text, core::CacheState cache, double ns = 10000,
                       double mhz = 1830) {
  const core::AttentionProblem p = core::parse_attention(text).value();
  core::RunRecord run = sample_run();
  run.problem = core::to_problem(p);
  run.cache = cache;
  double pairs = 0;
  for (std::int64_t row = 0; row < p.seq_q; ++row) {
    const std::int64_t sees =
        p.causal ? std::clamp<std::int64_t>(row + p.seq_k - p.seq_q + 1, 0, p.seq_k) : p.seq_k;
    pairs += static_cast<double>(sees);
  }
  const double scores = pairs * static_cast<double>(p.batch * p.heads);
  run.model = core::ModelRecord{4.0 * static_cast<double>(p.head_dim) * scores,
                                static_cast<double>(core::tensor_bytes(p)), scores};
  measured(run, "timing").samples.clear();
  add_samples(run, core::SampleKind::kGraph, ns, 5, mhz);
  return run;
}

double ns(const ProblemLimit& limit, const char* term) {
  const LimitTerm* found = limit.term(term);
  EXPECT_NE(found, nullptr) << term;
  EXPECT_TRUE(found != nullptr && found->ns) << term << ": " << (found != nullptr ? found->missing : "");
  return found != nullptr ? found->ns.value_or(-1) : -1;
}

// Tensor 4096 FLOP, 16 exps a clock and SM, 132 SMs at 1.83 GHz; 4.917 TB/s by the driver's clock, of all
// inputs and of that part of the output which 60 MiB of L2 cannot keep: "4,16,4096,128" reads 201.3 MB and
// writes 67.1 MB, of which 62.9 may stay.
TEST(Limit, OfAnH200ByHand) {
  struct Case {
    const char* problem;
    double tensor_us, exp_us, dram_us;
  };
  for (const Case& c :
       {Case{"1,8,512,64", .54, .54, .32}, Case{"1,8,1024,64", 2.2, 2.2, .64},
        Case{"4,8,256,64", .54, .54, .64}, Case{"4,16,4096,64", 278, 278, 20.5},
        Case{"4,16,4096,64,causal", 139, 139, 20.5}, Case{"4,16,4096,128", 556, 278, 41.8},
        Case{"2,16,16384,128", 4445, 2223, 96.4}, Case{"2,16,16384,128,causal", 2223, 1111, 96.4}}) {
    const ProblemLimit limit = limit_of(run_of(c.problem, core::CacheState::kCold));
    EXPECT_NEAR(ns(limit, "products") / 1e3, c.tensor_us, 0.015 * c.tensor_us + 0.005) << c.problem;
    EXPECT_NEAR(ns(limit, "exps") / 1e3, c.exp_us, 0.015 * c.exp_us + 0.005) << c.problem;
    EXPECT_NEAR(ns(limit, "bytes") / 1e3, c.dram_us, 0.01 * c.dram_us) << c.problem;
    EXPECT_DOUBLE_EQ(*limit.ns, std::max({ns(limit, "products"), ns(limit, "exps"), ns(limit, "bytes")}));
  }
}

TEST(Limit, TheLargestBindsAndTheShareIsOfTheTime) {
  const ProblemLimit bytes = limit_of(run_of("4,8,256,64", core::CacheState::kCold, 8000));
  EXPECT_EQ(bytes.binding, "bytes");
  EXPECT_NEAR(*bytes.share, 639.8 / 8000, 0.002);
  EXPECT_EQ(bytes.term("bytes")->title, "least bytes from DRAM");
  EXPECT_EQ(limit_of(run_of("4,16,4096,128", core::CacheState::kCold)).binding, "products");
  EXPECT_EQ(bytes.term("nothing"), nullptr);
}

// A warm problem that fits L2 reads no DRAM: that term must not judge it.
TEST(Limit, WarmCachesThatHoldTheTensorsSpareDram) {
  const ProblemLimit warm = limit_of(run_of("4,8,256,64", core::CacheState::kWarm));
  EXPECT_EQ(warm.binding, "products");
  ASSERT_NE(warm.term("bytes"), nullptr);
  EXPECT_FALSE(warm.term("bytes")->ns);
  EXPECT_EQ(warm.term("bytes")->title, "least bytes from L2");
  EXPECT_THAT(warm.term("bytes")->missing,
              HasSubstr("the vendor does not document the L2 bytes a clock of GH100"));
  EXPECT_LT(*warm.ns, *limit_of(run_of("4,8,256,64", core::CacheState::kCold)).ns);

  core::RunRecord a100 = run_of("4,8,256,64", core::CacheState::kWarm);
  a100.device->compute_major = 8;
  EXPECT_DOUBLE_EQ(ns(limit_of(a100), "bytes"), 3145728.0 / (5120 * 1.83e9) * 1e9) << "a rate of reads";
  a100.device->l2_bytes = 4194304;
  EXPECT_EQ(limit_of(a100).term("bytes")->title, "least bytes from L2");
  a100.device->l2_bytes -= 1;
  EXPECT_EQ(limit_of(a100).term("bytes")->title, "least bytes from L2") << "one byte of DRAM takes less";
  a100.device->l2_bytes = 1048576;
  EXPECT_EQ(limit_of(a100).term("bytes")->title, "least bytes from DRAM");
  EXPECT_DOUBLE_EQ(limit_of(a100).term("bytes")->work, 3145728) << "all but what L2 holds";
  a100.device->l2_bytes = 0;
  EXPECT_THAT(limit_of(a100).term("bytes")->missing, HasSubstr("size of L2 is unknown"));
  EXPECT_TRUE(limit_of(a100).ns) << "the others stay";
}

// 60 MiB of L2 hold all but a little of tensors of 64 MiB, launch after launch: a term of all their bytes
// would be one that a kernel can pass.
TEST(Limit, OfTensorsJustAboveL2OnlyTheRestMoves) {
  const char* problem = "1,8,16384,64";  // four tensors of 16 MiB
  const ProblemLimit warm = limit_of(run_of(problem, core::CacheState::kWarm));
  ASSERT_NE(warm.term("bytes"), nullptr);
  EXPECT_EQ(warm.term("bytes")->title, "least bytes from DRAM");
  EXPECT_DOUBLE_EQ(warm.term("bytes")->work, 67108864.0 - 62914560);
  const ProblemLimit cold = limit_of(run_of(problem, core::CacheState::kCold));
  EXPECT_DOUBLE_EQ(cold.term("bytes")->work, 3 * 16777216.0) << "the output may stay in L2";
  // Keys and values of two heads: 16 MiB of queries, 2 x 4 of keys and values.
  EXPECT_DOUBLE_EQ(limit_of(run_of("1,8,16384,64,hkv=2", core::CacheState::kCold)).term("bytes")->work,
                   1.5 * 16777216.0);
  core::RunRecord unknown = run_of(problem, core::CacheState::kCold);
  unknown.problem = core::Problem{"gemm", {{"m", "128"}, {"dtype", "f16"}}};
  EXPECT_DOUBLE_EQ(limit_of(unknown).term("bytes")->work, 67108864.0 - 62914560) << "all may be output";
  unknown.model->bytes = 1e6;
  EXPECT_FALSE(limit_of(unknown).term("bytes")->ns);
  EXPECT_THAT(limit_of(unknown).term("bytes")->missing, HasSubstr("which of its bytes are read"));
  unknown = run_of(problem, core::CacheState::kCold);
  unknown.device->l2_bytes = 0;
  EXPECT_DOUBLE_EQ(limit_of(unknown).term("bytes")->work, 3 * 16777216.0) << "any L2 may keep all of it";
}

TEST(Limit, SaysThatPolynomialsCanPassTheExponentials) {
  EXPECT_THAT(limit_of(run_of("mission", core::CacheState::kWarm)).term("exps")->source,
              HasSubstr("by polynomials on the FMA pipe can pass this"));
}

TEST(Limit, StandsAtTheEffectiveClock) {
  core::RunRecord run = run_of("mission", core::CacheState::kCold, 10000, 1250);
  EXPECT_DOUBLE_EQ(ns(limit_of(run), "products"), 536870912.0 / (4096.0 * 132 * 1.25e9) * 1e9);
  EXPECT_THAT(limit_of(run).term("products")->source, HasSubstr("1250 MHz effective"));
  for (core::Sample& sample : measured(run, "timing").samples) {
    sample.effective_clock_mhz.reset();
    sample.nominal_before_mhz = 1980;
  }
  EXPECT_THAT(limit_of(run).term("products")->source, HasSubstr("1980 MHz nominal"));
  for (core::Sample& sample : measured(run, "timing").samples) sample.nominal_before_mhz.reset();
  EXPECT_THAT(limit_of(run).term("products")->source, HasSubstr("the device's highest"));
}

// Models of old runs have no exponentials; the axes do.
TEST(Limit, ExponentialsOfOldRunsAreThoseOfTheAxes) {
  for (const char* problem : {"2,3,40,56,64", "2,3,40,56,64,causal", "2,3,56,40,64,causal",
                              "1,1,1,1,64,causal", "1,1,5,3,64,causal", "mission,causal"}) {
    core::RunRecord run = run_of(problem, core::CacheState::kCold);
    const double counted = run.model->exps;
    run.model->exps = 0;
    const ProblemLimit limit = limit_of(run);
    ASSERT_NE(limit.term("exps"), nullptr) << problem;
    EXPECT_DOUBLE_EQ(limit.term("exps")->work, counted) << problem;
    EXPECT_THAT(limit.term("exps")->source, HasSubstr("computed from the axes"));
  }
  core::RunRecord gemm = sample_run();
  gemm.problem = core::Problem{"gemm", {{"m", "128"}, {"dtype", "f16"}}};
  gemm.model->exps = 0;
  EXPECT_EQ(limit_of(gemm).term("exps"), nullptr) << "another workload has none";
  EXPECT_TRUE(limit_of(gemm).ns);
}

TEST(Limit, WhatIsMissingSaysWhy) {
  EXPECT_THAT(limit_of(imported_run()).missing, HasSubstr("no model of its problem"));
  EXPECT_FALSE(limit_of(imported_run()).ns);
  EXPECT_TRUE(limit_of(imported_run()).binding.empty());

  core::RunRecord run = sample_run();
  run.device.reset();
  EXPECT_THAT(limit_of(run).missing, HasSubstr("which device"));
  run = sample_run();
  run.answer = core::Answer::kWrong;
  EXPECT_TRUE(limit_of(run).ns) << "the problem has its limit";
  EXPECT_FALSE(limit_of(run).share);
  EXPECT_THAT(limit_of(run).missing, HasSubstr("the answer is wrong"));
  run = sample_run();
  measured(run, "timing").samples.clear();
  EXPECT_THAT(limit_of(run).missing, HasSubstr("nothing was timed"));
  add_counter(run, "gpu__time_duration.sum", 100);
  EXPECT_FALSE(limit_of(run).share);
  EXPECT_THAT(limit_of(run).missing, HasSubstr("counted"));
}

TEST(Limit, ARateThatIsNotKnownLeavesTheOtherTerms) {
  core::RunRecord run = run_of("mission,dtype=e4m3", core::CacheState::kCold);
  const ProblemLimit limit = limit_of(run);
  EXPECT_FALSE(limit.term("products")->ns);
  EXPECT_THAT(limit.term("products")->missing, HasSubstr("e4m3"));
  EXPECT_EQ(limit.binding, "exps");
  run.device->compute_major = 42;
  run.device->memory_bus_bits = 0;
  EXPECT_FALSE(limit_of(run).ns);
  EXPECT_THAT(limit_of(run).missing, HasSubstr("no limit: "));
}

}  // namespace
}  // namespace flashcore::analysis
