// StepClock: where the time of one piece of work goes, by the names of its steps. A step that begins within
// another takes its time from that one, so that the steps add up to what was spent and nothing counts twice.
//
// Owns: the records. Units: wall-clock milliseconds. Threads: one. Errors: none.
//
//   StepClock clock;
//   {
//     const auto timing = clock.begin("timing");
//     const auto store = clock.begin("store");  // none of it is in "timing"
//   }
//   clock.steps();  // timing, store
#pragma once

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"

namespace flashcore::session {

// The last step of a session: the whole of it, of which the others are parts.
inline constexpr std::string_view kTotalStep = "total";

class StepClock {
 public:
  // Ends its step; steps end in the reverse order in which they began.
  class Step {
   public:
    explicit Step(StepClock& clock) : clock_(clock) {}
    ~Step() { clock_.end(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    StepClock& clock_;
  };

  [[nodiscard]] Step begin(std::string_view name) {
    charge();
    open_.push_back(index_of(name));
    return Step(*this);
  }

  // What was spent before this clock began; part of the total.
  void add(std::span<const core::StepRecord> before) {
    for (const core::StepRecord& step : before) {
      records_[index_of(step.name)].ms += step.ms;
      before_ms_ += step.ms;
    }
  }

  // By the time of their first begin.
  const std::vector<core::StepRecord>& steps() const { return records_; }

  // With the total as the last one.
  std::vector<core::StepRecord> with_total() const {
    auto all = records_;
    all.push_back({std::string(kTotalStep), before_ms_ + ms_since(began_)});
    return all;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double ms_since(Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
  }
  std::size_t index_of(std::string_view name) {
    const auto found =
        std::find_if(records_.begin(), records_.end(), [&](const auto& r) { return r.name == name; });
    if (found != records_.end()) return static_cast<std::size_t>(found - records_.begin());
    records_.push_back({std::string(name), 0});
    return records_.size() - 1;
  }
  // What has passed since the last change belongs to the innermost step.
  void charge() {
    if (!open_.empty()) records_[open_.back()].ms += ms_since(changed_);
    changed_ = Clock::now();
  }
  void end() {
    charge();
    open_.pop_back();
  }

  std::vector<core::StepRecord> records_;
  std::vector<std::size_t> open_;
  double before_ms_ = 0;
  Clock::time_point began_ = Clock::now(), changed_ = began_;
};

}  // namespace flashcore::session
