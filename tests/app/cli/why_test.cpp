// `why` end to end: words, verdict first, splits, JSON, the planted recording.
#include <nlohmann/json.hpp>

#include "store/recording.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WhyCommand : public CommandLine {
 protected:
  // The planted recording as a database; its runs keep their numbers.
  std::string planted_database() {
    auto recording =
        store::open_recording(std::string(FLASHCORE_SOURCE_DIR) + "/recordings/planted/h200.db.zst");
    std::vector<core::RunRecord> runs;
    for (core::RowId id = 1; recording && id <= 57; ++id) runs.push_back(recording->read_run(id).value());
    for (core::RunRecord& run : runs) run.id = 0, run.session_id = 0;
    return make_database(runs);
  }
};

TEST_F(WhyCommand, NamesThePlantedCauseFirst) {
  const std::string db = planted_database();
  const auto why = run({"why", "wmma@mission", "planted_spills@mission", "--db", db});
  EXPECT_EQ(why.exit_code, 0) << why.err;
  EXPECT_THAT(why.out,
              AllOf(HasSubstr("SLOWER"), HasSubstr("registers spill"), HasSubstr("Cycles by issue state"),
                    HasSubstr("Long scoreboard"), HasSubstr("registers 142 -> 64")));
  EXPECT_LT(why.out.find("registers spill"), why.out.find("more instructions"));
}

TEST_F(WhyCommand, WritesJsonThatAddsUp) {
  const std::string db = planted_database();
  const auto why = run({"why", "fused@large", "planted_swizzle@large", "--db", db, "--json"});
  ASSERT_EQ(why.exit_code, 0) << why.err;
  const auto json = nlohmann::json::parse(why.out);
  const auto& pair = json["pairs"][0];
  EXPECT_EQ(pair["causes"][0]["id"], "bank_conflicts");
  double sum = 0;
  for (const auto& cause : pair["causes"]) sum += cause["part_us"].get<double>();
  EXPECT_NEAR(sum, pair["difference_us"].get<double>(), 1e-9);
}

TEST_F(WhyCommand, SaysFirstThatThereIsNothingToExplain) {
  const std::string db = planted_database();
  const auto why = run({"why", "20", "39", "--db", db});
  EXPECT_EQ(why.exit_code, 0) << why.err;
  EXPECT_THAT(why.out, ::testing::AnyOf(HasSubstr("SAME: there is nothing to explain"),
                                        HasSubstr("AMBIGUOUS: whether")));
}

TEST_F(WhyCommand, WantsTwoWordsThatNameRuns) {
  const std::string db = planted_database();
  EXPECT_EQ(run({"why", "wmma@mission", "--db", db}).exit_code, 2);
  EXPECT_EQ(run({"why", "wmma@mission", "planted_spill@mission", "--db", db}).exit_code, 2);
  const auto other = run({"why", "wmma@mission", "wmma@large", "--db", db});
  EXPECT_NE(other.exit_code, 0);
  EXPECT_EQ(run({"why", "wmma@mission", "wmma@large", "--anyway", "--db", db}).exit_code, 0);
}

}  // namespace
}  // namespace flashcore::tests
