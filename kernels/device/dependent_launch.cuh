// Programmatic dependent launch (PTX ISA, "griddepcontrol"; compute capability 9.0 and later): the next
// kernel's blocks start while the last ones of this kernel still run, and wait where they need its results.
// Nothing below 9.0, where kernels of a stream follow one another.
#pragma once

namespace flashcore::kernels {

// The next kernel may start. What this one writes is not visible to it before it has waited.
__device__ __forceinline__ void let_next_kernel_start() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// Until the kernel before has ended and all that it wrote is visible.
__device__ __forceinline__ void wait_for_kernel_before() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

}  // namespace flashcore::kernels
