#include "kernels/attention_call.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace flashcore::kernels {
namespace {

using core::ErrorCode;
using core::fail;

constexpr std::uintptr_t kAlignmentBytes = 16;  // the widest load of a thread
constexpr std::uintptr_t kWorkspaceAlignmentBytes = 256;

struct Axis {
  const char* name;
  std::int64_t extent, stride;
};

// The axes of more than one entry: of another the stride says nothing.
struct Axes {
  std::array<Axis, 3> axes{};
  std::size_t count = 0;
};

Axes axes_of(const Strides& strides, std::int64_t batch, std::int64_t heads, std::int64_t seq) {
  Axes kept;
  for (const Axis& axis : {Axis{"batch", batch, strides.batch}, Axis{"head", heads, strides.head},
                           Axis{"row", seq, strides.row}}) {
    if (axis.extent > 1) kept.axes[kept.count++] = axis;
  }
  return kept;
}

core::Status check_tensor(std::string_view name, const Axes& axes, const core::AttentionProblem& p) {
  const std::int64_t unit = static_cast<std::int64_t>(kAlignmentBytes) / core::dtype_bytes(p.dtype);
  for (std::size_t i = 0; i < axes.count; ++i) {
    const auto& [axis, extent, stride] = axes.axes[i];
    if (stride < 0 || stride % unit != 0) {
      return fail(
          ErrorCode::kUsage,
          fmt::format("the {} stride of {} is {} elements; it must be a multiple of {} and not negative",
                      axis, name, stride, unit),
          "pad the rows, so that each starts on a 16-byte boundary");
    }
    if (std::string_view(axis) == "row" && stride < p.head_dim) {
      return fail(ErrorCode::kUsage,
                  fmt::format("the row stride of {} is {} elements, less than D = {}: rows would overlap",
                              name, stride, p.head_dim),
                  "strides count elements, not bytes");
    }
    if (stride > core::kMaxTensorElements ||
        (extent - 1) * (stride / unit) > core::kMaxTensorElements / unit) {
      return fail(ErrorCode::kUsage,
                  fmt::format("with a {} stride of {} elements {} reaches past the memory of any GPU", axis,
                              stride, name),
                  "strides count elements, not bytes");
    }
  }
  return {};
}

// Whether no two elements of a tensor of these axes share an address: each axis steps over all that the axes
// of smaller strides span.
bool overlaps(Axes axes, std::int64_t head_dim) {
  auto& [all, count] = axes;
  for (std::size_t i = 1; i < count; ++i) {  // three at most, sorted by hand
    for (std::size_t j = i; j > 0 && all[j].stride < all[j - 1].stride; --j) std::swap(all[j], all[j - 1]);
  }
  std::int64_t span = head_dim;
  for (std::size_t i = 0; i < count; ++i) {
    if (all[i].stride < span) return true;
    span += (all[i].extent - 1) * all[i].stride;
  }
  return false;
}

core::Error bad_pointer(std::string_view name, const void* at, std::uintptr_t alignment) {
  if (at == nullptr) {
    return {ErrorCode::kUsage,
            fmt::format("the pointer of {} is null", name),
            "pass device memory for every tensor of the call",
            {}};
  }
  return {ErrorCode::kUsage,
          fmt::format("{} does not start on a {}-byte boundary", name, alignment),
          "align the tensor, or copy it to memory from cudaMalloc",
          {}};
}

bool usable(const void* at, std::uintptr_t alignment) {
  return at != nullptr && reinterpret_cast<std::uintptr_t>(at) % alignment == 0;
}

}  // namespace

Strides contiguous_strides(std::int64_t heads, std::int64_t seq, std::int64_t head_dim) noexcept {
  return Strides{heads * seq * head_dim, seq * head_dim, head_dim};
}

AttentionCall contiguous_call(const core::AttentionProblem& p, bool with_lse) {
  const Strides q = contiguous_strides(p.heads, p.seq_q, p.head_dim);
  const Strides kv = contiguous_strides(p.kv_heads, p.seq_k, p.head_dim);
  return {p, q, kv, kv, q, static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.head_dim))), with_lse};
}

core::Status check_call(const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  if (auto ok = core::validate(p); !ok) return ok;
  const Axes q = axes_of(call.q_strides, p.batch, p.heads, p.seq_q);
  const Axes k = axes_of(call.k_strides, p.batch, p.kv_heads, p.seq_k);
  const Axes v = axes_of(call.v_strides, p.batch, p.kv_heads, p.seq_k);
  const Axes o = axes_of(call.o_strides, p.batch, p.heads, p.seq_q);
  if (auto ok = check_tensor("Q", q, p); !ok) return ok;
  if (auto ok = check_tensor("K", k, p); !ok) return ok;
  if (auto ok = check_tensor("V", v, p); !ok) return ok;
  if (auto ok = check_tensor("O", o, p); !ok) return ok;
  if (overlaps(o, p.head_dim)) {
    return fail(ErrorCode::kUsage, "two rows of O share memory by its strides: results would overlap",
                "only the inputs may be broadcast by a stride of zero");
  }
  constexpr float kLog2E = 1.4426950408889634F;  // which the kernels multiply it by
  if (!std::isfinite(call.scale * kLog2E) || call.scale <= 0) {
    return fail(ErrorCode::kUsage, fmt::format("the scale is {}", call.scale),
                "it is finite and positive, usually 1/sqrt(D)");
  }
  return {};
}

core::Status check_pointers(const AttentionCall& call, const AttentionPointers& at, bool needs_workspace) {
  if (!usable(at.q, kAlignmentBytes)) return fail(bad_pointer("Q", at.q, kAlignmentBytes));
  if (!usable(at.k, kAlignmentBytes)) return fail(bad_pointer("K", at.k, kAlignmentBytes));
  if (!usable(at.v, kAlignmentBytes)) return fail(bad_pointer("V", at.v, kAlignmentBytes));
  if (!usable(at.o, kAlignmentBytes)) return fail(bad_pointer("O", at.o, kAlignmentBytes));
  if (call.with_lse && !usable(at.lse, alignof(float)))
    return fail(bad_pointer("LSE", at.lse, alignof(float)));
  if (needs_workspace && !usable(at.workspace, kWorkspaceAlignmentBytes)) {
    return fail(bad_pointer("the workspace", at.workspace, kWorkspaceAlignmentBytes));
  }
  return {};
}

}  // namespace flashcore::kernels
