#include "analysis/durations.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

TEST(Durations, AreWrittenInTheFewestDigitsThatTellThemApart) {
  EXPECT_EQ(digits_that_tell_apart(std::array{15100.0, 88300.0}), 3);
  EXPECT_EQ(digits_that_tell_apart(std::array{15112.0, 15131.0}), 4);
  EXPECT_EQ(digits_that_tell_apart(std::array{15112.0, 15113.0}), 5);
  EXPECT_EQ(digits_that_tell_apart(std::array{15113.0, 99.0, 15112.0}), 5) << "in any order";
}

TEST(Durations, DoNotGrowForWhatIsEqualOrNearlySo) {
  EXPECT_EQ(digits_that_tell_apart(std::vector<double>{}), 3);
  EXPECT_EQ(digits_that_tell_apart(std::array{15112.0, 15112.0}), 3);
  EXPECT_EQ(digits_that_tell_apart(std::array{15112.00, 15112.01}), 3) << "below the fifth digit";
  EXPECT_EQ(digits_that_tell_apart(std::array{std::numeric_limits<double>::quiet_NaN(), 15112.0}), 3);
}

TEST(Durations, HoldWhatTheyPromise) {
  const std::array values{412310.0, 412390.0, 88300.0, 88310.0};
  const int digits = digits_that_tell_apart(values);
  for (std::size_t i = 1; i < values.size(); ++i) {
    EXPECT_NE(format_duration_ns(values[i - 1], digits), format_duration_ns(values[i], digits));
  }
}

}  // namespace
}  // namespace flashcore::analysis
