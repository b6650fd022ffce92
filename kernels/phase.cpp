#include "kernels/phase.h"

#include <fmt/format.h>

#include <cmath>

namespace flashcore::kernels {
namespace {

constexpr std::int64_t kAlignmentElements = 8;  // 16 bytes: the widest load of a thread
constexpr std::uintptr_t kAlignmentBytes = 16;

core::Status check_tensor(std::string_view name, const void* data, const Strides& strides,
                          std::int64_t head_dim) {
  if (data == nullptr) {
    return core::fail(core::ErrorCode::kUsage, fmt::format("the pointer of {} is null", name),
                      "pass device memory for Q, K, V and O");
  }
  if (reinterpret_cast<std::uintptr_t>(data) % kAlignmentBytes != 0) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("{} does not start on a {}-byte boundary", name, kAlignmentBytes),
                      "align the tensor, or copy it to memory from cudaMalloc");
  }
  for (const auto& [axis, stride] : {std::pair<const char*, std::int64_t>{"batch", strides.batch},
                                     {"head", strides.head},
                                     {"row", strides.row}}) {
    if (stride < 0 || stride % kAlignmentElements != 0) {
      return core::fail(core::ErrorCode::kUsage,
                        fmt::format("the {} stride of {} is {} elements; it must be a multiple of {} and "
                                    "not negative",
                                    axis, name, stride, kAlignmentElements),
                        "pad the rows, so that each starts on a 16-byte boundary");
    }
  }
  if (strides.row < head_dim) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("the row stride of {} is {} elements, less than D = {}: rows would overlap",
                                  name, strides.row, head_dim),
                      "strides count elements, not bytes");
  }
  return {};
}

}  // namespace

Strides contiguous_strides(std::int64_t heads, std::int64_t seq, std::int64_t head_dim) noexcept {
  return Strides{heads * seq * head_dim, seq * head_dim, head_dim};
}

core::Status check_arguments(const AttentionArgs& args) {
  if (auto ok = core::validate(args.problem); !ok) return ok;
  const std::int64_t d = args.problem.head_dim;
  if (auto ok = check_tensor("Q", args.q, args.q_strides, d); !ok) return ok;
  if (auto ok = check_tensor("K", args.k, args.k_strides, d); !ok) return ok;
  if (auto ok = check_tensor("V", args.v, args.v_strides, d); !ok) return ok;
  if (auto ok = check_tensor("O", args.o, args.o_strides, d); !ok) return ok;
  const bool batches_overlap = args.problem.batch > 1 && args.o_strides.batch < d;
  const bool heads_overlap = args.problem.heads > 1 && args.o_strides.head < d;
  if (batches_overlap || heads_overlap) {
    return core::fail(core::ErrorCode::kUsage,
                      "the batch or head stride of O is less than D: results would overlap",
                      "only the inputs may be broadcast by a stride of zero");
  }
  if (!std::isfinite(args.scale) || args.scale <= 0) {
    return core::fail(core::ErrorCode::kUsage, fmt::format("the scale is {}", args.scale),
                      "it is finite and positive, usually 1/sqrt(D)");
  }
  return {};
}

}  // namespace flashcore::kernels
