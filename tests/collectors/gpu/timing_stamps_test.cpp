// What lies between the stamps of a sample, and what the stamps do to its time.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "collectors/cuda/cache_flush.h"
#include "collectors/cuda/clock_stamps.h"
#include "collectors/cuda/probe_kernel.h"
#include "collectors/cuda/timing_replay.h"
#include "collectors/cuda/timing_stopwatch.h"
#include "collectors/timing.h"
#include "cuda/runtime/handles.h"
#include "tests/collectors/gpu/timing_fixture.h"

namespace flashcore::collectors {
namespace {

using core::CacheState;
using core::SampleKind;
using testing::Launch;
using testing::of_kind;
using testing::Timed;

constexpr long long kCycles = 28'000;  // some 15 us, half of what a flush takes
constexpr int kLaunches = 10;

core::Status no_beat(int) {
  return {};
}

Launch empty_kernel() {
  return {"an empty kernel", [](cudaStream_t stream) { return launch_probe_kernel(stream); }};
}

double median(std::vector<double> values) {
  if (values.empty()) {
    ADD_FAILURE() << "nothing was read";
    return 0;
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double median_ns(const std::vector<Reading>& readings) {
  std::vector<double> values;
  for (const Reading& reading : readings) values.push_back(reading.ns);
  return median(values);
}

// What is between the stamps of a launch beside the launch.
double median_beside_ns(const std::vector<Reading>& readings, int launches) {
  std::vector<double> values;
  for (const Reading& reading : readings) {
    EXPECT_TRUE(reading.effective_clock_mhz);
    if (reading.stamped_ns) values.push_back(*reading.stamped_ns / launches - reading.ns);
  }
  EXPECT_EQ(values.size(), readings.size());
  return median(values);
}

// NVML takes a millisecond to answer; its idle clock is none of the launch's.
TEST_F(Timed, ASingleLaunchIsStampedWithoutTheLogAndWithoutTheFlush) {
  const auto slow = [](int) -> core::Status {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return {};
  };
  for (const CacheState cache : {CacheState::kWarm, CacheState::kCold}) {
    Launch launch = spin(kCycles);
    Stopwatch stopwatch;
    ASSERT_TRUE(stopwatch.open(cache));
    ASSERT_TRUE(stopwatch.singles(launch, 3, no_beat));  // loads the kernels
    const auto readings = stopwatch.singles(launch, 40, slow);
    ASSERT_TRUE(readings) << core::to_text(readings.error());
    ASSERT_EQ(readings->size(), 40u);  // of two chunks
    const double beside_ns = median_beside_ns(*readings, 1);
    std::cout << core::name_of(cache) << ": single " << median_ns(*readings) << " ns, " << beside_ns
              << " ns between the stamps beside it\n";
    EXPECT_GT(beside_ns, 0);
    // Warm, the host waits for the first stamp and goes on. Cold, no wait and no flush is in it.
    EXPECT_LT(beside_ns, cache == CacheState::kWarm ? 60e3 : 15e3);
  }
}

TEST_F(Timed, AColdReplayIsStampedWithoutTheFlush) {
  Launch launch = spin(kCycles);
  Stopwatch stopwatch;
  ASSERT_TRUE(stopwatch.open(CacheState::kCold));
  Launch flush("flush", [&](cudaStream_t stream) {
    return stopwatch.cold()->flush->enqueue(stream) ? cudaSuccess : cudaErrorUnknown;
  });
  const auto flushes = stopwatch.singles(flush, 5, no_beat);
  ASSERT_TRUE(flushes) << core::to_text(flushes.error());
  const auto replay = capture_replay(launch, kLaunches, stopwatch.cold(), stopwatch.stream());
  ASSERT_TRUE(replay) << core::to_text(replay.error());
  const auto readings = stopwatch.replays(*replay, 12, no_beat);
  ASSERT_TRUE(readings) << core::to_text(readings.error());
  const double beside_ns = median_beside_ns(*readings, kLaunches);
  std::cout << "cold launch " << median_ns(*readings) << " ns, " << beside_ns
            << " ns between the stamps beside it, a flush takes " << median_ns(*flushes) << " ns\n";
  EXPECT_GT(median_ns(*readings), static_cast<double>(kCycles) / (1.05 * max_mhz()) * 1000);
  EXPECT_GT(beside_ns, 0);
  EXPECT_LT(beside_ns, 0.6 * median_ns(*flushes));
  EXPECT_LT(beside_ns, 15e3);
}

// A stamp between the events would add more than a microsecond, and one that ran into the launch too.
TEST_F(Timed, StampsDoNotChangeColdTimes) {
  Stopwatch stopwatch;
  ASSERT_TRUE(stopwatch.open(CacheState::kCold));
  const ColdLaunches bare{stopwatch.cold()->flush, nullptr};
  Launch empty = empty_kernel(), waits = spin(kCycles);
  for (Launch* launch : {&empty, &waits}) {
    const auto stamped = capture_replay(*launch, kLaunches, stopwatch.cold(), stopwatch.stream());
    const auto plain = capture_replay(*launch, kLaunches, &bare, stopwatch.stream());
    ASSERT_TRUE(stamped && plain);
    std::vector<double> with, without;
    for (int i = 0; i < 22; ++i) {
      const auto a = stopwatch.replays(*stamped, 1, no_beat), b = stopwatch.replays(*plain, 1, no_beat);
      ASSERT_TRUE(a && b);
      EXPECT_FALSE(b->front().effective_clock_mhz);  // nothing is left of the replay before
      if (i < 2) continue;
      with.push_back(a->front().ns);
      without.push_back(b->front().ns);
    }
    std::cout << launch->label() << ", cold: " << median(with) << " ns with stamps, " << median(without)
              << " ns without\n";
    EXPECT_NEAR(median(with), median(without), 500);
  }
}

// Long beside a flush, short beside a replay: several of them are in one.
TEST_F(Timed, TheColdClockOfALongKernelIsItsWarmClock) {
  Launch works("multiply-adds", [&](cudaStream_t stream) {
    return testing::launch_busy(device_.sm_count, 10'000, reinterpret_cast<float*>(place(0)), inside(),
                                stream);
  });
  double mhz[2] = {};
  for (const CacheState cache : {CacheState::kWarm, CacheState::kCold}) {
    TimingCollector timing({.iterations = 40, .cache = cache});
    const auto taken = take(timing, works);
    std::vector<double> clocks;
    for (const auto& sample : of_kind(taken, SampleKind::kGraph)) {
      EXPECT_GE(sample.launches, 2);
      ASSERT_TRUE(sample.effective_clock_mhz);
      clocks.push_back(*sample.effective_clock_mhz);
    }
    const double inside_mhz = read_inside().mhz();
    mhz[cache == CacheState::kCold] = median(clocks);
    std::cout << core::name_of(cache) << ": stamps " << median(clocks) << " MHz, inside the last launch "
              << inside_mhz << " MHz\n";
    EXPECT_NEAR(median(clocks) / inside_mhz, 1, 0.01);
  }
  EXPECT_NEAR(mhz[1] / mhz[0], 1, 0.01);
}

TEST_F(Timed, AColdReplayNeedsRoomForItsStamps) {
  const auto flush = CacheFlush::create();
  auto stamps = ClockStamps::create(2);
  cuda::Stream stream;
  ASSERT_TRUE(flush && stamps);
  ASSERT_EQ(cudaStreamCreate(stream.out()), cudaSuccess);
  Launch empty = empty_kernel();
  const ColdLaunches cold{&*flush, &*stamps};
  EXPECT_TRUE(capture_replay(empty, 1, &cold, stream.get()));
  const auto replay = capture_replay(empty, 2, &cold, stream.get());
  ASSERT_FALSE(replay);
  EXPECT_NE(replay.error().message.find("there is room for 2"), std::string::npos) << replay.error().message;
  EXPECT_EQ(cudaStreamSynchronize(stream.get()), cudaSuccess);  // it is in no capture
}

}  // namespace
}  // namespace flashcore::collectors
