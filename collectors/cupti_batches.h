// How the launches of several runs are put into counter passes: each pass launches all of them, each kernel
// is a range, and CUPTI has room for so many ranges. Apart from CUPTI, so that the arithmetic and the verdict
// are tested without a GPU.
//
// Owns: nothing. Units: ranges, which are kernels as CUPTI saw them. Threads: pure functions. Errors: none; a
// verdict is a sentence.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/launchable.h"
#include "core/records.h"

namespace flashcore::collectors {

// Room is a power of two, so that a later request of about the same size finds it large enough: another room
// is another configuration, and that costs Disable, Enable and a first Start (about 150 ms on an H200).
// A range takes about 1.3 MB of host memory and 0.5 ms.
inline constexpr std::size_t kLeastRoom = 16;
inline constexpr std::size_t kMostRoom = 64;  // unless a single launch needs more

// What one run adds to each pass: kernels that are let go by, then the counted launch.
struct PassShare {
  std::size_t lead = 0;     // warm: the launch before; cold: the flush of the caches
  std::size_t kernels = 0;  // of the counted launch
  std::size_t ranges() const { return lead + kernels; }
  bool operator==(const PassShare&) const = default;
};
PassShare pass_share(int kernels_per_launch, core::CacheState cache);

// The room that `ranges` ranges are counted in: always more than them, because CUPTI drops what does not fit
// without a word (seen with CUDA 13.0), and only a range too many shows that a launch had more kernels.
std::size_t room_for(std::size_t ranges);

// Runs [first, first + count) share passes.
struct CounterBatch {
  std::size_t first = 0, count = 0;
  std::size_t ranges = 0;
  bool operator==(const CounterBatch&) const = default;
};
std::vector<CounterBatch> batches_of(std::span<const PassShare> shares);

// What came out of all passes of a batch.
struct PassesTaken {
  std::size_t expected_ranges = 0, ranges = 0, dropped = 0;
  std::size_t expected_passes = 0, passes = 0;
};
// Why the values cannot be told to belong to the kernels that were launched; nothing where they can.
std::optional<std::string> passes_trouble(const PassesTaken& taken);

// Blocks of a kernel that began on an SM. Of each kernel these are the blocks of its grid, clusters and
// persistent kernels of libraries included.
inline constexpr const char* kBlocksCounter = "sm__ctas_launched.sum";

// Why the values of a launch are those of other kernels, though all kernels together were as many as
// expected: one run enqueues a kernel less than it says and another one more, and all that lie between move
// by one. `blocks` is what was counted for each kernel of the launch, in order; nothing is said of a kernel
// whose count or whose grid is not known (a library's that the driver did not describe has no function).
std::optional<std::string> blocks_trouble(std::span<const core::KernelPlan> plan,
                                          std::span<const std::optional<double>> blocks);

}  // namespace flashcore::collectors
