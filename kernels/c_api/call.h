// The C call as the kernels know it.
//
// Owns: nothing. Units: strides in elements. Threads: pure functions. Errors: kUsage for an element type that
// is none, FC_ERROR_USAGE for a struct of a wrong size; the call's own rules are kernels/attention_call.h's.
#pragma once

#include "core/result.h"
#include "kernels/attention_call.h"
#include "kernels/c_api/flashcore_kernels.h"

namespace flashcore::c_api {

// Reads `from`; FC_OK, or the status of the error that was kept.
fc_status read_call(const fc_call* from, kernels::AttentionCall& to);

}  // namespace flashcore::c_api
