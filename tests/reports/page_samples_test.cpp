#include "reports/page_samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "analysis/statistics.h"

namespace flashcore::reports {
namespace {

std::vector<double> series(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(30'000 + static_cast<double>(random() % 997));
  return out;
}

std::vector<double> at(const std::vector<double>& values, const std::vector<std::size_t>& places) {
  std::vector<double> out;
  for (const std::size_t place : places) out.push_back(values.at(place));
  return out;
}

TEST(Thinned, KeepsTheMedianAndBothEndsOfEverySize) {
  for (std::size_t n = 1; n < 240; ++n) {
    for (const std::size_t most : {3u, 4u, 25u, 30u, 61u, 100u}) {
      const auto values = series(n, static_cast<unsigned>(n));
      const auto places = thinned(values, most);
      EXPECT_EQ(places.size(), std::min(n, most));
      EXPECT_EQ(std::set<std::size_t>(places.begin(), places.end()).size(), places.size())
          << n << " " << most;
      EXPECT_TRUE(std::is_sorted(places.begin(), places.end())) << "in the order taken";
      const auto all = analysis::summarise(values), kept = analysis::summarise(at(values, places));
      EXPECT_EQ(kept->p50, all->p50) << n << " of which " << most;
      EXPECT_EQ(kept->min, all->min);
      EXPECT_EQ(kept->max, all->max);
    }
  }
}

TEST(Thinned, StandsForEveryRankAlike) {
  std::vector<double> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>((i * 389) % 1000);
  auto kept = at(values, thinned(values, 51));
  std::sort(kept.begin(), kept.end());
  for (std::size_t i = 1; i < kept.size(); ++i) EXPECT_NEAR(kept[i] - kept[i - 1], 20, 1) << i;
}

TEST(Thinned, TakesEqualSamplesEvenlyFromTheOrderTaken) {
  const std::vector<double> values(500, 7.0);
  const auto places = thinned(values, 50);
  for (std::size_t i = 1; i < places.size(); ++i) EXPECT_NEAR(places[i] - places[i - 1], 10, 1);
}

TEST(SamplesJson, SaysOfHowManyAndWhere) {
  const auto values = series(100, 1);
  const auto all = samples_json(values, 100), some = samples_json(values, 25);
  EXPECT_EQ(all["n"], 100);
  EXPECT_EQ(all["us"].size(), 100u);
  EXPECT_FALSE(all.contains("at"));
  EXPECT_EQ(some["n"], 100);
  EXPECT_EQ(some["us"].size(), 25u);
  EXPECT_EQ(some["us"][3], values[some["at"][3].get<std::size_t>()] / 1e3);
}

TEST(SamplesKept, LeavesUsualReportsAlone) {
  EXPECT_GE(samples_kept(92), 200u);
  EXPECT_LE(samples_kept(2016), 30u);
  EXPECT_GE(samples_kept(1'000'000), 25u);
}

}  // namespace
}  // namespace flashcore::reports
