// GpuPhaseTest: a test that runs for every shipped phase, and skips those that this machine lacks
// a library or the compute capability for.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "device_attention.h"
#include "kernels/phase_index.h"

namespace flashcore::kernels::bench {

class GpuPhaseTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    phase_ = *find_phase(GetParam());
    int device = 0, major = 0, minor = 0;
    cuda_ok(cudaGetDevice(&device), "cudaGetDevice");
    cuda_ok(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "attribute");
    cuda_ok(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "attribute");
    if (10 * major + minor < phase_->info.min_compute) {
      GTEST_SKIP() << phase_->info.id << " needs compute capability " << phase_->info.min_compute;
    }
    if (phase_->available != nullptr) {
      if (auto ok = phase_->available(); !ok) GTEST_SKIP() << core::to_text(ok.error());
    }
  }
  const PhaseDescriptor& phase() const { return *phase_; }

 private:
  const PhaseDescriptor* phase_ = nullptr;
};

inline std::vector<std::string> shipped_phases() {
  std::vector<std::string> names;
  for (const PhaseDescriptor* phase : phases()) names.emplace_back(phase->info.id);
  return names;
}

}  // namespace flashcore::kernels::bench

#define FLASHCORE_FOR_EVERY_PHASE(suite)                                         \
  INSTANTIATE_TEST_SUITE_P(Phases, suite, ::testing::ValuesIn(shipped_phases()), \
                           [](const ::testing::TestParamInfo<std::string>& info) { return info.param; })
