#include "kernels/cudnn_attention.h"

#if FLASHCORE_CUDA

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace flashcore::kernels {

using Setting = CudnnSetting;

namespace {

constexpr std::int64_t kAlignmentBytes = 16;  // check_call() and check_pointers() hold every row to it
constexpr std::int64_t kMostEngines = 16;
constexpr std::int64_t kMostKnobs = 32;

using Extents = std::array<std::int64_t, 4>;

std::vector<std::int64_t> list(const Extents& extents) {
  return {extents.begin(), extents.end()};
}

// Makes descriptors until one fails; what is made after that is null, and status() says why.
class Draft {
 public:
  explicit Draft(const CudnnLibrary& cudnn) : cudnn_(cudnn) {}

  void* make(cudnn::Name kind, const std::vector<Setting>& settings) {
    if (!status_) return nullptr;
    auto made = cudnn_.make(kind, settings);
    if (!made) {
      status_ = core::fail(made.error());
      return nullptr;
    }
    parts_.push_back(std::move(*made));
    return parts_.back().get();
  }

  // A tensor that a launch brings.
  void* tensor(std::int64_t id, int type, const Extents& extents, const Extents& strides,
               bool by_value = false, std::int64_t alignment = kAlignmentBytes) {
    ids_.push_back(id);
    std::vector<Setting> settings = described(id, type, extents, strides, alignment);
    if (by_value) settings.push_back(Setting::flag(cudnn::kTensorByValue, true));
    return make(cudnn::kTensor, settings);
  }

  void* scalar(std::int64_t id, int type) { return tensor(id, type, {1, 1, 1, 1}, {1, 1, 1, 1}, true); }

  // A tensor that lives inside the kernel.
  void* inner(int type, const Extents& e) {
    std::vector<Setting> settings =
        described(next_inner_++, type, e, {e[1] * e[2] * e[3], e[2] * e[3], e[3], 1}, kAlignmentBytes);
    settings.push_back(Setting::flag(cudnn::kTensorVirtual, true));
    return make(cudnn::kTensor, settings);
  }

  void operation(cudnn::Name kind, const std::vector<Setting>& settings) {
    operations_.push_back(make(kind, settings));
  }

  // y = x `mode` b, where t is set: t ? x : b.
  struct Pointwise {
    int mode;
    void* x;
    void* y;
    void* b = nullptr;
    void* t = nullptr;
    int precision = cudnn::kFloat;
    std::optional<std::int64_t> axis = std::nullopt;
  };
  void* pointwise(const Pointwise& p) {
    std::vector<Setting> kind{Setting::option(cudnn::kPointwiseMode, cudnn::kPointwiseModeType, p.mode),
                              Setting::option(cudnn::kPointwisePrecision, cudnn::kDataTypeType, p.precision)};
    if (p.axis) kind.push_back(Setting::numbers(cudnn::kPointwiseAxis, {*p.axis}));
    std::vector<Setting> operands{Setting::descriptors(cudnn::kPointwiseOf, {make(cudnn::kPointwise, kind)}),
                                  Setting::descriptors(cudnn::kPointwiseX, {p.x})};
    if (p.b != nullptr) operands.push_back(Setting::descriptors(cudnn::kPointwiseB, {p.b}));
    if (p.t != nullptr) operands.push_back(Setting::descriptors(cudnn::kPointwiseT, {p.t}));
    operands.push_back(Setting::descriptors(cudnn::kPointwiseY, {p.y}));
    operation(cudnn::kOperationPointwise, operands);
    return p.y;
  }

  void* product(void* a, void* b, void* c) {
    void* kind =
        make(cudnn::kMatmul, {Setting::option(cudnn::kMatmulType, cudnn::kDataTypeType, cudnn::kFloat)});
    operation(cudnn::kOperationMatmul,
              {Setting::descriptors(cudnn::kMatmulOf, {kind}), Setting::descriptors(cudnn::kMatmulA, {a}),
               Setting::descriptors(cudnn::kMatmulB, {b}), Setting::descriptors(cudnn::kMatmulC, {c})});
    return c;
  }

  void* reduction(int mode, void* x, void* y) {
    void* kind = make(cudnn::kReduction,
                      {Setting::option(cudnn::kReductionOperator, cudnn::kReductionOperatorType, mode),
                       Setting::option(cudnn::kReductionType, cudnn::kDataTypeType, cudnn::kFloat)});
    operation(cudnn::kOperationReduction,
              {Setting::descriptors(cudnn::kReductionOf, {kind}),
               Setting::descriptors(cudnn::kReductionX, {x}), Setting::descriptors(cudnn::kReductionY, {y})});
    return y;
  }

  core::Result<CudnnGraph> finish(const CudnnTarget& target) {
    std::vector<Setting> settings{Setting::descriptors(cudnn::kGraphOperations, operations_)};
    if (target.handle != nullptr) {
      settings.push_back(Setting::pointers(cudnn::kGraphHandle, cudnn::kHandleType, {target.handle}));
    }
    void* graph = make(cudnn::kOperationGraph, settings);
    if (!status_) return core::fail(status_.error());
    return CudnnGraph{std::move(parts_), graph, std::move(ids_)};
  }

 private:
  static std::vector<Setting> described(std::int64_t id, int type, const Extents& extents,
                                        const Extents& strides, std::int64_t alignment) {
    return {Setting::numbers(cudnn::kTensorId, {id}),
            Setting::option(cudnn::kTensorType, cudnn::kDataTypeType, type),
            Setting::numbers(cudnn::kTensorExtents, list(extents)),
            Setting::numbers(cudnn::kTensorStrides, list(strides)),
            Setting::numbers(cudnn::kTensorAlignment, {alignment})};
  }

  const CudnnLibrary& cudnn_;
  core::Status status_;
  std::vector<CudnnLibrary::Descriptor> parts_;
  std::vector<void*> operations_;
  std::vector<std::int64_t> ids_;
  std::int64_t next_inner_ = 100;
};

int element_type(const AttentionCall& call) {
  return call.problem.dtype == "bf16" ? cudnn::kBfloat16 : cudnn::kHalf;
}

Extents strides_of(const Strides& s) {
  return {s.batch, s.head, s.row, 1};
}

void* lse_tensor(Draft& draft, const core::AttentionProblem& p) {
  const std::int64_t queries = queries_that_see(p);
  return draft.tensor(kCudnnLse, cudnn::kFloat, {p.batch, p.heads, queries, 1},
                      {p.heads * p.seq_q, p.seq_q, 1, 1}, false,
                      queries == p.seq_q ? kAlignmentBytes : std::int64_t{sizeof(float)});
}

// A single query sees every key, with the mask too; without it more engines serve it.
bool hides_keys(const core::AttentionProblem& p) {
  return p.causal && p.seq_q > 1;
}

// Query i sees key j where i >= j, and, bottom right, where i + Sk - Sq >= j.
void* masked(Draft& draft, const core::AttentionProblem& p, void* scores) {
  const Extents square{p.batch, p.heads, queries_that_see(p), p.seq_k};
  const auto inner = [&](int type) { return draft.inner(type, square); };
  void* row =
      draft.pointwise({.mode = cudnn::kGenerateIndex, .x = scores, .y = inner(cudnn::kInt32), .axis = 2});
  void* column =
      draft.pointwise({.mode = cudnn::kGenerateIndex, .x = scores, .y = inner(cudnn::kInt32), .axis = 3});
  if (queries_that_see(p) != p.seq_k) {
    for (const auto& [mode, id] :
         {std::pair{cudnn::kAdd, kCudnnSeqK}, std::pair{cudnn::kSubtract, kCudnnSeqQ}}) {
      void* length = draft.scalar(id, cudnn::kInt32);
      row = draft.pointwise({.mode = mode,
                             .x = row,
                             .y = inner(cudnn::kInt32),
                             .b = length,
                             .precision = cudnn::kInt32,
                             .axis = 3});
    }
  }
  void* visible = draft.pointwise({.mode = cudnn::kGreaterOrEqual,
                                   .x = row,
                                   .y = inner(cudnn::kBoolean),
                                   .b = column,
                                   .precision = cudnn::kBoolean});
  void* hidden = draft.scalar(kCudnnMasked, cudnn::kFloat);
  return draft.pointwise(
      {.mode = cudnn::kSelect, .x = scores, .y = inner(cudnn::kFloat), .b = hidden, .t = visible});
}

void draft_operations(Draft& draft, const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  const int type = element_type(call);
  const Extents square{p.batch, p.heads, queries_that_see(p), p.seq_k};
  const Extents rows{p.batch, p.heads, queries_that_see(p), 1};
  const Extents query{p.batch, p.heads, queries_that_see(p), p.head_dim};
  const auto scores_of = [&](int of) { return draft.inner(of, square); };

  void* q = draft.tensor(kCudnnQ, type, query, strides_of(call.q_strides));
  const Strides& k_strides = call.k_strides;
  void* k_transposed = draft.tensor(kCudnnK, type, {p.batch, p.kv_heads, p.head_dim, p.seq_k},
                                    {k_strides.batch, k_strides.head, 1, k_strides.row});
  void* x = draft.product(q, k_transposed, scores_of(cudnn::kFloat));
  void* scale = draft.scalar(kCudnnScale, cudnn::kFloat);
  x = draft.pointwise({.mode = cudnn::kMultiply, .x = x, .y = scores_of(cudnn::kFloat), .b = scale});
  if (hides_keys(p)) x = masked(draft, p, x);

  void* most = draft.reduction(cudnn::kReduceMaximum, x, draft.inner(cudnn::kFloat, rows));
  x = draft.pointwise({.mode = cudnn::kSubtract, .x = x, .y = scores_of(cudnn::kFloat), .b = most});
  x = draft.pointwise({.mode = cudnn::kExp, .x = x, .y = scores_of(cudnn::kFloat)});
  void* sum = draft.reduction(cudnn::kReduceAdd, x, draft.inner(cudnn::kFloat, rows));
  // The engines know softmax by its LSE, so it is in the graph whether it is wanted or not.
  void* log = draft.pointwise({.mode = cudnn::kLog, .x = sum, .y = draft.inner(cudnn::kFloat, rows)});
  void* lse = call.with_lse ? lse_tensor(draft, p) : draft.inner(cudnn::kFloat, rows);
  draft.pointwise({.mode = cudnn::kAdd, .x = most, .y = lse, .b = log});
  // The second product takes its weights in the inputs' type.
  x = draft.pointwise({.mode = cudnn::kDivide, .x = x, .y = scores_of(type), .b = sum});

  void* v =
      draft.tensor(kCudnnV, type, {p.batch, p.kv_heads, p.seq_k, p.head_dim}, strides_of(call.v_strides));
  void* o = draft.tensor(kCudnnO, type, query, strides_of(call.o_strides));
  draft.product(x, v, o);
}

void draft_one_operation(Draft& draft, const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  const int type = element_type(call);
  const Extents query{p.batch, p.heads, queries_that_see(p), p.head_dim};
  const Extents key{p.batch, p.kv_heads, p.seq_k, p.head_dim};
  const auto operand = [&](cudnn::Name attribute, std::int64_t id, const Extents& extents,
                           const Strides& strides) {
    return Setting::descriptors(attribute, {draft.tensor(id, type, extents, strides_of(strides))});
  };
  std::vector<Setting> settings{operand(cudnn::kAttentionQ, kCudnnQ, query, call.q_strides),
                                operand(cudnn::kAttentionK, kCudnnK, key, call.k_strides),
                                operand(cudnn::kAttentionV, kCudnnV, key, call.v_strides),
                                operand(cudnn::kAttentionO, kCudnnO, query, call.o_strides)};
  if (call.with_lse) {
    settings.push_back(Setting::descriptors(cudnn::kAttentionStats, {lse_tensor(draft, p)}));
  }
  settings.push_back(
      Setting::descriptors(cudnn::kAttentionScale, {draft.scalar(kCudnnScale, cudnn::kFloat)}));
  draft.operation(cudnn::kOperationAttention, settings);
}

// "engine 2, kernel configuration 7"; what cuDNN does not tell is left out.
std::string engine_name(const CudnnLibrary& cudnn, void* config) {
  std::string name = "an engine that is not named";
  if (auto engines = cudnn.children(config, cudnn::kConfigEngine, cudnn::kEngine, 1);
      engines && !engines->empty()) {
    const auto index = cudnn.number(engines->front().get(), cudnn::kEngineIndex, cudnn::kInt64Type);
    if (index) name = fmt::format("engine {}", *index);
  }
  auto knobs = cudnn.children(config, cudnn::kConfigKnobs, cudnn::kKnobChoice, kMostKnobs);
  if (!knobs) return name;
  for (const CudnnLibrary::Descriptor& knob : *knobs) {
    const auto type = cudnn.number(knob.get(), cudnn::kKnobType, cudnn::kKnobTypeType);
    if (!type || *type != cudnn::kKnobKernelConfig) continue;
    const auto value = cudnn.number(knob.get(), cudnn::kKnobValue, cudnn::kInt64Type);
    if (value) name += fmt::format(", kernel configuration {}", *value);
  }
  return name;
}

}  // namespace

std::int64_t queries_that_see(const core::AttentionProblem& p) noexcept {
  return p.causal ? std::min(p.seq_q, p.seq_k) : p.seq_q;
}

core::Result<CudnnGraph> cudnn_graph(const CudnnLibrary& cudnn, const AttentionCall& call, CudnnForm form,
                                     const CudnnTarget& target) {
  Draft draft(cudnn);
  if (form == CudnnForm::kOperations) {
    draft_operations(draft, call);
  } else {
    if (cudnn.version() < CudnnLibrary::kFirstWithAttention || hides_keys(call.problem)) {
      return core::fail(core::ErrorCode::kUsage,
                        "cuDNN's attention as one operation needs cuDNN 9.13.1 and takes no mask",
                        "take it as operations");
    }
    draft_one_operation(draft, call);
  }
  return draft.finish(target);
}

core::Result<std::vector<CudnnEngine>> cudnn_engines(const CudnnLibrary& cudnn, const CudnnGraph& graph,
                                                     const CudnnTarget& target) {
  std::optional<core::Error> first;  // mode A's reasons tell more than the fallback's
  for (const int mode : {cudnn::kHeuristicsA, cudnn::kHeuristicsFallback}) {
    std::vector<Setting> settings{Setting::descriptors(cudnn::kHeuristicsGraph, {graph.graph}),
                                  Setting::option(cudnn::kHeuristicsMode, cudnn::kHeuristicsModeType, mode)};
    if (target.properties != nullptr) {
      settings.push_back(Setting::descriptors(cudnn::kHeuristicsDevice, {target.properties}));
    }
    auto heuristics = cudnn.make(cudnn::kEngineHeuristics, settings);
    if (!heuristics) {
      if (!first) first = heuristics.error();
      continue;
    }
    auto configs =
        cudnn.children(heuristics->get(), cudnn::kHeuristicsResults, cudnn::kEngineConfig, kMostEngines);
    if (!configs) {
      if (!first) first = configs.error();
      continue;
    }
    std::vector<CudnnEngine> engines;
    for (CudnnLibrary::Descriptor& config : *configs) {
      std::string name = engine_name(cudnn, config.get());
      engines.push_back({std::move(config), std::move(name)});
    }
    if (!engines.empty()) return engines;
    core::Error none = cudnn.error("find an engine for this call on this device", cudnn::kNotSupported);
    if (!first) first = std::move(none);
  }
  return core::fail(std::move(*first));
}

core::Result<CudnnLibrary::Descriptor> cudnn_execution_plan(const CudnnLibrary& cudnn,
                                                            const CudnnEngine& engine,
                                                            const CudnnTarget& target) {
  std::vector<Setting> settings{Setting::descriptors(cudnn::kPlanConfig, {engine.config.get()})};
  if (target.handle != nullptr) {
    settings.push_back(Setting::pointers(cudnn::kPlanHandle, cudnn::kHandleType, {target.handle}));
  }
  return cudnn.make(cudnn::kExecutionPlan, settings);
}

core::Result<CudnnPlan> cudnn_plan(const CudnnLibrary& cudnn, const AttentionCall& call, CudnnForm form,
                                   const CudnnTarget& target) {
  auto graph = cudnn_graph(cudnn, call, form, target);
  if (!graph) return core::fail(graph.error());
  auto engines = cudnn_engines(cudnn, *graph, target);
  if (!engines) return core::fail(engines.error());
  std::optional<core::Error> first;
  for (CudnnEngine& engine : *engines) {
    auto plan = cudnn_execution_plan(cudnn, engine, target);
    if (!plan) {
      if (!first) first = plan.error();
      continue;
    }
    const auto workspace = cudnn.number(plan->get(), cudnn::kPlanWorkspace, cudnn::kInt64Type);
    if (!workspace) {
      if (!first) first = workspace.error();
      continue;
    }
    return CudnnPlan{std::move(*graph), std::move(engine), std::move(*plan), *workspace};
  }
  return core::fail(std::move(*first));
}

}  // namespace flashcore::kernels

#endif
