// The recordings that are shipped: each opens, holds right runs, and was taken from today's kernels.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/session/replay.h"
#include "store/recording.h"

namespace flashcore::session {
namespace {

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FLASHCORE_SOURCE_DIR) + "/recordings")) {
    if (entry.path().string().ends_with(".db.zst")) found.push_back(entry.path());
  }
  return found;
}

TEST(Recordings, AtLeastOneIsShipped) {
  EXPECT_FALSE(shipped().empty());
}

TEST(Recordings, AreOfTodaysKernels) {
  for (const auto& path : shipped()) {
    const auto stale = stale_runs(path);
    ASSERT_TRUE(stale) << core::to_text(stale.error());
    EXPECT_TRUE(stale->empty()) << path << ": " << stale->size()
                                << " stale runs, the first: " << stale->front()
                                << ". Take the recording again on a GPU (docs/recordings.md).";
  }
}

TEST(Recordings, HoldCheckedRunsWithCountersFromARealGpu) {
  for (const auto& path : shipped()) {
    auto recording = store::open_recording(path);
    ASSERT_TRUE(recording) << core::to_text(recording.error());
    const auto page = recording->list_runs({.limit = 100'000});
    ASSERT_TRUE(page);
    EXPECT_FALSE(page->runs.empty());
    for (const auto& summary : page->runs) {
      const auto run = recording->read_run(summary.id);
      ASSERT_TRUE(run);
      const std::string name = summary.subject + " on " + core::problem_label(*summary.problem);
      EXPECT_EQ(run->answer, core::Answer::kRight) << name;
      EXPECT_FALSE(core::all_samples(*run).empty()) << name;
      EXPECT_GT(summary.counter_count, 0) << name;
      EXPECT_FALSE(run->environment.driver.empty()) << name;
      EXPECT_FALSE(run->environment.kernels_dirty) << name;
    }
  }
}

}  // namespace
}  // namespace flashcore::session
