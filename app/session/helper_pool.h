// HelperPool: the helper processes of a workbench, one a collector, from the first word to the last. They
// stay warm from run to run and, in a worker, from request to request.
//
// Owns: the helpers; one that is dropped, or goes with the pool, is ended. Threads: one. Errors:
// kExternalTool where a process cannot be started.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "app/session/helper.h"

namespace flashcore::session {

class HelperPool {
 public:
  explicit HelperPool(std::function<std::unique_ptr<Helper>()> make) : make_(std::move(make)) {}

  // Before anything here needs the driver: a helper then makes its context while this process makes its own.
  // Nothing where one is there for the device. `subjects`: what it will be asked for, by id.
  core::Status begin(const std::string& collector, int device, std::span<const std::string> subjects);

  // Told to be ready for these options, which it may not be yet (Helper::settle); the one that is there where
  // it fits. `ahead`: what will be collected first; it has them prepared meanwhile.
  core::Result<Helper*> ready(const std::string& collector, int device,
                              const collectors::CollectOptions& options,
                              std::span<const HelperTask> ahead = {});

  // Ends it; the next ready() starts a new one.
  void drop(const std::string& collector) { helpers_.erase(collector); }
  // Ends those that were begun for a request which then turned out bad.
  void drop_begun();

  // Tells all to let go of the GPU's counters, and waits for that up to `patience` together. No helper
  // measures anything after it. May be called again, to wait.
  void end(std::chrono::milliseconds patience);

 private:
  struct Warm {
    std::unique_ptr<Helper> helper;
    int device = 0;
    std::optional<std::string> options;  // what it was started with; nothing: it is begun and no more
  };
  core::Result<Warm*> begun(const std::string& collector, int device, std::span<const std::string> subjects);

  std::function<std::unique_ptr<Helper>()> make_;
  std::map<std::string, Warm> helpers_;
};

}  // namespace flashcore::session
