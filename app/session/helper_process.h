// HelperProcess: `flashcore-profile helper`, a process in which one collector stays ready. Both ends speak
// JSON, one object a line.
//
// To the helper (standard input; its end ends the helper):
//   {"cmd": "begin", "collector": ID, "device": 0, "subjects": [ID, ..]}   once, first; subjects may be left
//   out
//   {"cmd": "start", "options": {..}}                                   once, before the first collect
//   {"cmd": "prepare", "tasks": [{"subject": "wmma", "problem": TEXT, "seed": 0}, ..]}
//   {"cmd": "collect", "tasks": [..]}
//   {"cmd": "cancel"}                                                   of the collection at hand
//   {"cmd": "end"}                                                      the last
// From the helper (standard output; what a kernel prints goes to standard error), in the order asked:
//   {"event": "begun"}                                                  its context on the device is there
//   {"event": "ready"}                                                  of start: the collector is set up
//   {"event": "prepared"}
//   {"event": "progress", "done": 1, "total": 4}
//   {"event": "measurements", "measurements": [{..}, ..]}               the answer of collect, one a task, or
//   {"event": "error", "code", "message", "hint", "detail"}
//   {"event": "ended"}                                                  the collector is gone, the process
//   follows
// "begun", "ready" and "prepared" say that it is done with it; what went wrong is the answer to the next
// collect. Where no line waits after begin, the helper goes on with what its collector can do without
// options. An unknown cmd, event, key or code is an error.
//
// Measurements have the helper's own steps first: "context", "initialise" and "prepare", each in the first
// answer after it was done.
//
// Owns: the process. Threads: one. Errors: kExternalTool where it cannot be started, died, speaks nonsense or
// said nothing for `patience`; the caller ends it then and starts another.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/session/helper.h"
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

  core::Status begin(const std::string& collector, int device,
                     std::span<const std::string> subjects) override;
  core::Status start(const collectors::CollectOptions& options) override;
  core::Status prepare(std::span<const HelperTask> tasks) override;
  void settle(SetUp until, std::chrono::milliseconds patience, const core::CancelToken& cancel) override;
  core::Result<std::vector<core::MeasurementRecord>> collect(std::span<const HelperTask> tasks,
                                                             const core::CancelToken& cancel,
                                                             const collectors::Progress& progress) override;
  void end() override;
  void await_end(std::chrono::milliseconds patience) override;
  bool alive() override;
  int pid() const { return child_ ? child_->pid() : 0; }

 private:
  struct Said;
  core::Result<std::optional<Said>> listen(std::chrono::milliseconds patience);
  bool settled(SetUp until) const;
  core::Error gone(const core::Error& why);

  core::ChildSpec spec_;
  HelperPatience patience_;
  std::unique_ptr<core::LineChild> child_;
  bool begun_ = false, ready_ = false, ended_ = false;
  bool told_to_end_ = false;
  int preparing_ = 0;    // told and not yet done
  bool broken_ = false;  // it hung or spoke nonsense: nothing it says is believed any more
};

// The helper's end: serves one stream until it ends or the parent has gone; the program's exit code. Takes
// over standard output. `make_bench` is called when the first line has come.
int serve_helper(const std::function<std::unique_ptr<Workbench>()>& make_bench);

}  // namespace flashcore::session
