// planned_shared: which kernels the phases plan, and with how much dynamic shared memory, without a GPU.
//
// Plans every phase of own kernels for many calls on GPUs of each class that is compiled for, and prints a
// line a kernel, with tabs between phase, compute capability, kernel and the most dynamic shared bytes of its
// plans; scripts/check_compiler_limits adds them to what ptxas allotted. Planning asks the driver for one
// thing, leave to use more shared memory than 48 KB; this program is linked with that call answered here
// (--wrap), after holding it against the most that a block of the class may have.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/phase_index.h"

namespace {

using flashcore::core::AttentionProblem;
using flashcore::kernels::AttentionCall;
using flashcore::kernels::DeviceTraits;
using flashcore::kernels::PhaseDescriptor;

// CUDA C++ Programming Guide, "Technical Specifications per Compute Capability", and the vendor's data
// sheets: A100, A10, L4, H200; and two with fewer SMs, since phases choose by how much of a GPU a grid fills.
constexpr DeviceTraits kClasses[] = {
    {0, 80, 108, 163 << 10, 164 << 10, std::int64_t{40} << 20},
    {0, 86, 72, 99 << 10, 100 << 10, std::int64_t{6} << 20},
    {0, 86, 16, 99 << 10, 100 << 10, std::int64_t{2} << 20},
    {0, 89, 58, 99 << 10, 100 << 10, std::int64_t{48} << 20},
    {0, 89, 142, 99 << 10, 100 << 10, std::int64_t{96} << 20},
    {0, 90, 132, 227 << 10, 228 << 10, std::int64_t{50} << 20},
};

std::int64_t most_shared = 0;  // of a block of the class at hand

std::vector<AttentionCall> calls() {
  std::vector<AttentionCall> all;
  for (const std::int64_t batch : {1, 8}) {
    for (const auto& [heads, kv_heads] : {std::pair{1, 1}, {8, 8}, {32, 8}, {32, 1}}) {
      for (const std::int64_t seq_q : {1, 7, 64, 256, 1024, 2048, 4096}) {
        for (const std::int64_t seq_k : {1, 64, 256, 1024, 8192, 65536}) {
          for (const std::int64_t d : {64, 128}) {
            for (const char* dtype : {"f16", "bf16"}) {
              for (const bool causal : {false, true}) {
                const AttentionProblem problem{batch, heads, kv_heads, seq_q, seq_k, d, dtype, causal};
                all.push_back(flashcore::kernels::contiguous_call(problem, causal));
              }
            }
          }
        }
      }
    }
  }
  return all;
}

// phase, compute capability, kernel -> bytes
using Planned = std::map<std::tuple<std::string, int, std::string>, std::int64_t>;

bool plan_all(const PhaseDescriptor& phase, const DeviceTraits& device, std::span<const AttentionCall> calls,
              Planned& planned) {
  std::size_t served = 0;
  for (const AttentionCall& call : calls) {
    if (!flashcore::kernels::check_supported(phase, call)) continue;
    ++served;
    const auto plan = phase.plan(call, device);
    if (!plan) {
      std::cerr << "planned_shared: " << phase.info.id << ", "
                << flashcore::core::canonical_text(call.problem) << ", on compute capability "
                << device.compute << ": " << flashcore::core::to_text(plan.error()) << '\n';
      return false;
    }
    for (const auto& kernel : (*plan)->kernels()) {
      std::int64_t& bytes = planned[{std::string(phase.info.id), device.compute, kernel.name}];
      bytes = std::max(bytes, kernel.dynamic_shared_bytes);
    }
  }
  if (served == 0) std::cerr << "planned_shared: " << phase.info.id << " serves no call of the list\n";
  return served > 0;
}

}  // namespace

extern "C" cudaError_t __wrap_cudaFuncSetAttribute(const void*, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  return value > most_shared ? cudaErrorInvalidValue : cudaSuccess;
}

int main() {
  Planned planned;
  const std::vector<AttentionCall> all = calls();
  for (const PhaseDescriptor* phase : flashcore::kernels::phases(true)) {
    // A library's plan needs the library and a device; a GPU test holds its own kernels to no dynamic bytes.
    if (phase->info.reference) continue;
    for (const DeviceTraits& device : kClasses) {
      if (device.compute < phase->info.min_compute) continue;
      most_shared = device.shared_per_block_bytes;
      if (!plan_all(*phase, device, all, planned)) return 1;
    }
  }
  for (const auto& [key, bytes] : planned) {
    std::cout << std::get<0>(key) << '\t' << std::get<1>(key) << '\t' << std::get<2>(key) << '\t' << bytes
              << '\n';
  }
  return 0;
}
