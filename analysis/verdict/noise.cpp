#include "analysis/verdict/noise.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

#include "analysis/devices.h"

namespace flashcore::analysis {
namespace {

// A share that short kernels have and that falls off with their duration, and one that all have.
double falling(double duration_ns, double always, double at_short, double knee_ns, double power) {
  const double t = std::max(duration_ns, 0.0) / knee_ns;
  return always + at_short / (1 + std::pow(t, power));
}

// Seconds since 1970 of "2026-01-31T12:00:00Z"; nothing for any other text.
std::optional<long long> seconds_of(const std::string& text) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year{number(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                        std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!day.ok()) return std::nullopt;
  const long long days = std::chrono::sys_days{day}.time_since_epoch().count();
  return days * 86400 + number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
}

// Squared distance of two sides' shares of each circumstance.
double distance(const std::vector<std::string>& base, const std::vector<std::string>& now) {
  std::map<std::string, double> shares;
  for (const std::string& key : base) shares[key] += 1.0 / static_cast<double>(base.size());
  for (const std::string& key : now) shares[key] -= 1.0 / static_cast<double>(now.size());
  double sum = 0;
  for (const auto& [key, difference] : shares) sum += difference * difference;
  return sum < 1e-12 ? 0 : sum;
}

// Names of hours for all runs: those that follow one another within a quarter of an hour are of one.
std::vector<std::string> hours_of(const std::vector<Circumstances>& all) {
  constexpr long long kGap = 15 * 60;
  std::vector<std::pair<long long, std::size_t>> order;
  std::vector<std::string> names(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (const auto at = seconds_of(all[i].taken_at)) {
      order.emplace_back(*at, i);
    } else {
      names[i] = "time unknown, " + all[i].card;
    }
  }
  std::sort(order.begin(), order.end());
  int hour = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k > 0 && order[k].first - order[k - 1].first > kGap) ++hour;
    names[order[k].second] = std::to_string(hour) + ", " + all[order[k].second].card;
  }
  return names;
}

}  // namespace

// The constants: medians of cycles of 16 processes each (recordings/repeats/h200_1.db.zst; h200_2 agrees), 1
// sigma in %, fused 5.7 us 0.25, cudnn 9.0 us 1.0, fused 11.4 us 0.07, cudnn 13.6 us 0.36, wmma 14.6 us 0.7,
// wmma 26.7 us 0.18, fused decode 66 us 0.32, baseline 186 us 0.03, wmma decode 382 us 0.07, fused 503 us
// 0.06, baseline 692 us 0.02, wmma 970 us 0.06, 1.5 and 3.1 ms 0.01. The curve passes above most and below
// none by more than a factor of two, which is what kProcessWeight allows for.
double process_spread(double duration_ns) {
  return falling(duration_ns, 0.0005, 0.006, 60e3, 1.5);
}

// The same kernels in the four processes that counted too, and in recordings/h200.db.zst, against the median
// of the sixteen: 5.7 us -3.6 and -1.0 %, 14.6 us -1.8 and +1.7, 9 to 27 us up to 0.3, 66 us -0.6, 186 us and
// longer up to 0.25.
double condition_spread(double duration_ns) {
  return falling(duration_ns, 0.0015, 0.014, 25e3, 2);
}

// Centres of sixteen processes in each of two files of recordings/repeats, taken an hour apart: 5.7 us -0.94
// %, 9.0 us +1.6, 11.4 us -0.1, 13.6 us +0.8, 14.7 us -0.5, 26.8 us +0.2, 66 us -0.4, 382 us -0.2, others up
// to 0.1; each is the difference of two hours, the square root of two times this spread.
double hour_spread(double duration_ns) {
  return falling(duration_ns, 0.001, 0.006, 60e3, 1.5);
}

Circumstances circumstances_of(const core::RunRecord& run) {
  Circumstances result{{}, run.device ? run.device->uuid : "", run.taken_at};
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (measurement.samples.empty()) continue;
    for (const char* name : {"beside", "turns"}) {
      const auto found = measurement.parameters.find(name);
      if (found != measurement.parameters.end()) result.conditions += found->second + "; ";
    }
  }
  return result;
}

Apart apart(std::span<const Circumstances> base, std::span<const Circumstances> now, double duration_ns) {
  if (base.empty() || now.empty()) return {};
  const auto conditions = [](std::span<const Circumstances> side) {
    std::vector<std::string> keys;
    for (const Circumstances& one : side) keys.push_back(one.conditions);
    return keys;
  };
  std::vector<Circumstances> all(base.begin(), base.end());
  all.insert(all.end(), now.begin(), now.end());
  const std::vector<std::string> hours = hours_of(all);
  const auto split = hours.begin() + static_cast<std::ptrdiff_t>(base.size());
  const double other_conditions = distance(conditions(base), conditions(now));
  const double other_hours = distance({hours.begin(), split}, {split, hours.end()});
  const double by_conditions = condition_spread(duration_ns), by_hour = hour_spread(duration_ns);
  Apart result;
  result.spread =
      std::sqrt(other_conditions * by_conditions * by_conditions + other_hours * by_hour * by_hour);
  if (other_conditions > 0) result.because = "under other conditions";
  if (other_hours > 0) result.because += result.because.empty() ? "at another time" : " and at another time";
  if (!result.because.empty()) result.because = "the sides were taken " + result.because;
  return result;
}

// Four processes that counted everything of baseline, wmma and fused on mission, from warm caches. Counts of
// what a kernel executes agree to 0.1 %, but counts of a few stray events scatter as such, and a share of a
// hundredth of a percent is one; states of issue, pipes and time by up to 3 %; L2 by up to 3.5 %; and DRAM
// traffic of problems that fit L2 is what other traffic left behind: 30 to 70 KB, give or take as much.
double counter_spread(const Metric& metric, const RunAnalysis& run, double value) {
  constexpr double kExecuted = 0.003, kStates = 0.015, kL2 = 0.02, kDram = 0.03;
  constexpr double kStrayBytes = 6e4, kStrayPercent = 0.002, kMost = 0.5;
  const MetricFormula* formula = metric.formula_for(formula_chip(run.run.device));
  double spread = kExecuted;
  const double size = std::fabs(value);
  if (formula == nullptr) return kStates;
  for (const auto& [variable, counter] : formula->counters) {
    const auto is = [&](const char* text) { return counter.find(text) != std::string::npos; };
    double one = kStates;
    if (is("dram__") || is("fbpa__")) {
      const bool of_model = formula->formula.find("model_bytes") != std::string::npos;
      const double bytes = of_model && run.run.model ? size * run.run.model->bytes : size;
      const double stray = bytes > 0 && (of_model || metric.unit == "B") ? kStrayBytes / bytes : kMost;
      one = std::min(kMost, std::hypot(kDram, stray));
    } else if (is("lts__") || is("l1tex__m_")) {
      one = kL2;
    } else if (is("sass") || is("inst_executed") || is("l1tex__")) {
      const bool counts = metric.unit == "inst" || metric.unit == "1";
      if (metric.unit == "%" && size > 0) {
        one = std::min(kMost, std::hypot(kStates, kStrayPercent / size));
      } else {
        one = counts && size >= 1 ? std::hypot(kExecuted, 1 / std::sqrt(size)) : kExecuted;
      }
    }
    spread = std::max(spread, one);
  }
  return spread;
}

}  // namespace flashcore::analysis
