#include "app/session/worker_protocol.h"
#include "tests/fuzz/target.h"

namespace flashcore::fuzz {
namespace {

void check(const core::Error& error) {
  promise(error.code == core::ErrorCode::kUsage, "a line that is refused is kUsage", error.message);
  promise(error.message.size() < 1000, "a message is cut", error.message.substr(0, 1000));
}

}  // namespace

void run(std::string_view input) {
  using namespace session;
  if (const auto command = parse_command(input)) {
    // What was understood is said again in the same way.
    if (const auto* request = std::get_if<WorkerRequest>(&*command)) {
      const auto again = parse_command(to_line(*request));
      promise(again.has_value() && std::holds_alternative<WorkerRequest>(*again), "a request round-trips",
              input);
      promise(to_line(std::get<WorkerRequest>(*again)) == to_line(*request), "a request round-trips", input);
    }
    if (const auto* request = std::get_if<WorkerImport>(&*command)) {
      const auto again = parse_command(to_line(*request));
      promise(again.has_value() && std::holds_alternative<WorkerImport>(*again), "an import round-trips",
              input);
    }
  } else {
    check(command.error());
  }
  if (const auto message = parse_message(input)) {
    const auto again = parse_message(to_line(*message));
    promise(again.has_value() && again->id == message->id, "a message round-trips", input);
  } else {
    check(message.error());
  }
}

std::vector<std::string> seeds() {
  using namespace session;
  std::vector<std::string> all{
      cancel_line(),
      to_line(WorkerRequest{}),
      to_line(WorkerImport{}),
      R"({"cmd": "profile", "id": 7, "db": "runs.db", "phases": ["wmma"], "problems": ["mission,causal"],)"
      R"( "collect": ["timing", "cupti"], "set": "standard", "warmup": 20, "iters": 100, "device": 0, "seed": 3,)"
      R"( "strict": true, "nvtx": "wmma/*", "ncu_sets": ["detailed"], "tags": {"a": "b"}, "command": "flashcore"})",
      R"({"cmd": "import", "id": 8, "db": "runs.db", "files": ["a.csv", "b.json"], "tags": {}})",
      R"({"id": 7, "event": "session", "session": 3})",
      R"({"id": 7, "event": "step", "subject": "wmma", "problem": "mission", "run_index": 0, "run_count": 2,)"
      R"( "step": "timing", "done": 3, "total": 100, "fraction": 0.03, "run": 4, "text": "x"})",
      R"({"id": 7, "event": "finished", "session": 3, "runs": [4, 5], "wrong_answers": 0, "cancelled": false,)"
      R"( "exit_code": 0})",
      R"({"id": 7, "event": "error", "code": "usage", "message": "m", "hint": "h", "exit_code": 2})"};
  WorkerMessage failed{7, WorkerError{{core::ErrorCode::kDevice, "message", "hint", "context"}, 3}};
  all.push_back(to_line(failed));
  return all;
}

int mutations_of_a_seed() {
  return 2000;
}

}  // namespace flashcore::fuzz
