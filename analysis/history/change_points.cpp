#include "analysis/history/change_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "analysis/history/e_divisive.h"

namespace flashcore::analysis {
namespace {

using Values = std::vector<double>;

constexpr double kFence = 3;        // robust deviations: what lies further out on both sides stands alone
constexpr std::size_t kBeside = 5;  // values on each side that say where the series is
constexpr int kRounds = 4;          // slope, steps, slope, ...: settles in two or three
constexpr double kStepCosts =
    3;  // parameters of a step: its place and its height, and a little for the search
constexpr double kSlopeCosts = 1.5;  // a series of thirty values of noise alone should rarely have one

double median_of(Values values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// Standard deviation of what differs from value to value, by the median absolute difference: steps, drift and
// outliers are few among the differences.
double noise_of(std::span<const double> values) {
  Values differences;
  for (std::size_t i = 1; i < values.size(); ++i) differences.push_back(std::abs(values[i] - values[i - 1]));
  constexpr double kNormal = 1.4826;  // of a normal distribution, deviation over median absolute one
  return kNormal * median_of(std::move(differences)) / std::sqrt(2.0);
}

double median_between(std::span<const double> values, std::size_t begin, std::size_t end) {
  return median_of(Values(values.begin() + static_cast<std::ptrdiff_t>(begin),
                          values.begin() + static_cast<std::ptrdiff_t>(end)));
}

// Values far from what lies before them and from what lies after, on the same side of both, are brought to
// the nearer of the two medians. The first of a new level is near those after it, and stays.
Values pulled_in(std::span<const double> values, double noise, std::vector<std::size_t>& outliers) {
  Values calm(values.begin(), values.end());
  const double room = kFence * noise;
  for (std::size_t i = 1; i + 1 < values.size(); ++i) {
    const double before = median_between(values, i - std::min(i, kBeside), i);
    const double after = median_between(values, i + 1, std::min(values.size(), i + 1 + kBeside));
    const double highest = std::max(before, after), lowest = std::min(before, after);
    if (values[i] >= lowest - room && values[i] <= highest + room) continue;
    outliers.push_back(i);
    calm[i] = std::clamp(values[i], lowest, highest);
  }
  return calm;
}

bool equal(double a, double b) {
  constexpr double kRounding = 1e-12;
  return std::abs(a - b) <= kRounding * std::max(std::abs(a), std::abs(b));
}

// Of a series without noise (registers, bytes of a model) every difference that matters is a change; but a
// value that the next one takes back stands alone.
std::vector<std::size_t> exact_places(Values& values, double smallest, std::vector<std::size_t>& outliers) {
  std::vector<std::size_t> places;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (equal(values[i], values[i - 1])) continue;
    if (i + 1 < values.size() && equal(values[i + 1], values[i - 1])) {
      outliers.push_back(i);
      values[i] = values[i - 1];
    } else if (std::abs(values[i] - values[i - 1]) > smallest * std::abs(values[i - 1])) {
      places.push_back(i);
    }
  }
  return places;
}

// Places of the segments between `points` in n values: 0, points, n.
std::vector<std::size_t> edges_of(const std::vector<std::size_t>& places, std::size_t n) {
  std::vector<std::size_t> edges{0};
  edges.insert(edges.end(), places.begin(), places.end());
  edges.push_back(n);
  return edges;
}

double mean_between(std::span<const double> values, std::size_t begin, std::size_t end) {
  const auto part = values.subspan(begin, end - begin);
  return std::accumulate(part.begin(), part.end(), 0.0) / static_cast<double>(part.size());
}

// The slope that all segments share, by least squares within them: what steps do not explain.
double slope_within(std::span<const double> values, const std::vector<std::size_t>& places) {
  double along = 0, squares = 0;
  const auto edges = edges_of(places, values.size());
  for (std::size_t s = 0; s + 1 < edges.size(); ++s) {
    const double mean = mean_between(values, edges[s], edges[s + 1]);
    const double middle = (static_cast<double>(edges[s]) + static_cast<double>(edges[s + 1]) - 1) / 2;
    for (std::size_t i = edges[s]; i < edges[s + 1]; ++i) {
      const double t = static_cast<double>(i) - middle;
      along += t * (values[i] - mean);
      squares += t * t;
    }
  }
  return squares > 0 ? along / squares : 0;
}

double squares_left(std::span<const double> values, const std::vector<std::size_t>& places) {
  double left = 0;
  const auto edges = edges_of(places, values.size());
  for (std::size_t s = 0; s + 1 < edges.size(); ++s) {
    const double mean = mean_between(values, edges[s], edges[s + 1]);
    for (std::size_t i = edges[s]; i < edges[s + 1]; ++i) left += (values[i] - mean) * (values[i] - mean);
  }
  return left;
}

// Schwarz's criterion of a model that leaves `squares`: the smaller, the better it explains for what it
// costs.
double criterion(double squares, double parameters, std::size_t n) {
  const auto count = static_cast<double>(n);
  return count * std::log(squares / count) + parameters * std::log(count);
}

struct Explained {
  std::vector<std::size_t> places;
  double slope = 0;  // a value
};

Values levelled(std::span<const double> values, double slope) {
  Values flat(values.begin(), values.end());
  for (std::size_t i = 0; i < flat.size(); ++i) flat[i] -= slope * static_cast<double>(i);
  return flat;
}

double criterion(std::span<const double> values, const Explained& model) {
  const double squares = squares_left(levelled(values, model.slope), model.places);
  if (!(squares > 0)) return -std::numeric_limits<double>::infinity();
  const double parameters =
      1 + kStepCosts * static_cast<double>(model.places.size()) + (model.slope != 0 ? kSlopeCosts : 0);
  return criterion(squares, parameters, values.size());
}

// Slope and steps by turns, from these places on, until they agree.
Explained sloped_from(std::span<const double> values, std::vector<std::size_t> places,
                      const ChangePointOptions& options) {
  Explained model{std::move(places), 0};
  for (int round = 0; round < kRounds; ++round) {
    model.slope = slope_within(values, model.places);
    auto found = strict_places(levelled(values, model.slope), options);
    if (found == model.places) break;
    model.places = std::move(found);
  }
  model.slope = slope_within(values, model.places);
  return model;
}

// A step that another slope makes superfluous.
void prune(std::span<const double> values, Explained& model) {
  for (double cost = criterion(values, model);;) {
    Explained best = model;
    for (std::size_t i = 0; i < model.places.size(); ++i) {
      Explained without = model;
      without.places.erase(without.places.begin() + static_cast<std::ptrdiff_t>(i));
      without.slope = slope_within(values, without.places);
      const double now = criterion(values, without);
      if (now < cost) {
        cost = now;
        best = std::move(without);
      }
    }
    if (best.places.size() == model.places.size()) return;
    model = std::move(best);
  }
}

// Each change to where least is left between its neighbours: the energy statistic and the edges of windows
// may place it some values off.
void settle(std::span<const double> values, Explained& model, std::size_t shortest) {
  const Values flat = levelled(values, model.slope);
  for (std::size_t s = 0; s < model.places.size(); ++s) {
    const std::size_t begin = s > 0 ? model.places[s - 1] : 0;
    const std::size_t end = s + 1 < model.places.size() ? model.places[s + 1] : values.size();
    const auto part = std::span(flat).subspan(begin, end - begin);
    double least = squares_left(part, {model.places[s] - begin});
    for (std::size_t at = begin + shortest; at + shortest <= end; ++at) {
      const double now = squares_left(part, {at - begin});
      if (now >= least) continue;
      least = now;
      model.places[s] = at;
    }
  }
}

// Steps alone, or steps on a slope: whichever explains the values for less.
Explained explain(std::span<const double> values, const ChangePointOptions& options) {
  const Explained steps{strict_places(values, options), 0};
  Explained best = steps;
  double cost = criterion(values, steps);
  for (const auto& from : {steps.places, std::vector<std::size_t>{}}) {
    Explained sloped = sloped_from(values, from, options);
    prune(values, sloped);
    const double now = criterion(values, sloped);
    if (now >= cost) continue;
    cost = now;
    best = std::move(sloped);
  }
  settle(values, best, static_cast<std::size_t>(options.shortest));
  return best;
}

// The likeliest of the preferred places beside a change, where a split there is within the 95% interval of
// the likelihood (2 ln ratio below 3.84: chi square of one degree of freedom).
void prefer(std::span<const double> values, Explained& model, const ChangePointOptions& options) {
  constexpr double kWithin = 3.84;
  constexpr std::size_t kReach = 2;
  const Values flat = levelled(values, model.slope);
  const std::set<std::size_t> preferred(options.preferred.begin(), options.preferred.end());
  for (std::size_t s = 0; s < model.places.size(); ++s) {
    const std::size_t place = model.places[s];
    if (preferred.contains(place)) continue;
    const std::size_t begin = s > 0 ? model.places[s - 1] : 0;
    const std::size_t end = s + 1 < model.places.size() ? model.places[s + 1] : values.size();
    const auto part = std::span(flat).subspan(begin, end - begin);
    const auto left = [&](std::size_t at) { return squares_left(part, {at - begin}); };
    const double here = left(place);
    double most = here * std::exp(kWithin / static_cast<double>(part.size()));
    for (std::size_t at = std::max(begin + 1, place - std::min(place, kReach));
         at < end && at <= place + kReach; ++at) {
      if (!preferred.contains(at) || !(left(at) < most)) continue;
      most = left(at);
      model.places[s] = at;
    }
  }
}

}  // namespace

LevelChanges level_changes(std::span<const double> values, const ChangePointOptions& given) {
  constexpr std::size_t kLeast = 4;
  LevelChanges found;
  if (values.size() < kLeast) return found;
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) return found;
  ChangePointOptions options = given;
  if (options.plain) options.shortest = 1;
  const double noise = noise_of(values);
  Explained model;
  Values calm(values.begin(), values.end());
  if (options.plain) {
    model.places = strict_places(values, options);
  } else if (!(noise > 0)) {
    model.places = exact_places(calm, options.smallest, found.outliers);
    options.preferred.clear();
  } else {
    calm = pulled_in(values, noise, found.outliers);
    model = explain(calm, options);
  }
  if (!options.preferred.empty()) prefer(calm, model, options);
  const auto edges = edges_of(model.places, values.size());
  for (std::size_t s = 1; s + 1 < edges.size(); ++s) {
    Values flat = calm;
    for (std::size_t i = 0; i < flat.size(); ++i)
      flat[i] -= model.slope * (static_cast<double>(i) - static_cast<double>(edges[s]));
    found.points.push_back(change_at(flat, edges[s - 1], edges[s], edges[s + 1]));
  }
  if (model.slope != 0) {
    const double first = mean_between(calm, 0, std::min(calm.size(), kBeside));
    found.drift = model.slope * static_cast<double>(values.size() - 1) / std::abs(first);
  }
  return found;
}

bool without_noise(std::span<const double> values) {
  return values.size() < 2 || !(noise_of(values) > 0);
}

std::vector<ChangePoint> change_points(std::span<const double> values, const ChangePointOptions& options) {
  return level_changes(values, options).points;
}

}  // namespace flashcore::analysis
