// What the store's tests share: a folder of their own, a run with every member set, a look at a
// folder's content, and a child process without root's rights.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

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
  s.recording = "h200.db.zst";
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
  return s;
}

inline core::RunRecord example_run() {
  core::RunRecord r;
  r.taken_at = "2026-01-31T12:00:01Z";
  r.origin = core::Origin::kRecording;
  r.phase = {"wmma", "Tensor cores through WMMA – é 漢字 \U0001F680", 2, true, "abc123"};
  r.problem = {2, 8, 4, 100, 200, 128, "f16", true};
  r.device = {"NVIDIA H200", "GH100", 9,      0,    132,   1980000, 3201000, 6144, 150754820096,
              62914560,      233472,  232448, 1024, 65536, 2048,    32,      32};
  r.environment = example_session().environment;
  r.environment.driver = "";
  r.model_flops = 2147483648.5;
  r.model_bytes = 1e308;
  r.warmup = 20;
  r.iterations = 100;
  r.tags = {{"note", "'; DROP TABLE run; --"}, {std::string(10000, 'k'), "<script>alert(1)</script>"}};
  r.samples = {{core::SampleKind::kLaunch, 0, 1, 12345.678, 1980.0, 1965.5},
               {core::SampleKind::kGraph, 0, 50, 0.1, std::nullopt, std::nullopt},
               {core::SampleKind::kGraph, 1, 50, 5e-324, 0.0, -1.0}};
  r.counters = {{"sm__cycles_elapsed.max", -1, 1e15, "", "cupti", 3, "CUPTI 130000"},
                {"dram__bytes.sum", 0, std::nullopt, "not permitted", "cupti", 3, "CUPTI 130000"},
                {"dram__bytes.sum", 1, 0.0, "", "ncu", 1, "ncu 2025.3"},
                {"sm__cycles_elapsed.max", 1, 7.0, "", "cupti", 3, "CUPTI 130000"}};
  core::ResourceRecord full{0,
                            "attention_wmma<64>",
                            8,
                            9,
                            10,
                            128,
                            2,
                            1,
                            255,
                            1024,
                            99 * 1024,
                            16,
                            8,
                            4,
                            24,
                            70000,
                            90,
                            0.125,
                            2,
                            "registers+shared",
                            "driver+ptxas"};
  core::ResourceRecord sparse;
  sparse.kernel_index = 1;
  sparse.kernel = "library";
  r.resources = {full, sparse};
  r.correctness = {{0, true, 0.001, 0.0001, 0, 0, 262144, 0.06, 0.02, "fp64 host reference, every row"},
                   {0xFFFFFFFFFFFFFFFFull, true, 0.06, 0.02, 0, 0, 1, 0.06, 0.02, "512 sampled rows"}};
  r.diagnostics = {{core::Severity::kInfo, "a", "first", "", "timing"},
                   {core::Severity::kWarning, "counters_refused", "second", "do this", "cupti"},
                   {core::Severity::kError, "c", "", "", ""}};
  r.artifacts = {{"ptxas", "log.txt", "text/plain", "ptxas info\n"},
                 {"cubin", "k.cubin", "application/octet-stream", std::string("\0\x01\xff\0", 4)},
                 {"empty", "", "", ""}};
  return r;
}

inline void expect_equal(const core::RunRecord& a, const core::RunRecord& b) {
  EXPECT_EQ(a.taken_at, b.taken_at);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.device, b.device);
  EXPECT_EQ(a.environment, b.environment);
  EXPECT_EQ(a.model_flops, b.model_flops);
  EXPECT_EQ(a.model_bytes, b.model_bytes);
  EXPECT_EQ(a.warmup, b.warmup);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_EQ(a.counters, b.counters);
  EXPECT_EQ(a.resources, b.resources);
  EXPECT_EQ(a.correctness, b.correctness);
  EXPECT_EQ(a.diagnostics, b.diagnostics);
  EXPECT_EQ(a.artifacts, b.artifacts);
}

// A database with one session and `runs` runs, closed again.
inline void make_database(const std::filesystem::path& path, int runs = 1) {
  auto store = Store::open(path);
  ASSERT_TRUE(store) << core::to_text(store.error());
  auto session = store->begin_session(example_session());
  ASSERT_TRUE(session) << core::to_text(session.error());
  for (int i = 0; i < runs; ++i) {
    auto run = store->write_run(*session, example_run());
    ASSERT_TRUE(run) << core::to_text(run.error());
  }
}

}  // namespace flashcore::store::testing
