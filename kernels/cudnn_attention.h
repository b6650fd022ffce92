// Attention in cuDNN's terms: a graph of operations over tensors, from which cuDNN's heuristics choose an
// engine.
//
// Two forms say the same. As operations (S = Q K^T, times the scale, where the mask lets through or minus
// infinity, softmax as maximum, subtraction, exp, sum and division, O = P V): every version has them, every
// mask can be said, and PyTorch reaches cuDNN's attention so. As one operation
// (OPERATION_SDPA_FWD_DESCRIPTOR, cuDNN 9.13.1): without a mask only, in the versions known here. What runs
// is one fused kernel in both cases. Source of the forms: NVIDIA/cudnn-frontend,
// node/scaled_dot_product_flash_attention.h, node/softmax.h and node/diagonal_band_mask.h; cuDNN 9.19's
// cudnn_graph.h.
//
// Owns: the descriptors of a plan. Units: bytes. Threads: one at a time. Errors: kExternalTool with cuDNN's
// words where it has no engine for the call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "kernels/attention_call.h"
#include "kernels/cudnn_library.h"

namespace flashcore::kernels {

enum class CudnnForm {
  kOperations,
  kOneOperation,
};

// What a plan is made for: a handle of the device, or, to ask without a GPU, a DEVICEPROP_DESCRIPTOR.
struct CudnnTarget {
  void* handle = nullptr;
  void* properties = nullptr;
};

// The variant pack's ids of the tensors.
enum CudnnTensorId : std::int64_t {
  kCudnnQ = 1,
  kCudnnK,
  kCudnnV,
  kCudnnO,
  kCudnnLse,
  kCudnnScale,   // a float on the host, as the next
  kCudnnMasked,  // what a masked score becomes
  kCudnnSeqK,    // an int32 on the host, as the next
  kCudnnSeqQ,
};

// One configuration of an engine, as the heuristics order them.
struct CudnnEngine {
  CudnnLibrary::Descriptor config;
  std::string name;  // "engine 2, kernel configuration 7"
};

struct CudnnGraph {
  std::vector<CudnnLibrary::Descriptor> parts;  // all that the graph refers to
  void* graph = nullptr;                        // the last of them
  std::vector<std::int64_t> ids;                // that a launch has to bring, CudnnTensorId
};

struct CudnnPlan {
  CudnnGraph graph;
  CudnnEngine engine;
  CudnnLibrary::Descriptor plan;
  std::int64_t workspace_bytes = 0;
};

// Queries of a head that the graph is about. With a causal mask and more queries than keys the first ones see
// no key, and cuDNN leaves such rows undefined: they are left out, and a launch brings pointers to the first
// query that sees one.
std::int64_t queries_that_see(const core::AttentionProblem& problem) noexcept;

core::Result<CudnnGraph> cudnn_graph(const CudnnLibrary& cudnn, const AttentionCall& call, CudnnForm form,
                                     const CudnnTarget& target);

// Of heuristics mode A, or of the fallback mode where that has none.
core::Result<std::vector<CudnnEngine>> cudnn_engines(const CudnnLibrary& cudnn, const CudnnGraph& graph,
                                                     const CudnnTarget& target);

// The execution plan of one engine; its kernel is compiled and loaded then.
core::Result<CudnnLibrary::Descriptor> cudnn_execution_plan(const CudnnLibrary& cudnn,
                                                            const CudnnEngine& engine,
                                                            const CudnnTarget& target);

// The first engine's whose plan can be made.
core::Result<CudnnPlan> cudnn_plan(const CudnnLibrary& cudnn, const AttentionCall& call, CudnnForm form,
                                   const CudnnTarget& target);

}  // namespace flashcore::kernels
