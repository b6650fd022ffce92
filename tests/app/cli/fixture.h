// What the command line's tests share: the program, a folder, a recording.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "store/recording.h"
#include "store/store.h"
#include "tests/support/program.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::tests {

class CommandLine : public ::testing::Test {
 protected:
  // Runs flashcore-profile in a home of its own, and without a GPU even where there is one.
  Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
    return run_program(command(std::move(arguments)), with_home(std::move(environment)));
  }
  std::vector<std::string> command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), std::string(FLASHCORE_BUILD_DIR) + "/bin/flashcore-profile");
    return arguments;
  }
  std::map<std::string, std::string> with_home(std::map<std::string, std::string> environment = {}) const {
    environment.emplace("XDG_DATA_HOME", folder_.path().string());
    environment.emplace("CUDA_VISIBLE_DEVICES", "");
    return environment;
  }

  // A line of the shell in the folder, in which $P is the program.
  Outcome shell(const std::string& line) {
    auto environment = with_home();
    environment.emplace("P", command({}).front());
    return run_program({"/bin/sh", "-c", "cd '" + folder_.path().string() + "' && " + line}, environment);
  }

  // A recording of `copies` times two phases on two problems.
  std::string make_recording(int copies = 1, double wrong_error = 0) {
    const auto plain = folder_ / "source.db";
    auto store = store::Store::open(plain);
    EXPECT_TRUE(store) << core::to_text(store.error());
    core::SessionRecord session;
    session.started_at = "2026-01-02T03:04:05Z";
    session.environment = sample_environment();
    const auto id = store->begin_session(session);
    EXPECT_TRUE(id) << core::to_text(id.error());
    for (int i = 0; i < copies; ++i) {
      for (const char* shape : {"mission", "tiny"}) {
        auto slow = sample_run("baseline", 1, shape, 400'000);
        auto fast = sample_run("wmma", 2, shape, 40'000);
        if (wrong_error > 0) {
          fast.correctness.front().passed = false;
          fast.correctness.front().max_error = wrong_error;
        }
        EXPECT_TRUE(store->write_run(*id, slow));
        EXPECT_TRUE(store->write_run(*id, fast));
      }
    }
    const auto recording = folder_ / "test.db.zst";
    const auto written = store::write_recording(*store, recording);
    EXPECT_TRUE(written) << core::to_text(written.error());
    return recording.string();
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
};

}  // namespace flashcore::tests
