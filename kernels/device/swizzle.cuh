// How a tile of rows lies in shared memory: dense rows of D elements whose 16-byte chunks are exchanged, so
// that the 8 rows of an ldmatrix, and the 8 chunks of a copied row, fall into all 32 banks.
//
// Chunk c of row r lies at place c ^ (r % 8) of its row (D a multiple of 64: rows are whole multiples of 128
// bytes, the width of all banks). An address splits into a part of the row and a part of the chunk, and with
// r % 8 fixed for a lane, the chunk's part of chunk 2k + h is (2k) ^ (h ^ r % 8): one exclusive or with a
// constant.
#pragma once

#include <cstdint>

namespace flashcore::kernels {

template <int kHeadDim>
struct Swizzled {
  static_assert(kHeadDim % 64 == 0);
  static constexpr int kRowBytes = 2 * kHeadDim;
  static constexpr int kChunks = kRowBytes / 16;

  // Bytes from the tile's beginning.
  __device__ __forceinline__ static std::uint32_t offset(int row, int chunk) {
    return static_cast<std::uint32_t>(row * kRowBytes + ((chunk ^ (row & 7)) << 4));
  }
};

// Where a lane's row of an ldmatrix lies: add whole rows (multiples of 8) to `row`, and take the chunks two
// by two with at().
struct LanePlace {
  std::uint32_t row = 0;    // address of the lane's row
  std::uint32_t chunk = 0;  // 16 * (h ^ row % 8), with h the lane's chunk of a pair

  __device__ __forceinline__ std::uint32_t at(int pair) const {
    return row + (chunk ^ static_cast<std::uint32_t>(pair << 5));
  }
};

// Of A and of K as B, 16 rows x 16 columns: see fused.cu for which lane asks for what.
template <int kHeadDim>
__device__ __forceinline__ LanePlace lane_place(std::uint32_t tile, int row, int half) {
  return {tile + static_cast<std::uint32_t>(row * Swizzled<kHeadDim>::kRowBytes),
          static_cast<std::uint32_t>((half ^ (row & 7)) << 4)};
}

}  // namespace flashcore::kernels
