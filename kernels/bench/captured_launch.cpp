#include "kernels/bench/captured_launch.h"

#if FLASHCORE_CUDA

#include <cuda.h>
#include <cuda_runtime_api.h>
#include <cxxabi.h>

#include <cstdlib>
#include <string>

#include "cuda/runtime/entry_point.h"
#include "cuda/runtime/handles.h"

namespace flashcore::kernels::bench {
namespace {

using core::KernelPlan;

constexpr const char* kDoing = "list the kernels of a launch";

// "void cutlass::Kernel2<...>(Params)" -> "cutlass::Kernel2<...>".
std::string demangled(const char* symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  if (status != 0 || text == nullptr) return symbol;
  std::string name = text;
  std::free(text);
  if (name.rfind("void ", 0) == 0) name.erase(0, 5);
  if (!name.empty() && name.back() == ')') {
    int depth = 0;
    for (std::size_t i = name.size(); i-- > 0;) {
      if (name[i] == ')') ++depth;
      if (name[i] == '(' && --depth == 0) {
        name.erase(i);
        break;
      }
    }
  }
  return name;
}

class NodeReader {
 public:
  KernelPlan read(cudaGraphNode_t node, std::span<const KernelPlan> own) const {
    KernelPlan plan;
    plan.name = "library kernel";
    CUDA_KERNEL_NODE_PARAMS params{};
    if (get_params_ == nullptr || get_params_(reinterpret_cast<CUgraphNode>(node), &params) != CUDA_SUCCESS) {
      return plan;
    }
    CUfunction function = params.func;
    if (function == nullptr && params.kern != nullptr && get_function_ != nullptr) {
      (void)get_function_(&function, params.kern);
    }
    for (const KernelPlan& known : own) {
      if (known.function == nullptr) continue;  // a library's: known by its driver_function, if at all
      cudaFunction_t mine = nullptr;
      if (cudaGetFuncBySymbol(&mine, known.function) != cudaSuccess) {
        (void)cudaGetLastError();  // or the next launch would find it
        continue;
      }
      if (mine == function) return known;
    }
    plan.driver_function = function;
    const char* symbol = nullptr;
    if (get_name_ != nullptr && get_name_(&symbol, function) == CUDA_SUCCESS && symbol != nullptr) {
      plan.name = demangled(symbol);
    }
    plan.grid_x = params.gridDimX;
    plan.grid_y = params.gridDimY;
    plan.grid_z = params.gridDimZ;
    plan.block_x = static_cast<int>(params.blockDimX);
    plan.block_y = static_cast<int>(params.blockDimY);
    plan.block_z = static_cast<int>(params.blockDimZ);
    plan.dynamic_shared_bytes = params.sharedMemBytes;
    return plan;
  }

 private:
  using GetParams = CUresult (*)(CUgraphNode, CUDA_KERNEL_NODE_PARAMS*);
  using GetFunction = CUresult (*)(CUfunction*, CUkernel);
  using GetName = CUresult (*)(const char**, CUfunction);
  GetParams get_params_ = cuda::driver_function<GetParams>("cuGraphKernelNodeGetParams", 12000);
  GetFunction get_function_ = cuda::driver_function<GetFunction>("cuKernelGetFunction", 12000);
  GetName get_name_ = cuda::driver_function<GetName>("cuFuncGetName", 12030);
};

// A captured stream is a chain: each node's only dependency is the one before it.
cudaError_t chain_of(cudaGraph_t graph, std::vector<cudaGraphNode_t>& chain) {
  std::size_t count = 0;
  cudaError_t error = cudaGraphGetNodes(graph, nullptr, &count);
  std::vector<cudaGraphNode_t> nodes(count);
  if (error == cudaSuccess) error = cudaGraphGetNodes(graph, nodes.data(), &count);
  std::vector<cudaGraphNode_t> before(count, nullptr);
  for (std::size_t i = 0; error == cudaSuccess && i < count; ++i) {
    std::size_t dependencies = 1;
#if CUDART_VERSION >= 13000
    error = cudaGraphNodeGetDependencies(nodes[i], &before[i], nullptr, &dependencies);
    if (error == cudaErrorLossyQuery) {  // a programmatic edge: the data must be asked for too
      (void)cudaGetLastError();          // or the next launch would find it
      cudaGraphEdgeData edge{};
      dependencies = 1;
      error = cudaGraphNodeGetDependencies(nodes[i], &before[i], &edge, &dependencies);
    }
#else
    error = cudaGraphNodeGetDependencies(nodes[i], &before[i], &dependencies);
#endif
    if (dependencies == 0) before[i] = nullptr;
  }
  if (error != cudaSuccess) return error;
  cudaGraphNode_t last = nullptr;
  while (chain.size() < count) {
    std::size_t i = 0;
    while (i < count && before[i] != last) ++i;
    if (i == count) break;
    chain.push_back(nodes[i]);
    last = nodes[i];
  }
  return chain.size() == count ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace

core::Result<std::vector<KernelPlan>> capture_kernels(
    const std::function<core::Status(core::StreamHandle)>& launch, std::span<const KernelPlan> own) {
  cuda::Stream stream;
  cuda::Graph graph;
  cudaError_t error = cudaStreamCreateWithFlags(stream.out(), cudaStreamNonBlocking);
  if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());
  if (auto ok = launch(stream.get()); !ok) return core::fail(ok.error());
  error = cudaStreamSynchronize(stream.get());
  if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());

  error = cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeRelaxed);
  if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());
  const core::Status launched = launch(stream.get());
  error = cudaStreamEndCapture(stream.get(), graph.out());
  if (!launched) return core::fail(launched.error());
  if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());

  std::vector<cudaGraphNode_t> chain;
  error = chain_of(graph.get(), chain);
  if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());
  const NodeReader reader;
  std::vector<KernelPlan> kernels;
  for (cudaGraphNode_t node : chain) {
    cudaGraphNodeType type{};
    error = cudaGraphNodeGetType(node, &type);
    if (error != cudaSuccess) return core::fail(cuda::cuda_status(error, kDoing).error());
    if (type == cudaGraphNodeTypeKernel) kernels.push_back(reader.read(node, own));
  }
  return kernels;
}

}  // namespace flashcore::kernels::bench

#endif
