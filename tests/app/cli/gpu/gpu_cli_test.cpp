// The whole way of a run on a real GPU, through the program as a person calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "app/session/devices.h"
#include "core/child_process.h"
#include "store/store.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::tests {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class GpuCli : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto devices = session::list_devices();
    if (!devices) GTEST_SKIP() << "SKIPPED: " << devices.error().message;
  }

  std::vector<std::string> command(std::vector<std::string> arguments) const {
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    arguments.insert(arguments.begin(),
                     (self.parent_path().parent_path() / "bin/flashcore-profile").string());
    return arguments;
  }
  Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
    environment.emplace("XDG_DATA_HOME", folder_.path().string());
    return run_program(command(std::move(arguments)), environment);
  }
  static json request(const std::string& db, const std::vector<std::string>& phases,
                      const std::vector<std::string>& problems, int iterations) {
    return {{"cmd", "profile"},     {"id", 1},        {"db", db},           {"phases", phases},
            {"problems", problems}, {"set", "quick"}, {"iters", iterations}};
  }
  static bool has_diagnostic(const json& run, const std::string& code) {
    return std::any_of(run["diagnostics"].begin(), run["diagnostics"].end(),
                       [&](const json& d) { return d["code"] == code; });
  }

  TemporaryFolder folder_;
};

TEST_F(GpuCli, AllPhasesOnTheMissionFillEverySection) {
  const auto report = folder_ / "report.html";
  const auto outcome =
      run({"--phase", "all", "--shape", "mission", "--json", "-", "--report", report.string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(report));
  const json runs = json::parse(outcome.out)["runs"];
  ASSERT_GE(runs.size(), 3U);
  for (const json& run : runs) {
    SCOPED_TRACE(run["phase"].get<std::string>());
    EXPECT_EQ(run["recording"], false);
    EXPECT_EQ(run["correctness"]["passed"], true);
    EXPECT_LE(run["correctness"]["max_error"].get<double>(), 2e-3);
    EXPECT_EQ(run["timing"]["graph_us"]["n"], 50);  // half as many replays as launches
    EXPECT_EQ(run["timing"]["launch_us"]["n"], 100);
    EXPECT_LE(run["timing"]["graph_us"]["p50"], run["timing"]["launch_us"]["p50"]);
    for (const char* metric : {"tensor_pipe_active", "achieved_occupancy", "dram_throughput", "l2_bytes",
                               "stall_long_scoreboard_share"}) {
      ASSERT_TRUE(run["metrics"].contains(metric)) << metric;
      EXPECT_TRUE(run["metrics"][metric]["value"].is_number()) << metric << run["metrics"][metric];
    }
    EXPECT_FALSE(has_diagnostic(run, "counters_refused"));
  }
}

// Both inputs are checked before timing, and once more what the timed launches left; all phases of the
// problem share their passes, and where the time went is told.
TEST_F(GpuCli, PhasesAreTakenTogetherInEitherStateOfTheCaches) {
  const auto db = (folder_ / "runs.db").string();
  for (const std::string state : {"warm", "cold"}) {
    SCOPED_TRACE(state);
    const auto outcome = run({"--phase", "baseline,wmma", "--shape", "mission", "--cache", state, "--db", db,
                              "--iters", "20", "--verbose"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("cupti of baseline, wmma on mission"));
    for (const char* step : {"  driver ", "  check ", "  timing ", "  counting ", "  store ", "  total "})
      EXPECT_THAT(outcome.err, HasSubstr(step));
    std::cout << outcome.err;
  }
  auto store = store::Store::open(db, store::Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  for (const core::RowId id : {1, 2, 3, 4}) {
    const auto run = store->read_run(id);
    ASSERT_TRUE(run) << core::to_text(run.error());
    EXPECT_EQ(run->cache, id <= 2 ? core::CacheState::kWarm : core::CacheState::kCold);
    EXPECT_EQ(run->answer, core::Answer::kRight);
    const auto checks = run->measured_by("check");
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0]->checks.size(), 2U);
    EXPECT_EQ(checks[1]->parameters.at("moment"), "after timing");
    const auto counted = run->measured_by("cupti");
    ASSERT_EQ(counted.size(), 1U);
    EXPECT_TRUE(counted[0]->parameters.contains("shared_with"));
  }
  EXPECT_EQ(store->read_session(2)->steps.back().name, "total");
}

TEST_F(GpuCli, AWrongKernelExits4AndIsNotTimed) {
  const auto outcome = run({"--phase", "broken", "--shape", "small", "--json", "-"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  const json run = json::parse(outcome.out)["runs"][0];
  EXPECT_EQ(run["correctness"]["passed"], false);
  EXPECT_TRUE(run["timing"]["graph_us"].is_null());
  EXPECT_TRUE(has_diagnostic(run, "wrong_answer"));
}

TEST_F(GpuCli, RefusedCountersLeaveTheTiming) {
  // Without an ncu to fall to, so that the ladder ends at the timing.
  const auto no_ncu = (folder_ / "none").string();
  for (const std::string why : {"permission", "virtual_gpu", "busy"}) {
    const std::map<std::string, std::string> simulated{{"FLASHCORE_SIMULATE_REFUSAL", why}};
    const auto outcome =
        run({"--phase", "wmma", "--shape", "tiny", "--ncu-path", no_ncu, "--json", "-"}, simulated);
    ASSERT_EQ(outcome.exit_code, 0) << why << outcome.err;
    const json run_json = json::parse(outcome.out)["runs"][0];
    EXPECT_TRUE(run_json["timing"]["graph_us"]["p50"].is_number());
    EXPECT_TRUE(has_diagnostic(run_json, "counters_refused"));
    EXPECT_TRUE(has_diagnostic(run_json, "counters_fell_back"));
    EXPECT_TRUE(has_diagnostic(run_json, "counters_missing"));
    EXPECT_TRUE(run_json["metrics"]["tensor_pipe_active"]["value"].is_null());
    EXPECT_EQ(run({"--phase", "wmma", "--shape", "tiny", "--strict"}, simulated).exit_code, 3) << why;
  }
}

// An enabled range profiler slows every launch of its process for good, so the process that times has none.
TEST_F(GpuCli, TheProcessThatTimesNeverLoadsCupti) {
  const auto db = (folder_ / "worker.db").string();
  auto worker =
      core::LineChild::start({.program = command({}).front(), .arguments = {"worker"}, .environment = {}});
  ASSERT_TRUE(worker);
  ASSERT_TRUE((*worker)->write_line(request(db, {"wmma"}, {"tiny"}, 5).dump()));
  for (std::string said; said.find("\"event\":\"finished\"") == std::string::npos;) {
    auto line = (*worker)->read_line(std::chrono::seconds(120));
    ASSERT_TRUE(line && *line) << (*worker)->errors();
    said = **line;
  }
  std::ifstream maps("/proc/" + std::to_string((*worker)->pid()) + "/maps");
  const std::string mapped{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
  EXPECT_THAT(mapped, HasSubstr("libcuda"));
  EXPECT_THAT(mapped, ::testing::Not(HasSubstr("libcupti")));
}

TEST_F(GpuCli, AWorkerKeepsItsHelperWarm) {
  const auto db = (folder_ / "worker.db").string();
  Program program(command({"worker"}));
  std::vector<double> seconds;
  for (int id = 1; id <= 3; ++id) {
    auto asked = request(db, {"wmma"}, {"tiny"}, 5);
    asked["id"] = id;
    const auto before = std::chrono::steady_clock::now();
    program.say(asked.dump() + "\n");
    ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":" + std::to_string(id)));
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
  }
  program.close_input();
  EXPECT_EQ(program.finish().exit_code, 0);
  std::cout << "requests took " << seconds[0] << ", " << seconds[1] << " and " << seconds[2] << " s\n";
  EXPECT_LT(seconds[2], seconds[0]);
}

// Seen before: a kill during counting lost all timed runs.
TEST_F(GpuCli, KilledAtTwentyMomentsNothingThatWasTimedIsLost) {
  std::size_t all_timed = 0;
  for (int moment = 0; moment < 20; ++moment) {
    SCOPED_TRACE(moment);
    const auto db = folder_ / ("kill" + std::to_string(moment) + ".db");
    Program program(command({"worker"}));
    program.say(
        request(db.string(), {"baseline", "wmma", "cublas"}, {"tiny", "small", "medium", "mission"}, 20)
            .dump() +
        "\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(300 + 350 * moment));
    program.send(SIGKILL);
    const auto outcome = program.finish();
    std::vector<core::RowId> timed;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line) && !lines.eof();) {
      const json event = json::parse(line);
      if (event.value("step", "") == "timing" && event["done"] == event["total"])
        timed.push_back(event["run"]);
    }
    all_timed += timed.size();
    if (timed.empty() && !std::filesystem::exists(db)) continue;
    auto store = store::Store::open(db);
    ASSERT_TRUE(store) << core::to_text(store.error());
    for (const auto id : timed) {
      const auto run = store->read_run(id);
      ASSERT_TRUE(run) << core::to_text(run.error());
      const auto samples = core::all_samples(*run);
      const auto of = [&](core::SampleKind kind) {
        return std::count_if(samples.begin(), samples.end(), [&](const auto& s) { return s.kind == kind; });
      };
      EXPECT_EQ(of(core::SampleKind::kLaunch), 20);
      EXPECT_EQ(of(core::SampleKind::kGraph), 10);
    }
    const auto sessions = store->list_sessions();
    ASSERT_TRUE(sessions) << core::to_text(sessions.error());
    for (const auto& s : sessions->sessions) EXPECT_GT(s.run_count, 0);
  }
  EXPECT_GT(all_timed, 20U);
}

TEST_F(GpuCli, WhatDoesNotExistOrFitIsNeverLaunched) {
  const auto device = run({"--device", "77"});
  EXPECT_EQ(device.exit_code, 3);
  EXPECT_THAT(device.err, HasSubstr("77"));
  const auto memory = run({"--phase", "wmma", "--shape", "1024,1024,4096,64"});
  EXPECT_EQ(memory.exit_code, 2);
  EXPECT_THAT(memory.err, HasSubstr("memory"));
}

// The profiler slows every launch after it, so it may only come when all is timed.
TEST_F(GpuCli, EveryRunIsTimedBeforeTheFirstIsCounted) {
  const auto db = (folder_ / "worker.db").string();
  Program program(command({"worker"}));
  program.say(request(db, {"baseline", "wmma"}, {"tiny", "small"}, 5).dump() + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\""));
  program.close_input();
  const auto outcome = program.finish();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const auto last_timing = outcome.out.rfind("\"step\":\"timing\"");
  const auto first_count = outcome.out.find("\"step\":\"cupti\"");
  ASSERT_NE(last_timing, std::string::npos);
  ASSERT_NE(first_count, std::string::npos);
  EXPECT_LT(last_timing, first_count);

  double before = 0;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line);
    if (!event.contains("fraction")) continue;
    EXPECT_GE(event["fraction"].get<double>(), before) << line;
    before = event["fraction"].get<double>();
  }
  EXPECT_DOUBLE_EQ(before, 1.0);
}

TEST_F(GpuCli, CtrlCKeepsWhatIsFinishedAndTheDatabaseWhole) {
  const auto db = (folder_ / "stopped.db").string();
  Program program(command({"worker"}));
  program.say(request(db, {"wmma", "baseline"}, {"tiny", "long"}, 1000).dump() + "\n");
  ASSERT_TRUE(program.wait_for("\"problem\":\"long\"")) << "no run of `long` began";
  program.send(SIGINT);
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  auto store = store::Store::open(db, store::Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  const auto page = store->list_runs({.limit = 100});
  ASSERT_TRUE(page);
  ASSERT_FALSE(page->runs.empty());
  EXPECT_TRUE(
      page->runs.back().graph_p50_ns.has_value());  // the first one was timed before the long one began
}

}  // namespace
}  // namespace flashcore::tests
