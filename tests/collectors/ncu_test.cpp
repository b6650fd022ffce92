// The collector against programs that answer as ncu does; what they say is ncu 2025.3.1's own.
#include "collectors/ncu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "collectors/ncu_answer.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::collectors {
namespace {

using namespace std::chrono_literals;
using core::MeasurementStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A launch of `kernels` kernels that nobody launches here.
class Elsewhere : public core::Launchable {
 public:
  explicit Elsewhere(int kernels) : kernels_(kernels) {}
  std::string_view label() const override { return "wmma, mission"; }
  core::Status launch(core::StreamHandle) override { return {}; }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return kernels_; }

 private:
  int kernels_;
};

std::string table(std::initializer_list<const char*> kernels) {
  std::string text =
      "\"ID\",\"Process ID\",\"Kernel Name\",\"gpu__time_duration.sum\",\"sm__inst_executed.sum\"\n"
      "\"\",\"\",\"\",\"ns\",\"inst\"\n";
  int id = 0;
  for (const char* kernel : kernels) {
    text += fmt::format("\"{}\",\"7\",\"{}\",\"{}\",\"5\"\n", id, kernel, 1000 + id);
    ++id;
  }
  return text;
}

class Ncu : public ::testing::Test {
 protected:
  Ncu()
      : target_{.relaunch =
                    [](int n) {
                      return Relaunch{"/bin/echo", {"launch", std::to_string(n)}};
                    },
                .label = "wmma on mission"} {
    ::mkdir(temporary().c_str(), 0777);
    ::setenv("TMPDIR", temporary().c_str(), 1);
    ::unsetenv("FLASHCORE_NCU_PATH");
    target_.launchable = &launchable_;
    options_.ncu_path = (folder_ / "ncu").string();
    options_.counters = {"gpu__time_duration.sum", "sm__inst_executed.sum"};
  }
  ~Ncu() override { ::unsetenv("TMPDIR"); }

  std::string temporary() const { return (folder_ / "temporary").string(); }
  // A fake ncu that answers --version by itself and else runs `script`; what it was told is in "arguments".
  void fake(const std::string& script, const std::string& version = "2025.3.1.0") {
    const auto path = folder_ / "ncu";
    std::ofstream(path) << "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'Version " << version
                        << " (build 1)'; exit 0; fi\nfor a in \"$@\"; do echo \"$a\"; done >> "
                        << (folder_ / "arguments") << "\necho x > \"$TMPDIR/nsight-compute-lock\"\n"
                        << script << "\n";
    ::chmod(path.c_str(), 0755);
  }
  void fake_table(std::initializer_list<const char*> kernels) {
    std::ofstream(folder_ / "table") << table(kernels);
    fake(
        "echo '==PROF== Connected to process 7 (/bin/x)'; echo '==PROF== Disconnected from process 7'; cat " +
        (folder_ / "table").string());
  }
  std::vector<std::string> arguments() const {
    std::vector<std::string> all;
    std::ifstream in(folder_ / "arguments");
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  core::Result<core::MeasurementRecord> collect(const Progress& progress = {}) {
    return make_ncu_collector(options_, limits_)->collect(target_, cancel_, progress);
  }
  core::MeasurementRecord measured() {
    auto measurement = collect();
    EXPECT_TRUE(measurement) << core::to_text(measurement.error());
    EXPECT_TRUE(std::filesystem::is_empty(temporary())) << "something was left in the temporary folder";
    return measurement.value_or(core::MeasurementRecord{});
  }
  // What stands against ncu: the status, a diagnostic with a remedy, and the counters missing with the
  // reason.
  void expect_trouble(MeasurementStatus status, const std::string& code, const std::string& words) {
    const auto m = measured();
    EXPECT_EQ(m.status, status) << m.reason;
    ASSERT_EQ(m.diagnostics.size(), 1U);
    EXPECT_EQ(m.diagnostics[0].code, code);
    EXPECT_THAT(m.diagnostics[0].message, HasSubstr(words));
    EXPECT_NE(m.diagnostics[0].hint, "");
    ASSERT_EQ(m.counters.size(), options_.counters.size());
    EXPECT_FALSE(m.counters[0].value);
    EXPECT_NE(m.counters[0].reason, "");
  }

  tests::TemporaryFolder folder_;
  Elsewhere launchable_{1};
  Target target_;
  CollectOptions options_;
  NcuLimits limits_;
  core::CancelToken cancel_;
};

TEST_F(Ncu, CountsAWarmLaunch) {
  fake_table({"void attention_wmma<64>(View)"});
  const auto m = measured();
  EXPECT_EQ(m.status, MeasurementStatus::kComplete) << m.reason;
  EXPECT_EQ(m.collector, "ncu");
  EXPECT_EQ(m.tool, "Nsight Compute");
  EXPECT_EQ(m.tool_version, "2025.3.1.0");
  EXPECT_EQ(m.kernels.at(0).name, "attention_wmma<64>");
  EXPECT_EQ(m.counters.at(0).value, 1000);
  EXPECT_EQ(m.parameters.at("replay"), "application");
  EXPECT_EQ(m.parameters.at("cache"), "warm");
  EXPECT_EQ(m.parameters.at("set"), "standard");
  EXPECT_THAT(
      arguments(),
      ElementsAre("--csv", "--page", "raw", "--print-units", "base", "--print-fp", "--clock-control", "none",
                  "--cache-control", "none", "--replay-mode", "application", "--metrics",
                  "gpu__time_duration.sum,sm__inst_executed.sum", "--launch-skip", "2", "--launch-count", "1",
                  "--nvtx", "--nvtx-include", "flashcore@launch/", "/bin/echo", "launch", "3"));
}

TEST_F(Ncu, CountsAColdLaunch) {  // ncu itself empties the caches, before each kernel
  options_.cache = core::CacheState::kCold;
  fake_table({"void attention_wmma<64>(View)"});
  const auto m = measured();
  EXPECT_EQ(m.status, MeasurementStatus::kComplete) << m.reason;
  EXPECT_EQ(m.parameters.at("cache"), "cold");
  EXPECT_EQ(m.parameters.at("cache_flush"), "before each kernel");
  EXPECT_THAT(fmt::format("{}", fmt::join(arguments(), " ")), HasSubstr("--cache-control all "));
}

TEST_F(Ncu, SaysWhereItsTimeWent) {
  fake_table({"void attention_wmma<64>(View)"});
  const auto m = measured();
  EXPECT_EQ(m.steps.at(0).name, "ncu");
  EXPECT_GT(m.steps.at(0).ms, 0);
}

TEST_F(Ncu, EveryKernelOfALaunchHasItsOwnCounters) {
  launchable_ = Elsewhere(3);
  fake_table({"gemm", "softmax", "gemm2"});
  const auto m = measured();
  ASSERT_EQ(m.kernels.size(), 3U);
  EXPECT_EQ(m.kernels[2].name, "gemm2");
  EXPECT_EQ(m.counters.back().kernel, 2);
  EXPECT_THAT(arguments(), Contains("6")) << "two warm launches of three kernels are skipped";
}

TEST_F(Ncu, WhereNobodyKnowsTheKernelsTheLastLaunchCounts) {
  target_.launchable = nullptr;
  fake_table({"a", "b", "a", "b", "a", "b"});
  const auto m = measured();
  ASSERT_EQ(m.kernels.size(), 2U) << m.reason;
  EXPECT_EQ(m.counters.at(0).value, 1004);
  EXPECT_THAT(arguments(), Not(Contains("--launch-skip")));
  fake_table({"a", "b", "a", "b", "a"});
  EXPECT_EQ(measured().status, MeasurementStatus::kFailed);
}

TEST_F(Ncu, OwnSetsInPlaceOfCounters) {
  options_.ncu_sets = {"detailed"};
  fake_table({"k"});
  const auto m = measured();
  EXPECT_EQ(m.parameters.at("set"), "ncu:detailed");
  EXPECT_THAT(arguments(), Contains("--set"));
  EXPECT_THAT(arguments(), Not(Contains("--metrics")));
}

TEST_F(Ncu, TakesOneSetAtATime) {
  options_.ncu_sets = {"basic", "roofline"};
  fake_table({"k"});
  const auto m = measured();
  EXPECT_EQ(m.status, MeasurementStatus::kRefused);
  EXPECT_EQ(m.diagnostics.at(0).code, "ncu_sets");
}

TEST_F(Ncu, ACounterThatNcuDoesNotGiveIsMissing) {
  options_.counters.push_back("sm__other.sum");
  fake_table({"k"});
  const auto m = measured();
  EXPECT_EQ(m.status, MeasurementStatus::kPartial);
  EXPECT_EQ(m.counters.back().name, "sm__other.sum");
  EXPECT_FALSE(m.counters.back().value);
  EXPECT_NE(m.counters.back().reason, "");
}

// The relaunched process fills its inputs with kernels too.
TEST_F(Ncu, CountsTheLaunchesAloneWhateverTheFilter) {
  options_.nvtx_filter = "wmma/mission,causal";
  fake_table({"k"});
  measured();
  EXPECT_THAT(arguments(), Contains("--nvtx"));
  EXPECT_THAT(arguments(), Contains("flashcore@launch/"));
}

TEST_F(Ncu, KeepsTheReport) {
  options_.keep_report = true;
  std::ofstream(folder_ / "table") << table({"k"});
  fake("if [ \"$1\" = --import ]; then test -s \"$2\" && cat " + (folder_ / "table").string() +
       "; exit; fi\nwhile [ $# -gt 0 ]; do if [ \"$1\" = --export ]; then echo report > \"$2\"; fi; shift; "
       "done");
  const auto m = measured();
  EXPECT_EQ(m.status, MeasurementStatus::kComplete) << m.reason;
  ASSERT_EQ(m.artifacts.size(), 1U);
  EXPECT_EQ(m.artifacts[0].kind, "ncu_report");
  EXPECT_EQ(m.artifacts[0].content, "report\n");

  limits_.report_bytes = 3;
  const auto small = measured();
  EXPECT_EQ(small.counters.at(0).value, 1000);
  EXPECT_TRUE(small.artifacts.empty());
  EXPECT_EQ(small.diagnostics.at(0).code, "ncu_report_not_kept");
}

TEST_F(Ncu, Missing) {
  options_.ncu_path = (folder_ / "nowhere").string();
  expect_trouble(MeasurementStatus::kRefused, "ncu_missing", "");
}

TEST_F(Ncu, TooOld) {
  fake("exit 0", "2021.3.1.0");
  expect_trouble(MeasurementStatus::kRefused, "ncu_too_old", "2021.3.1.0");
}

TEST_F(Ncu, DoesNotRun) {
  fake("exit 0", "");
  expect_trouble(MeasurementStatus::kFailed, "ncu_failed", "version");
}

TEST_F(Ncu, Refused) {
  fake(
      "echo '==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA GPU Performance "
      "Counters on the target device 0.'; exit 1");
  expect_trouble(MeasurementStatus::kRefused, "counters_refused", "does not let this user");
}

TEST_F(Ncu, Killed) {
  fake("kill -9 $$");
  expect_trouble(MeasurementStatus::kFailed, "ncu_killed", "signal 9");
}

TEST_F(Ncu, Hung) {
  limits_.silence = 300ms;
  fake("echo '==PROF== Connected to process 7 (/bin/x)'; sleep 60");
  expect_trouble(MeasurementStatus::kFailed, "ncu_hung", "too long");
}

TEST_F(Ncu, FolderFull) {
  fake(
      "echo '==PROF== Connected to process 949 (/bin/x)'; echo '==ERROR== Failed to save the report to file "
      "/small/x.ncu-rep'; exit 1");
  expect_trouble(MeasurementStatus::kFailed, "ncu_folder", "full");
}

TEST_F(Ncu, FolderNotWritableForNcu) {
  fake(
      "echo '==ERROR== Unable to write to file nsight-compute-ef9e-b648.ncu-rep. Please verify this file is "
      "not "
      "locked, and writable.'; exit 1");
  expect_trouble(MeasurementStatus::kFailed, "ncu_folder", "not writable");
}

TEST_F(Ncu, NoFolderAtAll) {
  fake_table({"k"});
  ::setenv("TMPDIR", (folder_ / "nowhere").c_str(), 1);
  const auto m = collect();
  ASSERT_TRUE(m);
  EXPECT_EQ(m->status, MeasurementStatus::kFailed);
  EXPECT_EQ(m->diagnostics.at(0).code, "ncu_folder");
  EXPECT_THAT(m->diagnostics.at(0).hint, HasSubstr("TMPDIR"));
}

TEST_F(Ncu, NoKernels) {
  fake("echo '==WARNING== No kernels were profiled.'; exit 0");
  expect_trouble(MeasurementStatus::kFailed, "ncu_no_kernels", "no kernel");
}

TEST_F(Ncu, TargetFailed) {
  fake(
      "echo \"flashcore-profile: unknown phase 'wmmm'\" >&2; echo '==ERROR== The application returned an "
      "error "
      "code (2).'; exit 2");
  expect_trouble(MeasurementStatus::kFailed, "ncu_target", "unknown phase 'wmmm'");
}

TEST_F(Ncu, Busy) {
  fake(
      "echo '==ERROR== Profiling failed because a driver resource was unavailable. Ensure that no other tool "
      "(like "
      "DCGM) is concurrently collecting profiling data.'; exit 9");
  expect_trouble(MeasurementStatus::kRefused, "counters_busy", "another tool");
}

TEST_F(Ncu, PrintsGarbage) {
  fake("head -c 100000 /dev/urandom");
  expect_trouble(MeasurementStatus::kFailed, "ncu_failed", "");
}

TEST_F(Ncu, CannotRelaunch) {
  fake_table({"k"});
  target_.relaunch = nullptr;
  expect_trouble(MeasurementStatus::kRefused, "ncu_no_relaunch", "wmma on mission");
}

TEST_F(Ncu, TellsItsProgress) {
  std::ofstream(folder_ / "table") << table({"k"});
  fake("for i in 1 2 3; do echo \"==PROF== Connected to process $i (/bin/x)\"; sleep 0.1; done; cat " +
       (folder_ / "table").string());
  std::vector<std::pair<int, int>> steps;
  ASSERT_TRUE(collect([&](int done, int total) { steps.emplace_back(done, total); }));
  EXPECT_THAT(steps, ElementsAre(std::pair(0, 1), std::pair(1, 2), std::pair(2, 3), std::pair(3, 4),
                                 std::pair(1, 1)));
}

TEST_F(Ncu, CancelEndsItAndItsChildren) {
  fake("sleep 60 & echo $! > " + (folder_ / "pid").string() + "; wait");
  std::jthread user([&] {
    for (int i = 0; i < 500 && !std::filesystem::exists(folder_ / "pid"); ++i)
      std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(50ms);
    cancel_.request();
  });
  const auto from = std::chrono::steady_clock::now();
  const auto m = collect();
  EXPECT_LT(std::chrono::steady_clock::now() - from, 10s);
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, core::ErrorCode::kCancelled);
  EXPECT_TRUE(std::filesystem::is_empty(temporary()));
  int pid = 0;
  std::ifstream(folder_ / "pid") >> pid;
  ASSERT_GT(pid, 0);
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    gone = !std::getline(stat, line) || line.find(") Z") != std::string::npos;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(gone) << "ncu's child lives on";
}

TEST_F(Ncu, ReadsAReport) {
  std::ofstream(folder_ / "table") << table({"k", "l"});
  std::ofstream(folder_ / "r.ncu-rep") << "NVR";
  fake(
      "case \"$*\" in *session*) echo '\"Created\",\"2025-Nov-21 15:13:15\"'; echo '\"Nsight Compute "
      "Target\","
      "\"2024.1.0.0 (build 1)\"';; *) cat " +
      (folder_ / "table").string() + ";; esac");
  const auto all = import_ncu_report(folder_ / "r.ncu-rep", options_.ncu_path, cancel_);
  ASSERT_TRUE(all) << core::to_text(all.error());
  ASSERT_EQ(all->runs.size(), 2U);
  EXPECT_EQ(all->runs[0].taken_at, "2025-11-21T15:13:15Z");
  EXPECT_EQ(all->runs[0].measurements.at(0).tool_version, "2024.1.0.0");
  EXPECT_TRUE(std::filesystem::is_empty(temporary()));
}

TEST_F(Ncu, AFileThatIsNoReportIsRefused) {
  fake(
      "echo \"==ERROR== Failed to load report file 'x'.\"; echo '==ERROR== The file is not an Nsight Compute "
      "profiler "
      "report.'; exit 1");
  const auto all = import_ncu_report("/etc/passwd", options_.ncu_path, cancel_);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(all.error().message, HasSubstr("/etc/passwd: this is no report"));
}

}  // namespace
}  // namespace flashcore::collectors
