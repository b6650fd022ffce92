// CancelToken: how a long piece of work learns that the user wants it to stop.
//
// Threads: request() may be called from any thread and from a signal handler.
#pragma once

#include <atomic>

namespace flashcore::core {

class CancelToken {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler calls request()");
};

}  // namespace flashcore::core
