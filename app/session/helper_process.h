// HelperProcess: `flashcore-profile helper`, a process in which one collector stays ready. Both ends speak
// JSON, one object a line.
//
// To the helper (standard input; its end ends the helper):
//   {"cmd": "start", "collector": ID, "device": 0, "options": {..}}     once, first
//   {"cmd": "collect", "subject": "wmma", "problem": TEXT, "seed": 0}
//   {"cmd": "cancel"}                                                   of the collection at hand
// From the helper (standard output; what a kernel prints goes to standard error):
//   {"event": "ready"}
//   {"event": "progress", "done": 1, "total": 4}
//   {"event": "measurement", "measurement": {..}}                       the answer of collect, or
//   {"event": "error", "code", "message", "hint", "detail"}
// An unknown cmd, event, key or code is an error.
//
// Owns: the process. Threads: one. Errors: kExternalTool where it cannot be started, died, speaks nonsense or
// said nothing for `patience`; the caller ends it then and starts another.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "app/session/workbench.h"
#include "core/child_process.h"

namespace flashcore::session {

struct HelperPatience {
  std::chrono::milliseconds silence{120'000};      // without a line while it works: it hangs
  std::chrono::milliseconds after_cancel{10'000};  // until a cancelled collection has answered
};

class HelperProcess final : public Helper {
 public:
  explicit HelperProcess(core::ChildSpec spec, HelperPatience patience = {})
      : spec_(std::move(spec)), patience_(patience) {}

  core::Status start(const std::string& collector, int device,
                     const collectors::CollectOptions& options) override;
  void settle(std::chrono::milliseconds patience, const core::CancelToken& cancel) override;
  core::Result<core::MeasurementRecord> collect(const std::string& subject, const core::Problem& problem,
                                                std::uint64_t seed, const core::CancelToken& cancel,
                                                const collectors::Progress& progress) override;
  bool alive() override;
  int pid() const { return child_ ? child_->pid() : 0; }

 private:
  struct Said;
  core::Result<std::optional<Said>> listen(std::chrono::milliseconds patience);
  core::Error gone(const core::Error& why);

  core::ChildSpec spec_;
  HelperPatience patience_;
  std::unique_ptr<core::LineChild> child_;
  bool ready_ = false;
  bool broken_ = false;  // it hung or spoke nonsense: nothing it says is believed any more
};

// The helper's end: serves one stream until it ends or the parent has gone; the program's exit code. Takes
// over standard output. `make_bench` is called when the first line has come.
int serve_helper(const std::function<std::unique_ptr<Workbench>()>& make_bench);

}  // namespace flashcore::session
