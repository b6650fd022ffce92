// What the desktop app and its helper process say to one another: JSON, one object a line.
//
// To the worker (`flashcore-profile worker`, standard input):
//   {"cmd": "profile", "db": PATH, "phases": [..], "shapes": [..], "causal": bool, "collect": [..],
//    "set": "standard", "warmup": 20, "iters": 100, "device": 0, "tags": {}, "replay": PATH or absent}
//   {"cmd": "cancel"}            (closing the stream cancels too)
// From the worker (standard output):
//   {"event": "session", "session": 3}
//   {"event": "run_started" | "step" | "run_finished" | "run_skipped", "phase", "shape", "run_index",
//    "run_count", "step", "done", "total", "fraction", "run", "text"}
//   {"event": "finished", "session", "runs": [..], "wrong_answers", "cancelled", "exit_code",
//    "diagnostic"}
//   {"event": "error", "code", "message", "hint", "exit_code"}
//
// Owns: nothing. Errors: kUsage for a line that is not such an object. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "app/session/profile.h"

namespace flashcore::session {

struct WorkerRequest {
  ProfileRequest profile;
  std::string database;
  std::vector<std::string> shapes;  // as typed; the worker parses them
  bool causal = false;
  std::optional<std::string> replay;  // "" stands for the shipped recording
};
struct WorkerCancel {};
using WorkerCommand = std::variant<WorkerRequest, WorkerCancel>;

core::Result<WorkerCommand> parse_command(std::string_view line);
std::string to_line(const WorkerRequest& request);
std::string cancel_line();

struct WorkerFinished {
  ProfileOutcome outcome;
  int exit_code = 0;
};
struct WorkerError {
  core::Error error;
  int exit_code = 0;
};
using WorkerMessage = std::variant<ProfileEvent, WorkerFinished, WorkerError>;

std::string to_line(const WorkerMessage& message);
core::Result<WorkerMessage> parse_message(std::string_view line);

}  // namespace flashcore::session
