// profile() on the fake workbench as a program of its own, for tests that kill it:
//   fake_profile profile DATABASE RUNS MILLISECONDS   takes RUNS runs, sleeping that long in every step
//   fake_profile helper                               its helper; FAKE_HELPER says how it misbehaves
// Says "timed RUN" when a run's timing is told to be stored.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "app/session/profile.h"
#include "tests/app/session/fake_workbench.h"

namespace {

using namespace flashcore;

std::chrono::milliseconds pause_of(const char* text) {
  return std::chrono::milliseconds(text == nullptr ? 0 : std::atoi(text));
}

int help_out() {
  const char* how = std::getenv("FAKE_HELPER");
  const std::string way = how == nullptr ? "" : how;
  static tests::FakeWorld world;
  world.on_step = [way](const std::string& step, const std::string& subject,
                        const core::CancelToken* cancel) -> core::Status {
    // What is on the device when a step begins, for who reads it.
    if (way == "tell")
      std::fprintf(stderr, "%s %s beside %d\n", step.c_str(), subject.c_str(), world.prepared);
    if (way == "unprepared" && step == "prepare" && subject == "fast")
      return core::fail(core::ErrorCode::kUsage, "the memory does not hold it", "take less");
    if (step != "cupti") return {};
    std::this_thread::sleep_for(pause_of(std::getenv("FAKE_PAUSE_MS")));
    if (way == "crash" && subject == "fast") {
      std::fputs("an illegal memory access was encountered\n", stderr);
      std::raise(SIGKILL);
    }
    if (way == "hang" && subject == "fast") std::this_thread::sleep_for(std::chrono::minutes(10));
    if (way == "nonsense" && subject == "fast") std::puts("a kernel that prints");  // goes to standard error
    if (way == "slow") {
      while (!cancel->requested()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (way == "device" && subject == "fast")
      return core::fail(core::ErrorCode::kDevice, "the launch failed", "look again");
    return {};
  };
  return session::serve_helper([] { return std::make_unique<tests::FakeWorkbench>(world); });
}

int take_runs(const std::string& database, int runs, std::chrono::milliseconds pause) {
  auto store = store::Store::open(database);
  if (!store) return 5;
  tests::FakeWorld world;
  world.on_step = [&](const auto&, const auto&, const auto*) {
    std::this_thread::sleep_for(pause);
    return core::Status();
  };
  char self[4096] = {};
  if (::readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 2;
  tests::FakeWorkbench bench(world, self);
  session::ProfileRequest request;
  request.phases = {"slow"};
  request.iterations = 5;
  for (int i = 1; i <= runs; ++i)
    request.problems.push_back(*core::parse_problem(fmt::format("1,1,{},64", 16 * i)));
  const core::CancelToken cancel;
  const auto on_event = [](const session::ProfileEvent& e) {
    if (e.kind == session::ProfileEvent::Kind::kStep && e.step == "timing" && e.done == e.total) {
      std::printf("timed %lld\n", static_cast<long long>(e.run_id));
      std::fflush(stdout);
    }
  };
  const auto catalogue = analysis::Catalogue::builtin();
  auto outcome = session::profile(request, bench, *store, *catalogue, cancel, on_event);
  std::puts(outcome ? "done" : outcome.error().message.c_str());
  return outcome ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "helper") return help_out();
  if (mode == "profile" && argc == 5) return take_runs(argv[2], std::atoi(argv[3]), pause_of(argv[4]));
  std::fputs("usage: fake_profile profile DATABASE RUNS MILLISECONDS | helper\n", stderr);
  return 2;
}
