// The order in which subjects are timed, and how many samples they get.
#include "collectors/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "collectors/timing.h"

namespace flashcore::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Turns, OfOneSubjectAreOneBlock) {
  EXPECT_THAT(plan_turns({100}), ElementsAre(Turn{0, 0, 100}));
  EXPECT_THAT(plan_turns({}), IsEmpty());
  EXPECT_THAT(plan_turns({0}), IsEmpty());
}

TEST(Turns, OfThreeSubjectsGoThereAndBack) {
  EXPECT_THAT(plan_turns({100, 100, 100}), ElementsAre(Turn{0, 0, 50}, Turn{1, 0, 50}, Turn{2, 0, 50},
                                                       Turn{2, 50, 50}, Turn{1, 50, 50}, Turn{0, 50, 50}));
}

TEST(Turns, AnOddNumberHasOneMoreOnTheWayThereAndNoneIsLostOrTakenTwice) {
  const std::vector<int> samples{7, 1, 50};
  std::map<int, std::set<int>> taken;
  for (const Turn& turn : plan_turns(samples)) {
    EXPECT_GT(turn.count, 0);
    EXPECT_EQ(turn.first, static_cast<int>(taken[turn.subject].size()));  // in the order taken
    for (int i = 0; i < turn.count; ++i) EXPECT_TRUE(taken[turn.subject].insert(turn.first + i).second);
  }
  for (int subject = 0; subject < 3; ++subject) {
    EXPECT_EQ(static_cast<int>(taken[subject].size()), samples[static_cast<std::size_t>(subject)]);
  }
  EXPECT_EQ(plan_turns({7, 7})[0].count, 4);
  EXPECT_EQ(plan_turns({7, 7})[3].count, 3);
}

TEST(Turns, ASubjectWithoutSamplesIsLeftOutAndLeavesTheOthersAlone) {
  EXPECT_THAT(plan_turns({10, 0, 10}),
              ElementsAre(Turn{0, 0, 5}, Turn{2, 0, 5}, Turn{2, 5, 5}, Turn{0, 5, 5}));
}

// A GPU that gets slower by the same amount with each sample: one after another, the last subject would look
// slower than the first.
TEST(Turns, ALinearDriftLeavesNoDifferenceBetweenTheMeans) {
  std::map<int, double> sums;
  int at = 0;
  for (const Turn& turn : plan_turns({40, 40, 40, 40})) {
    for (int i = 0; i < turn.count; ++i) sums[turn.subject] += 1000.0 + at++;
  }
  for (const auto& [subject, sum] : sums) EXPECT_DOUBLE_EQ(sum, sums[0]) << subject;
}

TEST(GraphSamples, AreHalfOfTheIterationsAndAllWhereTheyAreFew) {
  EXPECT_EQ(graph_samples(100), 50);
  EXPECT_EQ(graph_samples(20), 10);
  EXPECT_EQ(graph_samples(15), 10);
  EXPECT_EQ(graph_samples(4), 4);
  EXPECT_EQ(graph_samples(1), 1);
  EXPECT_EQ(graph_samples(0), 0);
}

}  // namespace
}  // namespace flashcore::collectors
