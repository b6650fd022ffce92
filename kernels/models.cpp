#include "kernels/models.h"

#include <algorithm>

namespace flashcore::kernels {

double visible_pairs(const core::AttentionProblem& p) noexcept {
  const double queries = static_cast<double>(p.seq_q);
  const double keys = static_cast<double>(p.seq_k);
  if (!p.causal) return queries * keys;
  // Row i sees i + Sk - Sq + 1 keys: an arithmetic series that ends at Sk in the last row and
  // begins at the first row that sees anything.
  const double first = std::max(1.0, keys - queries + 1.0);
  return (first + keys) * (keys - first + 1.0) / 2.0;
}

double attention_flops(const core::AttentionProblem& p) noexcept {
  return 4.0 * static_cast<double>(p.batch * p.heads) * static_cast<double>(p.head_dim) * visible_pairs(p);
}

double attention_min_bytes(const core::AttentionProblem& p) noexcept {
  return static_cast<double>(core::tensor_bytes(p));
}

double attention_exps(const core::AttentionProblem& p) noexcept {
  return static_cast<double>(p.batch * p.heads) * visible_pairs(p);
}

core::ModelRecord attention_model(const core::AttentionProblem& p) noexcept {
  return {attention_flops(p), attention_min_bytes(p), attention_exps(p)};
}

}  // namespace flashcore::kernels
