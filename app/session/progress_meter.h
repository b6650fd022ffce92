// ProgressMeter: how far a request is, from 0 to 1 and never back. Each run is its checks and one step
// a collector, weighed by their costs (collectors/registry.h).
//
// Owns: the events' common fields. Threads: one.
#pragma once

#include <algorithm>
#include <utility>

#include "app/session/profile.h"
#include "app/session/workbench.h"

namespace flashcore::session {

class ProgressMeter {
 public:
  // Shares of a run beside collectors of cost 1: the check of both inputs, and the one after timing.
  static constexpr double kCheckCost = 0.2;
  static constexpr double kCheckAfterCost = 0.05;

  ProgressMeter(const OnEvent& on_event, int run_count, double run_cost)
      : on_event_(on_event), run_count_(run_count), all_(std::max(run_cost * run_count, 1e-9)) {}

  // The step at hand weighs `cost`; what was begun before counts as done.
  void begin(double cost) {
    passed_ += std::exchange(step_, cost);
    within_ = 0;
  }
  void skip(double cost) {
    begin(cost);
    begin(0);
  }

  // The step at hand has failed and is done again in other steps.
  void again() { step_ = within_ = 0; }

  void tell(ProfileEvent event, core::RowId session) {
    if (event.kind == ProfileEvent::Kind::kStep && event.total > 0) {
      within_ = std::clamp(static_cast<double>(event.done) / event.total, within_, 1.0);
    }
    told_ = std::clamp((passed_ + step_ * within_) / all_, told_, 1.0);
    if (told_ > 1 - kRounding) told_ = 1;  // costs are summed in another order than they are passed
    event.run_count = run_count_;
    event.session_id = session;
    event.fraction = told_;
    if (on_event_) on_event_(event);
  }
  void finish() { passed_ = all_; }

 private:
  static constexpr double kRounding = 1e-9;

  const OnEvent& on_event_;
  int run_count_;
  double all_, passed_ = 0, step_ = 0, within_ = 0, told_ = 0;
};

}  // namespace flashcore::session
