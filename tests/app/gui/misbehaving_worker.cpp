// A helper process that misbehaves in the way that MISBEHAVIOUR names: what a crashing kernel, an
// exiting driver, a chatty kernel and a hung one do to the window. Ways may be joined by commas: one a
// request, the last for all that come after. MISBEHAVIOUR_LOG, where it is set, takes a line for each process
// that starts and each request.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

// The request's number, as text.
std::string idOf(const std::string& request) {
  const auto key = request.find("\"id\":");
  if (key == std::string::npos) std::exit(9);
  std::string digits;
  for (std::size_t at = key + 5; at < request.size(); ++at) {
    const char c = request[at];
    if (c >= '0' && c <= '9') digits += c;
    if (c == ',' || c == '}') break;
  }
  return digits;
}

void say(const std::string& line) {
  std::cout << line << '\n' << std::flush;
}

void note(const std::string& line) {
  const char* path = std::getenv("MISBEHAVIOUR_LOG");
  if (path) std::ofstream(path, std::ios::app) << line << '\n';
}

void finish(const std::string& id, const char* more) {
  say("{\"id\": " + id + ", \"event\": \"finished\", \"session\": 0, \"runs\": [], \"wrong_answers\": 0, " +
      more + "}");
}

void serve(const std::string& way, const std::string& id) {
  if (way == "silent") {
    std::this_thread::sleep_for(std::chrono::minutes(5));
    return;
  }
  say("{\"id\": " + id + R"(, "event": "session", "session": 1, "run_count": 2})");
  say("{\"id\": " + id +
      R"(, "event": "run_started", "subject": "wmma", "problem": "mission", "run_index": 0, "run_count": 2})");
  if (way == "abort") {
    std::cerr << "an illegal memory access was encountered\n";
    std::abort();
  }
  if (way == "exit") std::exit(7);
  if (way == "chatty") {
    say("printf from a kernel, no JSON at all");
    say("{\"id\": " + id +
        R"(, "event": "error", "code": "device", "message": "the launch failed", "hint": "look again", "exit_code": 3})");
    return;
  }
  if (way == "late") {
    // An answer to something that was asked before.
    say(R"({"id": 999, "event": "error", "code": "device", "message": "late", "hint": "", "exit_code": 3})");
    finish(id, R"("cancelled": false, "exit_code": 0)");
    return;
  }
  if (way == "well" || way == "leave") {
    finish(id, R"("cancelled": false, "exit_code": 0)");
    if (way == "leave") std::exit(0);
    return;
  }
  if (way == "cancellable") {
    std::string cancel;
    std::getline(std::cin, cancel);
    finish(id, R"("cancelled": true, "exit_code": 130)");
    return;
  }
  // hung: until the window's end closes the stream or kills it
  std::this_thread::sleep_for(std::chrono::minutes(5));
}

}  // namespace

int main() {
  const char* how = std::getenv("MISBEHAVIOUR");
  std::vector<std::string> ways;
  std::istringstream list(how ? how : "abort");
  for (std::string way; std::getline(list, way, ',');) ways.push_back(way);
  note("start");
  std::string request;
  for (std::size_t n = 0; std::getline(std::cin, request); ++n) {
    note("request " + idOf(request));
    serve(ways[n < ways.size() ? n : ways.size() - 1], idOf(request));
  }
  return 0;
}
