// What the desktop app and its helper process say to one another: JSON, one object a line.
//
// To the worker (`flashcore-profile worker`, standard input), as many requests as one likes, one after
// another; a worker keeps its helpers warm between them:
//   {"cmd": "profile", "id": 7, "db": PATH, "phases": [..], "problems": [TEXT..], "causal": bool,
//    "collect": [ids of the registry], "set": "standard", "warmup": 20, "iters": 100, "cache": "warm",
//    "replay_cache": "warm" | "cold" or absent, "device": 0, "seed": 0, "strict": false, "nvtx": "",
//    "ncu_path": "", "ncu_sets": [], "keep_report": false, "tags": {}, "command": "flashcore", "replay": PATH
//    or absent}
//   {"cmd": "import", "id": 8, "db": PATH, "files": [..], "tags": {}, ...}
//   {"cmd": "cancel"}            (of the request at hand; closing the stream cancels and ends the worker)
// From the worker (standard output); every line carries the request's id:
//   {"id", "event": "session", "session": 3}
//   {"id", "event": "run_started" | "step" | "run_finished" | "run_skipped" | "note", "subject", "problem",
//    "run_index", "run_count", "step", "done", "total", "fraction", "run", "text"}
//   {"id", "event": "finished", "session", "runs": [..], "wrong_answers", "cancelled", "exit_code",
//    "steps": [{"name", "ms"}, ..], ...}
//   {"id", "event": "error", "code", "message", "hint", "exit_code"}
// A key that is missing has its default; an unknown key, cmd, event or error code is an error, never
// silently the first of a list.
//
// Owns: nothing. Errors: kUsage for a line that is not such an object. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "app/session/import.h"
#include "app/session/profile.h"

namespace flashcore::session {

struct WorkerRequest {
  std::int64_t id = 0;
  std::string database;
  ProfileRequest profile;             // the whole of it
  std::optional<std::string> replay;  // "" stands for the shipped recording
};
struct WorkerImport {
  std::int64_t id = 0;
  std::string database;
  ImportRequest request;
};
struct WorkerCancel {};
using WorkerCommand = std::variant<WorkerRequest, WorkerImport, WorkerCancel>;

core::Result<WorkerCommand> parse_command(std::string_view line);
std::string to_line(const WorkerRequest& request);
std::string to_line(const WorkerImport& request);
std::string cancel_line();

struct WorkerFinished {
  ProfileOutcome outcome;
  int exit_code = 0;
};
struct WorkerError {
  core::Error error;
  int exit_code = 0;
};
struct WorkerMessage {
  std::int64_t id = 0;
  std::variant<ProfileEvent, WorkerFinished, WorkerError> content;
};

std::string to_line(const WorkerMessage& message);
core::Result<WorkerMessage> parse_message(std::string_view line);

}  // namespace flashcore::session
