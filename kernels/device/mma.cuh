// The warp's matrix product and the loads of its fragments: mma.sync.m16n8k16 with FP32 accumulators, and
// ldmatrix (PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type" and "ldmatrix").
//
// clang-format off
// Who holds what, with group = lane / 4 and quad = lane % 4:
//   C, 16 x 8 (FP32): c[0], c[1] at row group, columns 2 quad and 2 quad + 1; c[2], c[3] 8 rows below.
//   A, 16 x 16: a[0] at row group, columns 2 quad and 2 quad + 1; a[1] 8 rows below; a[2], a[3] the same, 8 columns on.
//   B, 16 x 8: b[0] at rows 2 quad and 2 quad + 1, column group; b[1] 8 rows below.
// So two neighbouring C, packed, are an A of the next product: P = exp(S) never leaves the registers.
// clang-format on
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/device/element.cuh"

namespace flashcore::kernels {

struct FragmentA {
  std::uint32_t x[4];
};
// Two B side by side, as one load brings them: columns 0 to 7, and 8 to 15.
struct FragmentB2 {
  std::uint32_t x[4];
  __device__ __forceinline__ const std::uint32_t* low() const { return x; }
  __device__ __forceinline__ const std::uint32_t* high() const { return x + 2; }
};

// c += a b
template <typename T>
__device__ __forceinline__ void multiply_add(float (&c)[4], const FragmentA& a, const std::uint32_t* b) {
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b[0]), "r"(b[1]));
  }
}

// c = a b
template <typename T>
__device__ __forceinline__ void multiply(float (&c)[4], const FragmentA& a, const std::uint32_t* b) {
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%10, %10, %10, %10};"
        : "=f"(c[0]), "=f"(c[1]), "=f"(c[2]), "=f"(c[3])
        : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b[0]), "r"(b[1]), "f"(0.0f));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%10, %10, %10, %10};"
        : "=f"(c[0]), "=f"(c[1]), "=f"(c[2]), "=f"(c[3])
        : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b[0]), "r"(b[1]), "f"(0.0f));
  }
}

__device__ __forceinline__ std::uint32_t shared_address(const void* at) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(at));
}

// Four 8 x 8 matrices; lane i gives the address of row i % 8 of matrix i / 8.
__device__ __forceinline__ void load_matrices(std::uint32_t (&x)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
               : "r"(address)
               : "memory");
}
__device__ __forceinline__ void load_matrices_transposed(std::uint32_t (&x)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
               : "r"(address)
               : "memory");
}

}  // namespace flashcore::kernels
