// What the store's tests share: a folder of their own, a run with every member set, a look at a
// folder's content, and a child process without root's rights.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/attention.h"
#include "core/records.h"
#include "store/store.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::store::testing {

using tests::TemporaryFolder;

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

inline void spill(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// Every file below a folder with its bytes and rights: two of these are equal when nothing changed.
inline std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat info {};
    ::lstat(entry.path().c_str(), &info);
    std::string& value = files[entry.path().string()];
    value = std::to_string(info.st_mode) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
            std::to_string(info.st_mtim.tv_nsec) + "\n";
    if (entry.is_regular_file()) value += slurp(entry.path());
  }
  return files;
}

// Runs `work` in a child, as nobody where the test itself is root (root may write anywhere, which
// would make every test of rights pass for nothing). Returns the child's exit status.
inline int in_child(bool drop_root, const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr int kNobody = 65534;
    if (drop_root && ::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(99);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline core::SessionRecord example_session() {
  core::SessionRecord s;
  s.started_at = "2026-01-31T12:00:00Z";
  s.command = "flashcore-profile --phase 'wmma' --tag 名前=値";
  s.origin = core::Origin::kRecording;
  s.source = "h200.db.zst";
  s.tags = {{"branch", "main"}, {"<script>alert(1)</script>", std::string(10000, 'x')}, {"empty", ""}};
  s.environment = {"0123abcd",
                   true,
                   "deadbeef",
                   "0.1.0",
                   "GNU 12.2.0",
                   "13.0.88",
                   "13.0",
                   "580.159.04",
                   "130000",
                   "13.580",
                   "Debian GNU/Linux 12, kernel 6.1",
                   "Xeon, 16 threads",
                   "cafe"};
  s.steps = {{"driver", 31.5}, {"store", 0.0}};
  return s;
}

inline core::DeviceRecord example_device() {
  return {"NVIDIA H200", "GH100", 9,      0,    132,   1980000, 3201000, 6144, 150754820096,
          62914560,      233472,  232448, 1024, 65536, 2048,    32,      32,   "GPU-5a"};
}

inline core::MeasurementRecord example_check() {
  core::MeasurementRecord m;
  m.collector = "check";
  m.tool = "FlashCore";
  m.tool_version = "0.1.0";
  m.taken_at = "2026-01-31T12:00:01Z";
  m.parameters = {{"moment", "before timing"}};
  m.checks = {{0, "normal", true, 0.001, 0.0001, 0, 0, 262144, 0.00211, std::nullopt, 0.00105,
               "b 0, h 3, row 117, d 5", "fp64 on the GPU, every element"},
              {0xFFFFFFFFFFFFFFFFull, "", true, 0.06, 0.02, 0, 0, 1, 0.06, 0.02, std::nullopt, "",
               "512 sampled rows"}};
  m.steps = {{"check", 12.25}};
  return m;
}

inline core::MeasurementRecord example_resources() {
  core::MeasurementRecord m;
  m.collector = "resources";
  m.taken_at = "2026-01-31T12:00:02Z";
  m.kernels = {{0, "attention_wmma<64>", core::Extent3{8, 9, 10}, core::Extent3{128, 2, 1}},
               {1, "library", std::nullopt, core::Extent3{1, 1, 1}}};
  m.resources = {
      {0, 255, 1024, 99 * 1024, 16, 8, 4, 24, 70000, 90, 0.125, 2, "registers+shared", "driver+ptxas"}, {}};
  m.resources[1].kernel = 1;
  m.artifacts = {{"ptxas", "log.txt", "text/plain", "ptxas info\n"},
                 {"cubin", "k.cubin", "application/octet-stream", std::string("\0\x01\xff\0", 4)},
                 {"empty", "", "", ""}};
  return m;
}

inline core::MeasurementRecord example_timing() {
  core::MeasurementRecord m;
  m.collector = "timing";
  m.tool = "FlashCore";
  m.tool_version = "0.1.0";
  m.taken_at = "2026-01-31T12:00:03Z";
  m.parameters = {{"warmup", "20"}, {"iterations", "100"}, {"cache", "warm"}, {"", ""}};
  m.samples = {{core::SampleKind::kLaunch, 0, 1, 12345.678, 1797.25, 1980.0, 1965.5},
               {core::SampleKind::kGraph, 0, 50, 0.1, std::nullopt, std::nullopt, std::nullopt},
               {core::SampleKind::kGraph, 1, 50, 5e-324, 5e-324, 0.0, -1.0},
               {core::SampleKind::kEmpty, 0, 50, 0.05, 1980.0, std::nullopt, std::nullopt}};
  m.clocks = {{0, 1980, 3201, 700.5, 61, 4, 0}, {10.5, {}, {}, {}, {}, {}, {}}};
  m.steps = {{"set-up", 0.0}, {"timing", 81.5}, {"timing", 5e-324}};
  m.diagnostics = {{core::Severity::kWarning, "clock_drift", "second", "do this", "timing"}};
  return m;
}

inline core::MeasurementRecord example_counters() {
  core::MeasurementRecord m;
  m.collector = "cupti";
  m.tool = "CUPTI";
  m.tool_version = "130000";
  m.taken_at = "2026-01-31T12:00:04Z";
  m.passes = 3;
  m.parameters = {{"replay", "user"}};
  m.status = core::MeasurementStatus::kPartial;
  m.reason = "one is not permitted";
  m.kernels = {example_resources().kernels[0], example_resources().kernels[1]};
  m.counters = {{"sm__cycles_elapsed.max", std::nullopt, 1e15, ""},
                {"dram__bytes.sum", 0, std::nullopt, "not permitted"},
                {"dram__bytes.sum", 1, 0.0, ""},
                {"sm__cycles_elapsed.max", 1, 7.0, ""}};
  m.diagnostics = {{core::Severity::kError, "c", "", "", ""}};
  return m;
}

inline core::RunRecord example_head() {
  core::RunRecord r;
  r.taken_at = "2026-01-31T12:00:01Z";
  r.origin = core::Origin::kRecording;
  r.subject = {core::SubjectKind::kPhase, "wmma", "Tensor cores through WMMA – é 漢字 \U0001F680",
               core::LadderRecord{2, true}, "abc123"};
  r.problem = core::to_problem({2, 8, 4, 100, 200, 128, "f16", true});
  r.device = example_device();
  r.environment = example_session().environment;
  r.environment.driver = "";
  r.model = core::ModelRecord{2147483648.5, 1e308, 4194304.25};
  r.cache = core::CacheState::kCold;
  r.tags = {{"note", "'; DROP TABLE run; --"}, {std::string(10000, 'k'), "<script>alert(1)</script>"}};
  r.diagnostics = {{core::Severity::kInfo, "a", "first", "", "session"}};
  return r;
}

inline core::RunRecord example_run() {
  core::RunRecord r = example_head();
  for (auto make : {example_check, example_resources, example_timing, example_counters}) {
    core::add_measurement(r, make());
  }
  return r;
}

inline core::MeasurementRecord without_id(core::MeasurementRecord m) {
  m.id = 0;
  return m;
}

inline void expect_equal(const core::RunRecord& a, const core::RunRecord& b) {
  EXPECT_EQ(a.taken_at, b.taken_at);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.device, b.device);
  EXPECT_EQ(a.environment, b.environment);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.cache, b.cache);
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.kernels, b.kernels);
  EXPECT_EQ(a.diagnostics, b.diagnostics);
  ASSERT_EQ(a.measurements.size(), b.measurements.size());
  for (std::size_t i = 0; i < a.measurements.size(); ++i) {
    EXPECT_EQ(without_id(a.measurements[i]), without_id(b.measurements[i])) << a.measurements[i].collector;
  }
}

// All runs, newest first.
inline std::vector<RunSummary> runs_in(const Store& store) {
  RunFilter all;
  all.limit = 0;
  auto page = store.list_runs(all);
  EXPECT_TRUE(page) << core::to_text(page.error());
  return page ? page->runs : std::vector<RunSummary>{};
}

// A database with one session and `runs` runs, closed again.
inline void make_database(const std::filesystem::path& path, int runs = 1) {
  auto store = Store::open(path);
  ASSERT_TRUE(store) << core::to_text(store.error());
  auto session = example_session();
  for (int i = 0; i < runs; ++i) {
    auto run = example_run();
    auto written = store->write_run(session, run);
    ASSERT_TRUE(written) << core::to_text(written.error());
  }
}

// SQL on a file, behind the store's back.
inline void sql(const std::filesystem::path& path, const std::string& text) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  char* said = nullptr;
  EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &said), SQLITE_OK) << said << "\n" << text;
  sqlite3_free(said);
  sqlite3_close(db);
}

}  // namespace flashcore::store::testing
