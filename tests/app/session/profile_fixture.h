// The tests of profile(): a session on the fake workbench, its database, and what they ask of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "app/session/profile.h"
#include "tests/app/session/fake_workbench.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {

inline const std::vector<std::string> kAllOfARun{"check", "resources", "timing", "check", "cupti"};

inline bool has_diagnostic(const core::RunRecord& run, const std::string& code) {
  const auto all = core::all_diagnostics(run);
  return std::any_of(all.begin(), all.end(), [&](const auto& d) { return d.code == code; });
}

inline std::vector<std::string> collectors_of(const core::RunRecord& run) {
  std::vector<std::string> ids;
  for (const auto& m : run.measurements) ids.push_back(m.collector);
  return ids;
}

class Profile : public ::testing::Test {
 protected:
  Profile() : bench_(world_) {
    auto opened = store::Store::open(folder_ / "runs.db");
    EXPECT_TRUE(opened) << core::to_text(opened.error());
    store_.emplace(*std::move(opened));
    request_.problems = {*core::parse_problem("tiny")};
    request_.iterations = 5;
  }
  core::Result<ProfileOutcome> run() {
    return profile(request_, bench_, *store_, *analysis::Catalogue::builtin(), cancel_,
                   [this](const ProfileEvent& e) { events_.push_back(e); });
  }
  ProfileOutcome well() {
    auto outcome = run();
    EXPECT_TRUE(outcome) << core::to_text(outcome.error());
    return outcome ? *outcome : ProfileOutcome{};
  }
  // All that is in the database, oldest first.
  std::vector<core::RunRecord> stored() {
    std::vector<core::RunRecord> runs;
    auto page = store_->list_runs({.limit = 1000});
    EXPECT_TRUE(page);
    for (const auto& summary : page->runs) runs.insert(runs.begin(), *store_->read_run(summary.id));
    return runs;
  }
  // Fails the `turn`-th time that `step` is reached.
  void fail_at(const std::string& step, int turn, core::Error error) {
    world_.on_step = [=, seen = 0](const std::string& name, const auto&,
                                   const auto*) mutable -> core::Status {
      if (name != step || ++seen != turn) return {};
      return core::fail(error);
    };
  }

  // Where the `turn`-th `what` is in the log; its end where there is none.
  std::ptrdiff_t at(const std::string& what, int turn = 1) const {
    auto found = std::find(world_.log.begin(), world_.log.end(), what);
    while (--turn > 0 && found != world_.log.end()) found = std::find(found + 1, world_.log.end(), what);
    return found - world_.log.begin();
  }

  tests::TemporaryFolder folder_;
  tests::FakeWorld world_;
  tests::FakeWorkbench bench_;
  std::optional<store::Store> store_;
  core::CancelToken cancel_;
  ProfileRequest request_;
  std::vector<ProfileEvent> events_;
};

// What each counting batch took.
inline std::vector<std::string> shared_by(const tests::FakeWorld& world) {
  std::vector<std::string> shared;
  for (const std::string& line : world.log) {
    if (line.starts_with("together cupti ")) shared.push_back(line.substr(15));
  }
  return shared;
}

}  // namespace flashcore::session
