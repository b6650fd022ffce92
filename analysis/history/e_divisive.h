// E-divisive with a t-test: the places where a series changes its level.
//
// In windows that overlap by half, the split with the largest energy statistic
//   Q(tau, kappa) = mn / (m + n) (2 E|X - Y| - E|X - X'| - E|Y - Y'|),
//   X = [begin, tau), n values, Y = [tau, kappa), m values   (Matteson and James, equations 5 to 7)
// is taken where Student's t-test of its two sides is below the weak level, and each side searched in turn.
// Of all windows' candidates together the one with the worst p goes, until all are below the strict level;
// then the smallest, until all matter (Fleming et al., section 4).
//
// Owns: nothing. Threads: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analysis/history/change_points.h"

namespace flashcore::analysis {

struct Candidate {
  std::size_t index = 0;
  double q = 0;
};

// The split of [begin, end) with the largest Q; each side of it has at least `shortest` values. index 0 where
// there is none.
Candidate best_split(std::span<const double> values, std::size_t begin, std::size_t end,
                     std::size_t shortest);

// Places of the change points, ascending.
std::vector<std::size_t> weak_places(std::span<const double> values, const ChangePointOptions& options);
std::vector<std::size_t> strict_places(std::span<const double> values, const ChangePointOptions& options);

}  // namespace flashcore::analysis
