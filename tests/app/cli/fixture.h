// What the command line's tests share: the program, a folder, a recording.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/attention.h"
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

  // A database of these runs, in one session.
  std::string make_database(std::vector<core::RunRecord> runs, const std::string& name = "source.db") {
    const auto path = folder_ / name;
    auto store = store::Store::open(path);
    EXPECT_TRUE(store) << core::to_text(store.error());
    auto session = sample_session();
    const auto written = store->write_runs(session, runs);
    EXPECT_TRUE(written) << core::to_text(written.error());
    return path.string();
  }

  // A recording of `copies` times two phases on two problems.
  std::string make_recording(int copies = 1, bool wrong = false) {
    std::vector<core::RunRecord> runs;
    for (int i = 0; i < copies; ++i) {
      for (const char* shape : {"mission", "tiny"}) {
        runs.push_back(sample_run("baseline", 1, shape, 400'000));
        runs.push_back(sample_run("wmma", 2, shape, 40'000));
        if (wrong) {
          runs.back() = sample_head("wmma", 2, shape);
          core::add_measurement(runs.back(), sample_check(*core::attention_of(*runs.back().problem), false));
          core::add_measurement(runs.back(), sample_timing(40'000));
        }
      }
    }
    auto store = store::Store::open(make_database(runs), store::Mode::kReadOnly);
    EXPECT_TRUE(store) << core::to_text(store.error());
    const auto recording = folder_ / "test.db.zst";
    const auto recorded = store::write_recording(*store, recording);
    EXPECT_TRUE(recorded) << core::to_text(recorded.error());
    return recording.string();
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
};

}  // namespace flashcore::tests
