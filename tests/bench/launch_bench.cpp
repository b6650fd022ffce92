// What a launch costs the host beyond the driver's own part: PlannedLaunch::launch() of every phase of own
// kernels against bare calls of cudaLaunchKernelExC for the same kernels with the same grids and arguments,
// which are read back from a captured launch. And what planning costs. scripts/bench runs it; it needs a GPU.
//
// The problem is tiny, and a batch of launches far shorter than the queue of a stream: a full queue would
// make every call wait for the GPU, and hide the difference. Batches of the two kinds take turns, and the
// stream is waited for between them, outside of what is timed.
//
// Exit code: 0; 1 where a phase's launch takes more than kMost beyond the driver's, or something failed and
// was not timed; 3 without a GPU.
#include <benchmark/benchmark.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/device_traits.h"
#include "kernels/phase_index.h"

namespace {

namespace core = flashcore::core;
namespace kernels = flashcore::kernels;
using flashcore::kernels::AttentionCall;
using flashcore::kernels::AttentionPointers;
using flashcore::kernels::DeviceTraits;
using flashcore::kernels::PhaseDescriptor;
using flashcore::kernels::PlannedLaunch;

constexpr double kMost = 1000;         // ns of a launch beyond the driver's
constexpr int kLaunchesOfABatch = 32;  // a stream's queue holds about a thousand
constexpr int kWarmUpBatches = 20;
constexpr const char* kTiny = "1,1,64,64";
constexpr const char* kSplit = "b=1,h=1,sq=1,sk=4096,d=64";  // fused: keys over blocks, and a second kernel
constexpr const char* kPlanned = "mission";

bool failed = false;  // or too slow

// The library's own word for it leaves the exit code at 0.
void fail(benchmark::State& state, const std::string& why) {
  failed = true;
  state.SkipWithError(why.c_str());
}

// The first CUDA call that failed, as benchmarks report it.
class Checked {
 public:
  void operator()(cudaError_t error, const char* what) {
    if (error != cudaSuccess && text_.empty()) text_ = fmt::format("{}: {}", what, cudaGetErrorString(error));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct DeviceMemory {
  explicit DeviceMemory(std::size_t bytes, Checked& check) {
    check(cudaMalloc(&at, bytes), "cudaMalloc");
    check(cudaMemset(at, 0, bytes), "cudaMemset");
  }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { (void)cudaFree(at); }
  void* at = nullptr;
};

// The kernels of one launch as the driver is told of them. Their arguments live in the captured graph.
class BareLaunch {
 public:
  BareLaunch(const PlannedLaunch& plan, const AttentionPointers& at, cudaStream_t stream, Checked& check) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "begin a capture");
    const bool launched = plan.launch(at, stream).has_value();
    check(cudaStreamEndCapture(stream, &graph_), "end the capture");
    check(launched ? cudaSuccess : cudaErrorUnknown, "launch into the capture");
    if (!check.text().empty()) return;
    overlap_.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap_.val.programmaticStreamSerializationAllowed = 1;
    const std::vector<cudaGraphNode_t> nodes = chain(check);
    check(nodes.size() == plan.kernels().size() ? cudaSuccess : cudaErrorUnknown, "find the planned kernels");
    for (std::size_t i = 0; i < nodes.size() && check.text().empty(); ++i) {
      cudaKernelNodeParams params{};
      check(cudaGraphKernelNodeGetParams(nodes[i], &params), "read a kernel's arguments");
      cudaLaunchConfig_t config{};
      config.gridDim = params.gridDim;
      config.blockDim = params.blockDim;
      config.dynamicSmemBytes = params.sharedMemBytes;
      config.stream = stream;
      if (overlapped_ && i > 0) {
        config.attrs = &overlap_;
        config.numAttrs = 1;
      }
      calls_.push_back({config, plan.kernels()[i].function, params.kernelParams});
    }
  }
  BareLaunch(const BareLaunch&) = delete;
  BareLaunch& operator=(const BareLaunch&) = delete;
  ~BareLaunch() {
    if (graph_ != nullptr) (void)cudaGraphDestroy(graph_);
  }

  cudaError_t launch() const {
    for (const Call& call : calls_) {
      const cudaError_t error = cudaLaunchKernelExC(&call.config, call.function, call.arguments);
      if (error != cudaSuccess) return error;
    }
    return cudaSuccess;
  }

 private:
  struct Call {
    cudaLaunchConfig_t config;
    const void* function;
    void** arguments;
  };

  struct Edges {
    std::vector<cudaGraphNode_t> from, to;
    std::vector<cudaGraphEdgeData> data;
  };

  Edges edges(Checked& check) const {
#if CUDART_VERSION >= 13000
    const auto get = [](auto... arguments) { return cudaGraphGetEdges(arguments...); };
#else
    const auto get = [](auto... arguments) { return cudaGraphGetEdges_v2(arguments...); };
#endif
    Edges e;
    std::size_t count = 0;
    check(get(graph_, nullptr, nullptr, nullptr, &count), "count the edges");
    e.from.resize(count), e.to.resize(count), e.data.resize(count);
    if (count > 0) check(get(graph_, e.from.data(), e.to.data(), e.data.data(), &count), "read the edges");
    return e;
  }

  // A captured stream is a chain; its nodes in order. Notes whether a kernel may start before the one before
  // it ends.
  std::vector<cudaGraphNode_t> chain(Checked& check) {
    std::size_t roots = 1;
    std::vector<cudaGraphNode_t> nodes(1);
    check(cudaGraphGetRootNodes(graph_, nodes.data(), &roots), "find the first kernel");
    const Edges e = edges(check);
    for (std::size_t step = 0; step < e.from.size(); ++step) {
      for (std::size_t i = 0; i < e.from.size(); ++i) {
        if (e.from[i] != nodes.back()) continue;
        nodes.push_back(e.to[i]);
        overlapped_ = overlapped_ || e.data[i].type == cudaGraphDependencyTypeProgrammatic;
        break;
      }
    }
    return nodes;
  }

  cudaGraph_t graph_ = nullptr;
  cudaLaunchAttribute overlap_{};
  bool overlapped_ = false;
  std::vector<Call> calls_;
};

// ns a launch; the batch is waited for outside of the time.
template <typename Launch>
double time_batch(cudaStream_t stream, Checked& check, const Launch& launch) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kLaunchesOfABatch; ++i) launch();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  check(cudaStreamSynchronize(stream), "wait for the launches");
  return took.count() / kLaunchesOfABatch;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

AttentionCall call_of(const char* shape) {
  return kernels::contiguous_call(*core::parse_attention(shape));
}

// The time of an iteration is that of a planned launch. `beyond_ns` is the median of the differences between
// a batch of planned launches and the batch of bare ones beside it.
void Launch(benchmark::State& state, const PhaseDescriptor& phase, const DeviceTraits& device,
            const char* shape, std::size_t least_kernels) {
  const AttentionCall call = call_of(shape);
  auto plan = kernels::plan_launch(phase, call, device);
  if (!plan) return fail(state, plan.error().message);
  if ((*plan)->kernels().size() < least_kernels) {
    return fail(state, fmt::format("{} kernels are planned for {} instead of {} or more",
                                   (*plan)->kernels().size(), shape, least_kernels));
  }
  Checked check;
  const auto bytes = static_cast<std::size_t>(core::tensor_bytes(call.problem));
  const DeviceMemory q(bytes, check), k(bytes, check), v(bytes, check), o(bytes, check);
  const DeviceMemory workspace(std::max<std::size_t>((*plan)->workspace_bytes(), 256), check);
  const AttentionPointers at{.q = q.at, .k = k.at, .v = v.at, .o = o.at, .workspace = workspace.at};
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
  {
    const BareLaunch bare(**plan, at, stream, check);
    bool refused = false;
    const auto planned_batch = [&] {
      return time_batch(stream, check, [&] { refused |= !(*plan)->launch(at, stream).has_value(); });
    };
    const auto bare_batch = [&] {
      return time_batch(stream, check, [&] { refused |= bare.launch() != cudaSuccess; });
    };
    for (int i = 0; i < kWarmUpBatches && check.text().empty(); ++i)
      (void)planned_batch(), (void)bare_batch();
    std::vector<double> planned, driver, beyond;
    for (auto _ : state) {
      const bool first = planned.size() % 2 == 0;
      const double before = first ? 0 : bare_batch();
      planned.push_back(planned_batch());
      driver.push_back(first ? bare_batch() : before);
      beyond.push_back(planned.back() - driver.back());
      state.SetIterationTime(planned.back() * 1e-9);
      check(refused ? cudaErrorUnknown : cudaSuccess, "launch");
      if (!check.text().empty()) break;
    }
    if (!planned.empty()) {
      state.counters["planned_ns"] = median(planned);
      state.counters["driver_ns"] = median(driver);
      state.counters["beyond_ns"] = median(beyond);
      if (median(beyond) > kMost) {
        failed = true;
        state.SetLabel("MORE than a launch may take beyond the driver's");
      }
    }
  }
  if (stream != nullptr) (void)cudaStreamDestroy(stream);
  if (!check.text().empty()) fail(state, check.text());
}

// Again and again on one device: the first plan of a process loads the module too.
void Plan(benchmark::State& state, const PhaseDescriptor& phase, const DeviceTraits& device) {
  const AttentionCall call = call_of(kPlanned);
  for (auto _ : state) {
    auto plan = kernels::plan_launch(phase, call, device);
    if (!plan) return fail(state, plan.error().message);
    benchmark::DoNotOptimize(plan);
  }
}

void add_launch(const std::string& name, const PhaseDescriptor& phase, const DeviceTraits& device,
                const char* shape, std::size_t least_kernels) {
  benchmark::RegisterBenchmark(
      ("Launch/" + name).c_str(),
      [=, &phase](benchmark::State& s) { Launch(s, phase, device, shape, least_kernels); })
      ->UseManualTime()
      ->Iterations(2000)
      ->Unit(benchmark::kNanosecond);
}

void add_benchmarks(const DeviceTraits& device) {
  for (const PhaseDescriptor* phase : kernels::phases(false)) {
    if (phase->info.reference || phase->info.min_compute > device.compute) continue;
    const std::string id(phase->info.id);
    add_launch(id, *phase, device, kTiny, 1);
    if (id == "fused") add_launch(id + "_split", *phase, device, kSplit, 2);
    benchmark::RegisterBenchmark(("Plan/" + id).c_str(), [=](benchmark::State& s) {
      Plan(s, *phase, device);
    })->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto device = kernels::read_device_traits(0);
  if (!device) {
    std::fprintf(stderr, "bench_launch: nothing is timed: %s\n", core::to_text(device.error()).c_str());
    return 3;
  }
  if (cudaSetDevice(0) != cudaSuccess) return 3;
  add_benchmarks(*device);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return failed ? 1 : 0;
}
