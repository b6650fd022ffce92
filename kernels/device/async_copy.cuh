// Copies from device to shared memory that run beside the arithmetic: cp.async of 16 bytes past L1 (PTX ISA,
// "cp.async"; compute capability 8.0 and later), in groups that are waited for in the order of their commits.
#pragma once

#include <cstdint>

namespace flashcore::kernels {

__device__ __forceinline__ void copy_async(std::uint32_t to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}

// Zeros where `inside` does not hold; nothing is read then.
__device__ __forceinline__ void copy_async_or_zero(std::uint32_t to, const void* from, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside ? 16 : 0)
               : "memory");
}

__device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

// Until at most kPending of the latest groups are under way.
template <int kPending>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace flashcore::kernels
