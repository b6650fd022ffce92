#include "kernels/c_api/call.h"

#include <fmt/format.h>

#include <cstddef>

#include "core/attention.h"
#include "kernels/c_api/last_error.h"
#include "kernels/c_api/structs.h"

namespace flashcore::c_api {
namespace {

constexpr std::size_t kLeastCall = offsetof(fc_call, with_lse) + sizeof(fc_call::with_lse);

// Null for a number that is none.
const char* dtype_name(std::int32_t dtype) {
  switch (dtype) {
    case FC_F16: return "f16";
    case FC_BF16: return "bf16";
    case FC_F32: return "f32";
    case FC_E4M3: return "e4m3";
    case FC_E5M2: return "e5m2";
    default: return nullptr;
  }
}

kernels::Strides strides_of(const fc_strides& strides) {
  return {strides.batch, strides.head, strides.row};
}

fc_strides strides_of(const kernels::Strides& strides) {
  return {strides.batch, strides.head, strides.row};
}

}  // namespace

fc_status read_call(const fc_call* from, kernels::AttentionCall& to) {
  fc_call call{};
  if (const fc_status status = take_struct("fc_call", from, call, kLeastCall); status != FC_OK) return status;
  const char* dtype = dtype_name(call.dtype);
  if (dtype == nullptr) {
    return failed({core::ErrorCode::kUsage,
                   fmt::format("dtype {} is no element type", call.dtype),
                   "set FC_F16, FC_BF16, FC_F32, FC_E4M3 or FC_E5M2",
                   {}});
  }
  to.problem = {call.batch, call.heads,    call.kv_heads, call.seq_q,
                call.seq_k, call.head_dim, dtype,         call.causal != 0};
  to.q_strides = strides_of(call.q_strides);
  to.k_strides = strides_of(call.k_strides);
  to.v_strides = strides_of(call.v_strides);
  to.o_strides = strides_of(call.o_strides);
  to.scale = call.scale;
  to.with_lse = call.with_lse != 0;
  return FC_OK;
}

}  // namespace flashcore::c_api

using namespace flashcore;

extern "C" fc_status fc_set_contiguous(fc_call* call) noexcept {
  return c_api::guarded([&]() -> fc_status {
    kernels::AttentionCall read;
    if (const fc_status status = c_api::read_call(call, read); status != FC_OK) return status;
    if (auto ok = core::validate(read.problem); !ok) return c_api::failed(ok.error());
    const kernels::AttentionCall set = kernels::contiguous_call(read.problem);
    call->q_strides = c_api::strides_of(set.q_strides);
    call->k_strides = c_api::strides_of(set.k_strides);
    call->v_strides = c_api::strides_of(set.v_strides);
    call->o_strides = c_api::strides_of(set.o_strides);
    call->scale = set.scale;
    return FC_OK;
  });
}
