// A helper process that misbehaves in the way that MISBEHAVIOUR names: what a crashing kernel, an
// exiting driver, a chatty kernel and a hung one do to the window.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

void say(const char* line) {
  std::puts(line);
  std::fflush(stdout);
}

void readLine() {
  int c = 0;
  while ((c = std::getchar()) != EOF && c != '\n') {
  }
}

}  // namespace

int main() {
  const char* how = std::getenv("MISBEHAVIOUR");
  const std::string way = how ? how : "abort";
  readLine();  // the request
  say(R"({"event": "session", "session": 1, "run_count": 2})");
  say(R"({"event": "run_started", "phase": "wmma", "shape": "mission", "run_index": 0, "run_count": 2})");
  if (way == "abort") {
    std::fputs("an illegal memory access was encountered\n", stderr);
    std::abort();
  }
  if (way == "exit") std::exit(7);
  if (way == "chatty") {
    say("printf from a kernel, no JSON at all");
    say(R"({"event": "error", "code": "device", "message": "the launch failed", "hint": "look again", "exit_code": 3})");
    return 3;
  }
  if (way == "cancellable") {
    readLine();  // the cancel
    say(R"({"event": "finished", "session": 0, "runs": [], "wrong_answers": 0, "cancelled": true, "exit_code": 130})");
    return 130;
  }
  // hung: until the window's end closes the stream or kills it
  std::this_thread::sleep_for(std::chrono::minutes(5));
  return 0;
}
