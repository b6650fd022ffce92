// What the tests of timing on a GPU share: launches of any kernel, looks at the samples, a device with some
// memory.
//
// Owns: the memory. Units: ns, MHz, bytes. Threads: one.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/device.h"
#include "collectors/timing.h"
#include "cuda/runtime/error.h"
#include "cuda/runtime/memory.h"
#include "tests/collectors/fake_launch.h"
#include "tests/collectors/gpu/timing_kernels.h"

namespace flashcore::collectors::testing {

// What a test says it launches.
class Launch final : public core::Launchable {
 public:
  using Enqueue = std::function<cudaError_t(cudaStream_t)>;
  Launch(std::string label, Enqueue enqueue) : label_(std::move(label)), enqueue_(std::move(enqueue)) {}
  std::string_view label() const override { return label_; }
  core::Status launch(core::StreamHandle stream) override {
    return cuda::cuda_status(enqueue_(static_cast<cudaStream_t>(stream)), "launch " + label_);
  }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }
  std::string choice() const override { return "chosen for " + label_; }

 private:
  std::string label_;
  Enqueue enqueue_;
};

inline std::vector<core::Sample> of_kind(const core::MeasurementRecord& measurement, core::SampleKind kind) {
  std::vector<core::Sample> samples;
  for (const auto& sample : measurement.samples) {
    if (sample.kind == kind) samples.push_back(sample);
  }
  return samples;
}

inline double median_ns(const core::MeasurementRecord& measurement, core::SampleKind kind) {
  auto samples = of_kind(measurement, kind);
  if (samples.empty()) {
    ADD_FAILURE() << "no " << core::name_of(kind) << " samples";
    return 0;
  }
  std::sort(samples.begin(), samples.end(),
            [](const auto& a, const auto& b) { return a.duration_ns < b.duration_ns; });
  return samples[samples.size() / 2].duration_ns;
}

class Timed : public ::testing::Test {
 protected:
  void SetUp() override {
    auto used = use_device(0);
    if (!used) GTEST_SKIP() << used.error().message;
    device_ = std::move(*used);
    ASSERT_EQ(memory_.allocate(kBytes + 2 * kLine), cudaSuccess);
    ASSERT_EQ(cudaMemset(memory_.data(), 0, memory_.bytes()), cudaSuccess);
  }
  core::MeasurementRecord take(TimingCollector& collector, core::Launchable& launch) {
    auto taken = collector.collect(target_of(launch, device_), cancel_, {});
    if (taken) return std::move(*taken);
    ADD_FAILURE() << core::to_text(taken.error());
    return {};
  }
  std::byte* place(std::size_t offset) const { return static_cast<std::byte*>(memory_.data()) + offset; }
  Inside* inside() const { return reinterpret_cast<Inside*>(place(kBytes)); }
  Inside read_inside() const {
    Inside read;
    EXPECT_EQ(cudaMemcpy(&read, inside(), sizeof read, cudaMemcpyDeviceToHost), cudaSuccess);
    return read;
  }
  // Of so many cycles, on every SM.
  Launch spin(long long cycles, bool noting = false) const {
    return {"spin", [=, this](cudaStream_t stream) {
              return launch_spin(device_.sm_count, cycles, noting ? inside() : nullptr, stream);
            }};
  }
  double max_mhz() const { return static_cast<double>(device_.sm_clock_max_khz) / 1000; }

  static constexpr std::size_t kBytes = 16 << 20;  // fits the L2 of every GPU that this is run on
  static constexpr std::size_t kLine = 128;
  core::DeviceRecord device_;
  core::CancelToken cancel_;
  cuda::DeviceMemory memory_;
};

}  // namespace flashcore::collectors::testing
