// What attention's forward pass asks of any kernel: FLOPs, bytes and exponentials. They belong to the problem
// and not to a phase, so that no phase can be measured by a work of its own.
//
// FLOPs: two products of 2*D operations for every score that the mask lets through:
// 4 * B * H * D * (visible pairs). Without a mask the pairs are Sq * Sk; with the bottom-right
// causal mask they are the exact sum over rows (Dao 2023, "FlashAttention-2", section 4.1 halves
// instead; we count). The softmax's operations are not counted, as the literature has it.
// Exponentials: one for every score that the mask lets through.
// Bytes: each of Q, K, V read once and O written once, in the bytes of their element type.
//
// Owns: nothing. Units: operations and bytes of one launch. Threads: pure functions.
#pragma once

#include "core/attention.h"
#include "core/records.h"

namespace flashcore::kernels {

// (query, key) pairs of one head that the mask lets through.
double visible_pairs(const core::AttentionProblem& problem) noexcept;
double attention_flops(const core::AttentionProblem& problem) noexcept;
double attention_min_bytes(const core::AttentionProblem& problem) noexcept;
double attention_exps(const core::AttentionProblem& problem) noexcept;
core::ModelRecord attention_model(const core::AttentionProblem& problem) noexcept;

}  // namespace flashcore::kernels
