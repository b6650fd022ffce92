// Tensors of 16-bit elements as a launch may find them: laid out by any strides, with canaries in between.
//
// Owns: nothing. Units: elements. Threads: one; the default stream. Errors: the runtime's own code.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/attention_call.h"

namespace flashcore::kernels::bench {

// A NaN in f16 and in bf16, and no kernel's: not the canonical one of either.
inline constexpr std::uint16_t kCanary = 0x7fab;

struct TensorShape {
  std::int64_t batch = 1, heads = 1, seq = 1, head_dim = 8;  // D a multiple of 8, as are the strides
  Strides strides;
  std::int64_t elements() const { return batch * heads * seq * head_dim; }
  // From the first element to behind the last.
  std::int64_t extent() const {
    return (batch - 1) * strides.batch + (heads - 1) * strides.head + (seq - 1) * strides.row + head_dim;
  }
};

cudaError_t fill_canaries(void* to, std::int64_t count);

// From contiguous memory to where the strides say; of a broadcast axis the first entry.
cudaError_t scatter(const void* contiguous, void* to, const TensorShape& shape);

// And back; `leave_canaries` puts canaries where the elements were.
cudaError_t gather(void* from, void* contiguous, const TensorShape& shape, bool leave_canaries);

// Adds to `*differing`, on the device, how many of `count` 16-bit words differ.
cudaError_t count_differing_words(const void* a, const void* b, std::int64_t count,
                                  unsigned long long* differing);

}  // namespace flashcore::kernels::bench
