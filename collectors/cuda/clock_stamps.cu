#include <cuda_runtime.h>

#include <algorithm>

#include "collectors/cuda/clock_stamps.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_error;
using cuda::cuda_status;

namespace {

// %smid runs up to %nsmid, which may be more than the SMs that the device has.
constexpr int kSlotsPerSm = 2;
// Against a timer that stands still: a stamp gives up rather than hang the stream.
constexpr long long kMostCycles = 8'000'000;
constexpr double kMostSpinNs = 1e6;

static_assert(sizeof(ClockStamp) == sizeof(ulonglong2));

__device__ unsigned long long global_timer() {
  unsigned long long ns;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns));
  return ns;
}

__global__ void stamp_clocks(ulonglong2* slots, unsigned count, unsigned long long spin_ns) {
  unsigned sm;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(sm));
  const long long first = clock64();
  const unsigned long long began = global_timer();
  unsigned long long before = began;
  while (before - began < spin_ns && clock64() - first < kMostCycles) before = global_timer();
  unsigned long long ns;
  long long cycles;
  do {
    ns = global_timer();
    cycles = clock64();
  } while (ns == before && cycles - first < kMostCycles);
  // One store of 16 bytes: where two blocks meet on an SM, the pair stays a pair.
  if (sm < count) slots[sm] = make_ulonglong2(static_cast<unsigned long long>(cycles), ns);
}

}  // namespace

core::Result<ClockStamps> ClockStamps::create(int stamps) {
  constexpr const char* kDoing = "make room for clock stamps";
  int device = 0, sms = 0;
  if (auto status = cuda_status(cudaGetDevice(&device), kDoing); !status) return core::fail(status.error());
  if (auto status = cuda_status(cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device), kDoing);
      !status) {
    return core::fail(status.error());
  }
  ClockStamps made;
  made.stamps_ = std::max(stamps, 0);
  made.sms_ = sms;
  made.slots_ = kSlotsPerSm * sms;
  made.host_.resize(static_cast<std::size_t>(made.stamps_) * static_cast<std::size_t>(made.slots_));
  if (const cudaError_t result = made.memory_.allocate(made.host_.size() * sizeof(ClockStamp));
      result != cudaSuccess) {
    return core::fail(cuda_error(result, kDoing));
  }
  return made;
}

core::Status ClockStamps::clear(cudaStream_t stream) {
  return cuda_status(cudaMemsetAsync(memory_.data(), 0, memory_.bytes(), stream), "clear the clock stamps");
}

core::Status ClockStamps::enqueue(cudaStream_t stream, int index, double spin_ns) {
  auto* slots = static_cast<ulonglong2*>(memory_.data()) + std::size_t(index) * std::size_t(slots_);
  const double spin = std::clamp(spin_ns, 0.0, kMostSpinNs);
  stamp_clocks<<<static_cast<unsigned>(sms_), 1, 0, stream>>>(slots, static_cast<unsigned>(slots_),
                                                              static_cast<unsigned long long>(spin));
  return cuda_status(cudaGetLastError(), "stamp the clocks");
}

core::Status ClockStamps::read(cudaStream_t stream, int count) {
  constexpr const char* kDoing = "read the clock stamps";
  const std::size_t bytes =
      std::size_t(std::clamp(count, 0, stamps_)) * std::size_t(slots_) * sizeof(ClockStamp);
  if (auto status = cuda_status(
          cudaMemcpyAsync(host_.data(), memory_.data(), bytes, cudaMemcpyDeviceToHost, stream), kDoing);
      !status) {
    return status;
  }
  return cuda_status(cudaStreamSynchronize(stream), kDoing);
}

std::span<const ClockStamp> ClockStamps::stamp(int index) const {
  if (index < 0 || index >= stamps_) return {};
  return std::span(host_).subspan(std::size_t(index) * std::size_t(slots_), std::size_t(slots_));
}

std::optional<double> ClockStamps::effective_mhz(int begin, int end) const {
  return effective_clock_mhz(stamp(begin), stamp(end));
}

std::optional<WindowClock> ClockStamps::clock_of_pairs(int first, int pairs) const {
  std::vector<ClockWindow> windows;
  for (int pair = 0; pair < pairs; ++pair) {
    windows.push_back({stamp(first + 2 * pair), stamp(first + 2 * pair + 1)});
  }
  return window_clock(windows);
}

}  // namespace flashcore::collectors
