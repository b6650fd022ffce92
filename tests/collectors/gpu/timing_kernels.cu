#include "tests/collectors/gpu/timing_kernels.h"

namespace flashcore::collectors::testing {
namespace {

__device__ unsigned long long global_timer() {
  unsigned long long ns;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns));
  return ns;
}

// Waits for the timer's next step, which may be a microsecond away.
__device__ Inside read_now() {
  const unsigned long long before = global_timer();
  Inside now;
  do {
    now.ns = global_timer();
    now.cycles = static_cast<unsigned long long>(clock64());
  } while (now.ns == before);
  return now;
}

__device__ bool notes(const Inside* inside) {
  return inside != nullptr && blockIdx.x == 0 && threadIdx.x == 0;
}

__device__ void note(Inside* inside, const Inside& began) {
  const Inside ended = read_now();
  inside->cycles = ended.cycles - began.cycles;
  inside->ns = ended.ns - began.ns;
}

__global__ void spin(long long cycles, Inside* inside) {
  const bool noting = notes(inside);
  const Inside began = noting ? read_now() : Inside{};
  const long long first = clock64();
  while (clock64() - first < cycles) {
  }
  if (noting) note(inside, began);
}

__global__ void __launch_bounds__(256, 4) busy(int rounds, float* out, Inside* inside) {
  const bool noting = notes(inside);
  const Inside began = noting ? read_now() : Inside{};
  const float factor = 1.0F - 1e-6F * static_cast<float>(threadIdx.x);
  float chains[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) chains[i] = static_cast<float>(i + 1);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < 8; ++i) chains[i] = fmaf(chains[i], factor, factor);
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) sum += chains[i];
  if (sum == -1.0F) *out = sum;
  if (noting) note(inside, began);
}

__global__ void __launch_bounds__(512) read(const uint4* data, std::size_t count, unsigned* out) {
  unsigned sum = 0;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const uint4 value = data[i];
    sum |= value.x | value.y | value.z | value.w;
  }
  if (sum == 0x5eed) *out = sum;
}

}  // namespace

cudaError_t launch_spin(int sms, long long cycles, Inside* inside, cudaStream_t stream) {
  spin<<<static_cast<unsigned>(sms), 1, 0, stream>>>(cycles, inside);
  return cudaGetLastError();
}

cudaError_t launch_busy(int sms, int rounds, float* out, Inside* inside, cudaStream_t stream) {
  busy<<<4 * static_cast<unsigned>(sms), 256, 0, stream>>>(rounds, out, inside);
  return cudaGetLastError();
}

cudaError_t launch_read(const void* data, std::size_t bytes, unsigned* out, int sms, cudaStream_t stream) {
  read<<<4 * static_cast<unsigned>(sms), 512, 0, stream>>>(static_cast<const uint4*>(data),
                                                           bytes / sizeof(uint4), out);
  return cudaGetLastError();
}

}  // namespace flashcore::collectors::testing
