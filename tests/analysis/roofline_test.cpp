#include "analysis/roofline.h"

#include <gtest/gtest.h>

#include <map>

#include "analysis/devices.h"
#include "analysis/run_analysis.h"
#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

class RooflineTest : public ::testing::Test {
 protected:
  Roofline roofline(const core::RunRecord& run) { return roofline_of(run, catalogue_.evaluate(run)); }
  Catalogue catalogue_ = Catalogue::builtin().value();
};

TEST_F(RooflineTest, CeilingsOfAnH200) {
  core::RunRecord run = sample_run();
  add_counter(run, "lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.0e13);
  const Roofline r = roofline(run);
  ASSERT_EQ(r.sm_clock_hz, 1.98e9);
  ASSERT_NE(r.ceiling("tensor_f16"), nullptr);
  EXPECT_DOUBLE_EQ(r.ceiling("tensor_f16")->value, 4096.0 * 132 * 1.98e9);  // 1070 TFLOP/s
  EXPECT_DOUBLE_EQ(r.ceiling("fp32")->value, 256.0 * 132 * 1.98e9);
  EXPECT_DOUBLE_EQ(r.ceiling("mufu")->value, 16.0 * 132 * 1.98e9);
  EXPECT_DOUBLE_EQ(r.ceiling("dram")->value, 4.916736e12);  // 2 * 768 B * 3201 MHz
  EXPECT_DOUBLE_EQ(r.ceiling("l2")->value, 1.0e13);
  EXPECT_DOUBLE_EQ(r.ceiling("tensor_f16_mma")->value, 2731.0 * 132 * 1.98e9);
  EXPECT_DOUBLE_EQ(r.ceiling("l1")->value, 128.0 * 132 * 1.98e9);
  EXPECT_TRUE(r.ceiling("l1")->bandwidth);
  EXPECT_TRUE(r.ceiling("dram")->bandwidth);
  EXPECT_FALSE(r.ceiling("tensor_f16")->bandwidth);
  EXPECT_NE(r.ceiling("tensor_f16")->source.find("whitepaper"), std::string::npos);
  EXPECT_NE(r.ceiling("tensor_f16")->source.find("1980 MHz effective"), std::string::npos);
  EXPECT_EQ(r.ceiling("nonsense"), nullptr);
}

// The counted peak of the L2 slices is what the counter defines, and mma.sync stands below wgmma.
TEST_F(RooflineTest, WhatIsNoLimitSaysSo) {
  core::RunRecord run = sample_run();
  add_counter(run, "lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.0e13);
  Roofline r = roofline(run);
  const std::map<std::string, bool> limits{{"tensor_f16", true}, {"tensor_f16_mma", false},
                                           {"fp32", false},      {"mufu", true},
                                           {"dram", true},       {"l2", false},
                                           {"l1", true}};
  ASSERT_EQ(r.ceilings.size(), limits.size());
  for (const Ceiling& ceiling : r.ceilings) EXPECT_EQ(ceiling.limit, limits.at(ceiling.id)) << ceiling.id;
  EXPECT_NE(r.ceiling("l2")->source.find("a definition and no limit"), std::string::npos);
  // A documented rate goes before the definition and limits.
  run.device->chip = "GA100";
  run.device->compute_major = 8;
  r = roofline(run);
  EXPECT_TRUE(r.ceiling("l2")->limit);
  EXPECT_DOUBLE_EQ(r.ceiling("l2")->value, 5120 * 1.98e9);
  EXPECT_EQ(r.ceiling("tensor_f16_mma"), nullptr) << "one roof: there is no faster instruction";
}

// Under tensor load the SMs run far below what NVML says.
TEST_F(RooflineTest, CeilingsStandAtTheEffectiveClock) {
  core::RunRecord run = sample_run();
  for (core::Sample& sample : measured(run, "timing").samples) {
    sample.effective_clock_mhz = 1250;
    sample.nominal_before_mhz = sample.nominal_after_mhz = 1980;
  }
  const Roofline r = roofline(run);
  EXPECT_EQ(r.sm_clock_hz, 1.25e9);
  EXPECT_DOUBLE_EQ(r.ceiling("tensor_f16")->value, 4096.0 * 132 * 1.25e9);
  EXPECT_EQ(r.reason.find("nominal"), std::string::npos) << r.reason;
  for (core::Sample& sample : measured(run, "timing").samples) sample.effective_clock_mhz.reset();
  const Roofline old = roofline(run);
  EXPECT_EQ(old.sm_clock_hz, 1.98e9);
  EXPECT_NE(old.reason.find("NVML's nominal one"), std::string::npos) << old.reason;
  EXPECT_NE(old.ceiling("tensor_f16")->source.find("nominal (NVML)"), std::string::npos);
}

TEST_F(RooflineTest, PointsByCountedBytes) {
  core::RunRecord run = sample_run();
  add_counter(run, "l1tex__t_bytes.sum", 67108864);
  add_counter(run, "dram__bytes.sum", 4194304);
  add_counter(run, "lts__t_bytes.sum", 33554432);
  add_counter(run, "lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.0e13);
  const Roofline r = roofline(run);
  ASSERT_EQ(r.points.size(), 3u) << r.reason;
  const RooflinePoint& dram = r.points[0];
  EXPECT_EQ(dram.memory, "dram");
  EXPECT_EQ(dram.bytes_provenance, "cupti");
  EXPECT_DOUBLE_EQ(dram.intensity, 128);
  EXPECT_DOUBLE_EQ(dram.performance, 53.6870912e12);
  EXPECT_DOUBLE_EQ(*dram.attainable, 128 * 4.916736e12);  // 629 TFLOP/s, below the tensor ceiling
  EXPECT_EQ(dram.bound, "memory");
  EXPECT_NEAR(*dram.attainable_fraction, 53.6870912 / 629.342208, 1e-12);
  const RooflinePoint& l2 = r.points[1];
  EXPECT_DOUBLE_EQ(l2.intensity, 16);
  EXPECT_FALSE(l2.attainable) << "a definition and no limit";
  EXPECT_FALSE(l2.attainable_fraction);
  EXPECT_EQ(l2.bound, "");
  const RooflinePoint& l1 = r.points[2];
  EXPECT_EQ(l1.memory, "l1");
  EXPECT_DOUBLE_EQ(l1.intensity, 8);
  EXPECT_DOUBLE_EQ(*l1.attainable, 8 * 128.0 * 132 * 1.98e9);
}

// wmma on mission: 11.1 MB of global memory against 70.8 MB of shared memory on one path.
TEST_F(RooflineTest, ThePointOfL1HoldsSharedMemory) {
  core::RunRecord run = sample_run();
  add_counter(run, "l1tex__t_bytes.sum", 11.1e6);
  EXPECT_EQ(roofline(run).points.at(1).bytes_provenance,
            "cupti (global and local memory alone: shared memory was not counted)");
  const std::map<std::string, double> shared{
      {"ld", 40e6}, {"ldsm", 10e6}, {"gmma", 15e6}, {"st", 5e6}, {"stsm", 0.8e6}};
  for (const auto& [op, bytes] : shared) {
    add_counter(run, "smsp__sass_data_bytes_mem_shared_op_" + op + ".sum", bytes);
  }
  add_counter(run, "smsp__sass_data_bytes_mem_shared_op_ldgsts.sum", 8e6);
  const RooflinePoint point = roofline(run).points.at(1);
  EXPECT_EQ(point.memory, "l1");
  EXPECT_DOUBLE_EQ(point.bytes, 81.9e6) << "copies by cp.async are in the 11.1 MB";
  EXPECT_EQ(point.bytes_provenance, "cupti (global, local and shared memory)");
  EXPECT_DOUBLE_EQ(*point.attainable, 536870912 / 81.9e6 * 128 * 132 * 1.98e9);
}

TEST_F(RooflineTest, ModelBytesAreNamedAsSuch) {
  const Roofline r = roofline(sample_run());
  ASSERT_EQ(r.points.size(), 1u) << "least bytes are those of DRAM: nothing says what L1 moved";
  EXPECT_NE(r.reason.find("no l1 point: its bytes were not counted"), std::string::npos) << r.reason;
  EXPECT_EQ(r.points[0].bytes_provenance, "model");
  EXPECT_DOUBLE_EQ(r.points[0].intensity, 256);
  EXPECT_EQ(r.points[0].bound, "compute");  // 256 * 4.9 TB/s = 1259 > 1070 TFLOP/s
  EXPECT_DOUBLE_EQ(*r.points[0].attainable, 4096.0 * 132 * 1.98e9);
  EXPECT_EQ(r.ceiling("l2"), nullptr);
  EXPECT_NE(r.reason.find("L2"), std::string::npos) << r.reason;
}

TEST_F(RooflineTest, ClockFallsBackAndSaysSo) {
  core::RunRecord run = sample_run();
  measured(run, "timing").samples.clear();
  add_samples(run, core::SampleKind::kGraph, 10000, 5, 0);
  add_samples(run, core::SampleKind::kLaunch, 30000, 3, 1755);
  EXPECT_EQ(roofline(run).sm_clock_hz, 1.755e9);
  measured(run, "timing").samples.clear();
  add_samples(run, core::SampleKind::kGraph, 10000, 5, 0);
  const Roofline r = roofline(run);
  EXPECT_FALSE(r.sm_clock_hz);
  EXPECT_DOUBLE_EQ(r.ceiling("tensor_f16")->value, 4096.0 * 132 * 1.98e9);
  EXPECT_NE(r.reason.find("highest"), std::string::npos);
}

TEST_F(RooflineTest, AWrongRunHasNoPoint) {
  core::RunRecord run = sample_run();
  run.answer = core::Answer::kWrong;
  EXPECT_TRUE(roofline(run).points.empty());
  EXPECT_NE(roofline(run).reason.find("wrong"), std::string::npos);
  run.answer = core::Answer::kUnchecked;
  EXPECT_TRUE(roofline(run).points.empty());
  EXPECT_NE(roofline(run).reason.find("not checked"), std::string::npos);
}

TEST_F(RooflineTest, AnUnknownDeviceHasReasonsAndNoNumbers) {
  core::RunRecord run = sample_run();
  run.device = core::DeviceRecord{};
  run.device->compute_major = 42;
  measured(run, "timing").samples.clear();
  const Roofline r = roofline(run);
  EXPECT_TRUE(r.ceilings.empty());
  EXPECT_TRUE(r.points.empty());
  EXPECT_NE(r.reason.find("42.0"), std::string::npos) << r.reason;
}

TEST_F(RooflineTest, AnImportStandsByCountedFlopsBytesAndTime) {
  const Roofline r = roofline(imported_run());
  ASSERT_EQ(r.points.size(), 1u) << r.reason;
  const RooflinePoint& point = r.points[0];
  EXPECT_DOUBLE_EQ(point.flops, 1e9);  // 1e6 + 1e6 + 2 * 499e6
  EXPECT_EQ(point.flops_provenance, "ncu (FP32)");
  EXPECT_DOUBLE_EQ(point.bytes, 4e6);
  EXPECT_EQ(point.bytes_provenance, "ncu");
  EXPECT_DOUBLE_EQ(point.duration_ns, 20000);
  EXPECT_EQ(point.time_provenance, "gpu__time_duration.sum, ncu");
  EXPECT_DOUBLE_EQ(point.performance, 5e13);
  EXPECT_EQ(r.sm_clock_hz, 1.5e9) << "the clock of the pass that gave the time";
  EXPECT_NE(r.reason.find("FP64, FP16 tensor, BF16 tensor, TF32 tensor, FP8 tensor operations were not "
                          "counted"),
            std::string::npos)
      << r.reason;
}

// ncu's own sets count FP32 and how busy the tensor pipe was, and not what it computed: FP32 alone would put
// a kernel of tensor cores at a hundredth of its rate.
TEST_F(RooflineTest, AnImportWhoseTensorWorkWasNotCountedHasNoPoint) {
  constexpr const char* kActive = "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active";
  core::RunRecord run = imported_run();
  add_counter(run, kActive, 11.68, 0, "ncu");
  EXPECT_TRUE(roofline(run).points.empty());
  EXPECT_NE(roofline(run).reason.find("the tensor pipe was active, and what it computed was not counted"),
            std::string::npos)
      << roofline(run).reason;
  // FP16 that was counted and is none does not say what the pipe computed: BF16, perhaps.
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum", 0, 0, "ncu");
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp16.sum", 0, 0, "ncu");
  add_counter(run, "sm__ops_path_tensor_op_hgmma_src_fp16.sum", 0, 0, "ncu");
  EXPECT_TRUE(roofline(run).points.empty());
  run = imported_run();
  add_counter(run, kActive, 11.68, 0, "ncu");
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum", 9e9, 0, "ncu");
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp16.sum", 0, 0, "ncu");
  add_counter(run, "sm__ops_path_tensor_op_hgmma_src_fp16.sum", 0, 0, "ncu");
  ASSERT_EQ(roofline(run).points.size(), 1u) << roofline(run).reason;
  EXPECT_DOUBLE_EQ(roofline(run).points[0].flops, 1e10);
}

TEST_F(RooflineTest, ATensorPipeThatDidNothingLeavesNothingOut) {
  core::RunRecord run = imported_run();
  add_counter(run, "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active", 0, 0, "ncu");
  const Roofline r = roofline(run);
  ASSERT_EQ(r.points.size(), 1u) << r.reason;
  EXPECT_DOUBLE_EQ(r.points[0].flops, 1e9);
  EXPECT_NE(r.reason.find("FP64 operations were not counted"), std::string::npos) << r.reason;
}

TEST_F(RooflineTest, Bf16TensorWorkCounts) {
  core::RunRecord run = imported_run();
  add_counter(run, "sm__ops_path_tensor_src_bf16_dst_fp32.sum", 9e9, 0, "ncu");
  ASSERT_EQ(roofline(run).points.size(), 1u);
  EXPECT_DOUBLE_EQ(roofline(run).points[0].flops, 1e10);
  EXPECT_EQ(roofline(run).points[0].flops_provenance, "ncu (FP32, BF16 tensor)");
}

TEST_F(RooflineTest, AnImportWithoutFlopsOrDeviceHasReasonsAndNoPoint) {
  core::RunRecord run = imported_run();
  std::erase_if(measured(run, "ncu").counters, [](const auto& c) { return c.name.starts_with("smsp__"); });
  EXPECT_TRUE(roofline(run).points.empty());
  EXPECT_NE(roofline(run).reason.find("no FLOPs were counted"), std::string::npos);
  run = imported_run();
  run.device.reset();
  EXPECT_TRUE(roofline(run).points.empty());
  EXPECT_TRUE(roofline(run).ceilings.empty());
  EXPECT_NE(roofline(run).reason.find("which device"), std::string::npos);
}

TEST_F(RooflineTest, TheModelGoesBeforeCountedFlops) {
  core::RunRecord run = sample_run();
  add_counter(run, "smsp__sass_thread_inst_executed_op_fadd_pred_on.sum", 1);
  add_counter(run, "smsp__sass_thread_inst_executed_op_fmul_pred_on.sum", 1);
  add_counter(run, "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum", 1);
  ASSERT_FALSE(roofline(run).points.empty());
  EXPECT_EQ(roofline(run).points[0].flops_provenance, "model");
  EXPECT_DOUBLE_EQ(roofline(run).points[0].flops, 536870912);
  run.model.reset();
  EXPECT_EQ(roofline(run).points.size(), 0u) << "no counted bytes and no model of them";
}

// devices.toml names one chip for an architecture whose chip is not known: all of them must have its
// formulas.
TEST_F(RooflineTest, TheChipsOfAnArchitectureHaveTheSameFormulas) {
  const std::map<std::string, std::vector<std::string>> families{
      {"GA102", {"GA103", "GA104", "GA106", "GA107"}},
      {"AD102", {"AD103", "AD104", "AD106", "AD107"}},
      {"GB100", {"GB102"}},
      {"GB202", {"GB203", "GB205", "GB206", "GB207"}}};
  for (const auto& [chip, others] : families) {
    for (const Metric& metric : catalogue_.metrics()) {
      for (const std::string& other : others) {
        EXPECT_EQ(metric.formula_for(chip), metric.formula_for(other)) << metric.id << " " << other;
      }
    }
  }
}

TEST(DeviceRates, ChipsByComputeCapability) {
  core::DeviceRecord device;
  device.compute_major = 9;
  EXPECT_EQ(formula_chip(device), "GH100");
  device.chip = "GH200";
  EXPECT_EQ(formula_chip(device), "GH200") << "what the driver says goes before";
  device.chip.clear();
  device.compute_major = 42;
  EXPECT_EQ(formula_chip(device), "");
  EXPECT_EQ(formula_chip(std::nullopt), "");
}

TEST(DeviceRates, ProductsOfOneArchitectureDiffer) {
  core::DeviceRecord device;
  device.compute_major = 8;
  device.compute_minor = 9;
  device.name = "NVIDIA L4";
  EXPECT_EQ(rates_of(device).tensor_f16.value, 1024);
  device.name = "NVIDIA L40";
  EXPECT_EQ(rates_of(device).tensor_f16.value, 512);
  EXPECT_EQ(rates_of(device).tensor_f16_mma.value, 512) << "mma.sync reaches the peak before Hopper";
  device.name = "NVIDIA L40S";
  EXPECT_EQ(rates_of(device).tensor_f16.value, 1024);
  device.name = "NVIDIA GeForce RTX 4090";
  EXPECT_EQ(rates_of(device).tensor_f16.value, 512);
}

TEST(DeviceRates, EveryNumberNamesItsDocumentOrItsAbsence) {
  for (const auto& [major, minor] : {std::pair{8, 0}, {8, 6}, {8, 9}, {9, 0}, {10, 0}, {12, 0}}) {
    core::DeviceRecord device;
    device.compute_major = major;
    device.compute_minor = minor;
    const DeviceRates rates = rates_of(device);
    for (const Rate& rate :
         {rates.tensor_f16, rates.tensor_f16_mma, rates.fp32, rates.mufu, rates.l2, rates.l1}) {
      EXPECT_NE(rate.value.has_value(), rate.source.empty()) << rates.title;
      EXPECT_EQ(rate.value.has_value(), rate.missing.empty()) << rates.title;
    }
  }
}

// NVIDIA's own totals, from the rates and the boost clocks of the same documents.
TEST(DeviceRates, TotalsAgreeWithTheVendors) {
  const auto total = [](const char* name, int major, int minor, int sms, double mhz) {
    core::DeviceRecord device;
    device.name = name;
    device.compute_major = major;
    device.compute_minor = minor;
    return rates_of(device).tensor_f16.value.value() * sms * mhz * 1e6 / 1e12;
  };
  EXPECT_NEAR(total("NVIDIA H100 80GB HBM3", 9, 0, 132, 1830), 989.4, 1);
  EXPECT_NEAR(total("NVIDIA A100-SXM4-40GB", 8, 0, 108, 1410), 312, 1);
  EXPECT_NEAR(total("NVIDIA RTX A6000", 8, 6, 84, 1800), 154.8, 0.5);
  EXPECT_NEAR(total("NVIDIA L4", 8, 9, 58, 2040), 121, 0.5);
  EXPECT_NEAR(total("NVIDIA GeForce RTX 5090", 12, 0, 170, 2407), 209.5, 0.5);
}

}  // namespace
}  // namespace flashcore::analysis
