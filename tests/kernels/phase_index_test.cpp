#include "kernels/phase_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/kernels/plan_without_gpu.h"

namespace flashcore::kernels {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ids(bool with_hidden) {
  std::vector<std::string> names;
  for (const PhaseDescriptor* phase : phases(with_hidden)) names.emplace_back(phase->info.id);
  return names;
}

std::string key(std::string_view kernel, int arch) {
  return std::string(kernel) + " " + std::to_string(arch);
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TEST(PhaseIndex, HasOnePhaseForEveryFile) {
  std::set<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(FLASHCORE_SOURCE_DIR "/kernels/phases")) {
    if (file.path().extension() == ".cu") files.insert(file.path().stem());
  }
  const std::vector<std::string> all = ids(true);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()), files);
  EXPECT_EQ(all.size(), files.size()) << "ids are unique";
}

TEST(PhaseIndex, GoesUpTheLadderThenToReferences) {
  const auto shown = phases();
  ASSERT_GE(shown.size(), 3u);
  EXPECT_EQ(shown[0]->info.id, "baseline");
  EXPECT_EQ(shown[1]->info.id, "wmma");
  bool references = false;
  int rung = 0;
  for (const PhaseDescriptor* phase : shown) {
    EXPECT_FALSE(phase->info.hidden) << phase->info.id;
    EXPECT_TRUE(phase->info.reference || !references) << "references come last";
    if (phase->info.reference && !references) rung = 0;
    references = phase->info.reference;
    EXPECT_GT(phase->info.rung, rung) << phase->info.id;
    rung = phase->info.rung;
    EXPECT_EQ(phase->info.reference, phase->info.rung >= 100) << phase->info.id;
  }
}

TEST(PhaseIndex, HiddenPhasesAreFoundByNameAlone) {
  EXPECT_THAT(ids(false), ::testing::Not(::testing::Contains("broken")));
  auto broken = find_phase("broken");
  ASSERT_TRUE(broken.has_value());
  EXPECT_TRUE((*broken)->info.hidden);
}

TEST(PhaseIndex, UnknownNamesGetTheNearest) {
  auto missing = find_phase("wmm");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(missing.error().message, HasSubstr("wmma"));
  EXPECT_THAT(core::to_text(find_phase("brok").error()), ::testing::Not(HasSubstr("broken")));
}

TEST(PhaseIndex, DescriptorsAreComplete) {
  for (const PhaseDescriptor* phase : phases(true)) {
    const core::PhaseInfo& info = phase->info;
    SCOPED_TRACE(info.id);
    EXPECT_FALSE(info.id.empty());
    for (const char c : info.id) EXPECT_TRUE(std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_');
    EXPECT_FALSE(info.title.empty());
    EXPECT_FALSE(info.problems.empty());
    EXPECT_TRUE(info.idea.ends_with('.')) << info.idea;
    EXPECT_GE(info.min_compute, 80);
    if (!info.builds_on.empty()) {
      auto below = find_phase(info.builds_on);
      ASSERT_TRUE(below.has_value());
      EXPECT_LT((*below)->info.rung, info.rung);
    }
    EXPECT_NE(phase->serves, nullptr);
    EXPECT_EQ(phase->plan != nullptr, !compiler_reports().empty()) << "planned where kernels were compiled";
    EXPECT_EQ(phase->available != nullptr, info.reference && phase->plan != nullptr)
        << "a library must be there";
  }
}

TEST(PhaseIndex, HashesAreSha256AndDiffer) {
  std::set<std::string_view> seen{kernels_hash()};
  EXPECT_TRUE(is_sha256(kernels_hash())) << kernels_hash();
  for (const PhaseDescriptor* phase : phases(true)) {
    EXPECT_TRUE(is_sha256(phase_hash(phase->info.id))) << phase->info.id;
    EXPECT_TRUE(seen.insert(phase_hash(phase->info.id)).second) << phase->info.id;
  }
  EXPECT_THAT(std::string(phase_hash("nothing")), IsEmpty());
}

// Of small problems and large ones, of both types and every D, on both GPUs: a phase chooses by all of them.
std::vector<core::KernelPlan> planned_kernels(const PhaseDescriptor& phase) {
  std::vector<core::KernelPlan> kernels;
  for (const DeviceTraits& device : {testing::kH200, testing::kL4}) {
    if (device.compute < phase.info.min_compute) continue;
    for (const char* shape :
         {"1,2,64,64", "1,2,64,128", "4,16,4096,64", "4,16,4096,128", "1,32,1,8192,128"}) {
      for (const char* dtype : {"f16", "bf16"}) {
        const auto problem = core::parse_attention(std::string(shape) + "," + dtype);
        const auto plan = phase.plan(contiguous_call(*problem), device);
        EXPECT_TRUE(plan.has_value()) << phase.info.id << ", " << shape;
        if (plan) kernels.insert(kernels.end(), (*plan)->kernels().begin(), (*plan)->kernels().end());
      }
    }
  }
  return kernels;
}

class CompilerReports : public ::testing::Test {
 protected:
  void SetUp() override {
    if (phases(true).front()->plan == nullptr) {
      EXPECT_TRUE(compiler_reports().empty());
      GTEST_SKIP() << "a viewer: no kernel was compiled";
    }
  }
};

TEST_F(CompilerReports, HoldEveryPlannedKernelForEveryGpuOfThePhase) {
  for (const PhaseDescriptor* phase : testing::own_phases()) {
    std::set<int> archs;
    std::set<std::string> kernels;
    for (const CompilerReport& report : compiler_reports()) {
      if (report.phase != phase->info.id) continue;
      archs.insert(report.arch);
      kernels.insert(key(report.kernel, report.arch));
    }
    ASSERT_FALSE(archs.empty()) << phase->info.id;
    for (const core::KernelPlan& kernel : planned_kernels(*phase)) {
      for (const int arch : archs) {
        EXPECT_TRUE(kernels.contains(key(kernel.name, arch))) << kernel.name << " on " << arch;
      }
    }
  }
}

TEST_F(CompilerReports, AreWithinTheHardwareAndWithoutSpills) {
  for (const CompilerReport& report : compiler_reports()) {
    SCOPED_TRACE(std::string(report.kernel) + " on sm_" + std::to_string(report.arch));
    EXPECT_GT(report.registers, 0);
    EXPECT_LE(report.registers, 255);
    EXPECT_GT(report.binary_bytes, 0);
    EXPECT_LE(report.static_shared_bytes, 48 << 10);
    EXPECT_GE(report.arch, 80);
    EXPECT_THAT(std::string(report.symbol), HasSubstr("_Z"));
    if ((*find_phase(report.phase))->info.hidden) continue;
    EXPECT_EQ(report.spill_store_bytes, 0);
    EXPECT_EQ(report.spill_load_bytes, 0);
    EXPECT_EQ(report.stack_bytes, 0);
  }
}

}  // namespace
}  // namespace flashcore::kernels
