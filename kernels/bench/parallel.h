// in_parallel: a loop on as many threads as the machine has cores.
//
// Owns: its threads, which end before it returns. Threads: `work` is called from several at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace flashcore::kernels::bench {

// Calls work(first, last) for the parts of [0, count), `grain` long each.
inline void in_parallel(std::int64_t count, std::int64_t grain,
                        const std::function<void(std::int64_t, std::int64_t)>& work) {
  const std::int64_t chunks = (count + grain - 1) / grain;
  const std::int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<std::int64_t> next{0};
  const auto worker = [&] {
    for (std::int64_t i = next++; i < chunks; i = next++) {
      work(i * grain, std::min(count, (i + 1) * grain));
    }
  };
  std::vector<std::jthread> threads;
  for (std::int64_t i = 1; i < std::min(cores, chunks); ++i) threads.emplace_back(worker);
  worker();
}

}  // namespace flashcore::kernels::bench
