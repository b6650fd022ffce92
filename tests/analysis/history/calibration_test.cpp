// How often change points are found and how often they are right, on series whose truth is known: 0 to 5
// steps of up to 10% that are at least twice the noise of 0.5 to 3%, segments of 15 to 60 values, with drift
// and outliers and without. Prints the figures of docs/history.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "analysis/history/change_points.h"

namespace flashcore::analysis {
namespace {

using Random = std::mt19937_64;

struct Truth {
  std::vector<double> values;
  std::vector<std::size_t> places;
};

struct Kind {
  const char* name;
  bool drift, outliers;
};

double uniform(Random& random, double from, double to) {
  return std::uniform_real_distribution<double>(from, to)(random);
}

Truth make(Random& random, const Kind& kind) {
  std::normal_distribution<double> normal(0, 1);
  const double noise = uniform(random, 0.005, 0.03);
  const int count = std::uniform_int_distribution<int>(0, 5)(random);
  Truth truth;
  double level = 100;
  for (int segment = 0; segment <= count; ++segment) {
    if (segment > 0) {
      const double size = uniform(random, std::max(0.01, 2 * noise), 0.10);
      level *= 1 + (uniform(random, 0, 1) < 0.5 ? -size : size);
      truth.places.push_back(truth.values.size());
    }
    const int length = std::uniform_int_distribution<int>(15, 60)(random);
    for (int i = 0; i < length; ++i) truth.values.push_back(level * (1 + noise * normal(random)));
  }
  const auto n = static_cast<double>(truth.values.size());
  const double drift = kind.drift ? (uniform(random, 0, 1) < 0.5 ? -1 : 1) * uniform(random, 0.02, 0.10) : 0;
  for (std::size_t i = 0; i < truth.values.size(); ++i) {
    truth.values[i] *= 1 + drift * static_cast<double>(i) / n;
    if (kind.outliers && uniform(random, 0, 1) < 0.02) truth.values[i] *= 1 + uniform(random, 0.1, 0.4);
  }
  return truth;
}

struct Score {
  int hit = 0, missed = 0, wrong = 0, near = 0;
  double recall() const { return static_cast<double>(hit) / (hit + missed); }
  double precision() const { return static_cast<double>(hit) / (hit + wrong); }
};

// A hit is within two values of the place; each counts once.
void count(const Truth& truth, const std::vector<ChangePoint>& found, Score& score) {
  std::vector<bool> used(found.size());
  for (const std::size_t place : truth.places) {
    bool hit = false;
    for (std::size_t i = 0; i < found.size() && !hit; ++i) {
      const std::size_t index = found[i].index;
      const std::size_t away = index > place ? index - place : place - index;
      if (used[i] || away > 2) continue;
      used[i] = hit = true;
      score.near += away == 0;
    }
    (hit ? score.hit : score.missed)++;
  }
  for (const bool of_a_place : used) score.wrong += !of_a_place;
}

Score score_of(const Kind& kind, bool plain, int series) {
  Random random(20260101);
  ChangePointOptions options;
  options.plain = plain;
  if (plain) {  // as Hunter is run
    options.weak_p = 0.01;
    options.strict_p = 0.001;
  }
  Score score;
  for (int i = 0; i < series; ++i) {
    const Truth truth = make(random, kind);
    count(truth, change_points(truth.values, options), score);
  }
  return score;
}

TEST(Calibration, StepsAreFoundWhereTheyAre) {
  constexpr int kSeries = 400;
  for (const Kind& kind :
       {Kind{"steps", false, false}, Kind{"steps, drift", true, false}, Kind{"steps, outliers", false, true},
        Kind{"steps, drift, outliers", true, true}}) {
    const Score ours = score_of(kind, false, kSeries), plain = score_of(kind, true, kSeries);
    std::puts(
        fmt::format("{:<24} recall {:.4f}  precision {:.4f}  exact place {:.3f}   published method: recall "
                    "{:.4f}  precision {:.4f}   ({} steps)",
                    kind.name, ours.recall(), ours.precision(), static_cast<double>(ours.near) / ours.hit,
                    plain.recall(), plain.precision(), ours.hit + ours.missed)
            .c_str());
    EXPECT_GE(ours.recall(), 0.95) << kind.name;
    EXPECT_GE(ours.precision(), 0.95) << kind.name;
  }
}

TEST(Calibration, NoiseAloneRarelyHasAny) {
  constexpr int kSeries = 1000;
  for (const int length : {30, 100, 400}) {
    Random random(7);
    std::normal_distribution<double> normal(0, 1);
    int any = 0, drifts = 0;
    for (int i = 0; i < kSeries; ++i) {
      std::vector<double> values(static_cast<std::size_t>(length));
      for (double& value : values) value = 100 * (1 + 0.01 * normal(random));
      const LevelChanges found = level_changes(values);
      any += !found.points.empty();
      drifts += found.drift.has_value();
    }
    std::puts(
        fmt::format("noise alone, {:>3} values: {:.1f} % of series have a change point, {:.1f} % a drift",
                    length, 100.0 * any / kSeries, 100.0 * drifts / kSeries)
            .c_str());
    EXPECT_LE(any, kSeries / 100);
    EXPECT_LE(drifts, kSeries / 20);
  }
}

TEST(Calibration, DriftAloneRarelyHasAny) {
  constexpr int kSeries = 500;
  for (const double drift : {0.02, 0.05, 0.10}) {
    Random random(5);
    std::normal_distribution<double> normal(0, 1);
    int any = 0, said = 0;
    for (int i = 0; i < kSeries; ++i) {
      std::vector<double> values(200);
      for (std::size_t j = 0; j < values.size(); ++j)
        values[j] = 100 * (1 + drift * static_cast<double>(j) / 200) * (1 + 0.01 * normal(random));
      const LevelChanges found = level_changes(values);
      any += !found.points.empty();
      said += found.drift.has_value();
    }
    std::puts(fmt::format(
                  "drift of {:>2.0f} % alone: {:.1f} % of series have a change point, in {:.1f} % the drift "
                  "is said",
                  100 * drift, 100.0 * any / kSeries, 100.0 * said / kSeries)
                  .c_str());
    EXPECT_LE(any, kSeries / 40);
    EXPECT_GE(said, kSeries * 95 / 100);
  }
}

}  // namespace
}  // namespace flashcore::analysis
