// Change points of a series: where its level changed for good.
//
// E-divisive (Matteson and James, "A nonparametric approach for multiple change point analysis of
// multivariate data", JASA 109, 2014) with a t-test in place of the permutation test, weak change points
// first and strict ones of them after, as in Fleming et al., "Hunter: Using Change Point Detection to Hunt
// for Performance Regressions" (ICPE 2023). Two remedies come on top, for what that method takes for changes
// of level: lone outliers are pulled in, and a slope is tried as the simpler explanation. docs/history.md
// tells the method, the constants and what it is held against.
//
// Owns: plain values. Units: of the values. Threads: pure functions, deterministic. Errors: none; fewer than
// four values, or values that are not finite, have no change points.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace flashcore::analysis {

struct ChangePointOptions {
  int window = 30;           // values that the search looks at in one go
  double weak_p = 0.001;     // to be a candidate ...
  double strict_p = 0.0003;  // ... and to stay one
  double smallest = 0.01;    // relative change that matters
  // Values that a new level takes to be one. In a series without noise (most neighbours are equal: registers,
  // bytes of a model) every difference is a change, but for a single value that the next one takes back.
  int shortest = 3;
  // The published method alone: no remedies, `shortest` 1, and what is smaller than `smallest` goes even
  // where its interval reaches past it.
  bool plain = false;
  // Places where a change is likelier than between them, ascending (the first run of each build). One of them
  // that lies within two values of a change is taken for it where the values do not speak against that.
  std::vector<std::size_t> preferred;
};

struct ChangePoint {
  std::size_t index = 0;         // the first value of the new level
  double before = 0, after = 0;  // means of the segments beside it; under a drift, where it carries them to
  double change = 0;             // after / before - 1
  double low = 0, high = 0;      // 99% interval of it (Welch)
  double p = 1;                  // Student's t-test of the two segments
};

struct LevelChanges {
  std::vector<ChangePoint> points;
  // Relative change from the first value to the last that is a slope and no step; nothing where steps alone
  // explain the series as well.
  std::optional<double> drift;
  std::vector<std::size_t> outliers;  // values that stand alone; pulled in for the search, and still shown
};

LevelChanges level_changes(std::span<const double> values, const ChangePointOptions& options = {});

// Whether most neighbours are equal (registers, bytes of a model): a count that hours do not move.
bool without_noise(std::span<const double> values);

// The points of it.
std::vector<ChangePoint> change_points(std::span<const double> values,
                                       const ChangePointOptions& options = {});

// The change at `index` between the segments [begin, index) and [index, end), wherever it came from. Segments
// that are empty have none: p is 1 and all else 0.
ChangePoint change_at(std::span<const double> values, std::size_t begin, std::size_t index, std::size_t end);

}  // namespace flashcore::analysis
