#include "analysis/history/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/history/occasions.h"

namespace flashcore::analysis {
namespace {

using Points = std::vector<HistoryPoint>;
using Places = std::vector<std::size_t>;

constexpr double kClockMoved = 0.02;

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

// A mark where a text of the points is another than the last one that was known.
template <typename TextOf, typename Say>
void mark_texts(const Points& points, std::vector<HistoryMark>& marks, const char* kind, TextOf text_of,
                Say say) {
  const std::string* known = nullptr;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string& text = text_of(points[i]);
    if (text.empty()) continue;
    if (known != nullptr && *known != text) marks.push_back({i, kind, say(*known, text)});
    known = &text;
  }
}

void mark_clock(const Points& points, std::vector<HistoryMark>& marks) {
  std::vector<double> clocks;
  Places places;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].clock_mhz) continue;
    clocks.push_back(*points[i].clock_mhz);
    places.push_back(i);
  }
  for (const ChangePoint& change : change_points(clocks, {.smallest = kClockMoved, .preferred = {}})) {
    if (std::abs(change.change) <= kClockMoved) continue;
    marks.push_back({places[change.index], "clock",
                     fmt::format("clock {:.0f} -> {:.0f} MHz ({:+.1f} %)", change.before, change.after,
                                 100 * change.change)});
  }
}

std::vector<HistoryMark> marks_of(const Points& points) {
  std::vector<HistoryMark> marks;
  const auto named = [](const char* what) {
    return [what](const std::string& from, const std::string& to) {
      return fmt::format("{} {} -> {}", what, from, to);
    };
  };
  const auto brief = [](const std::string& from, const std::string& to) {
    constexpr std::size_t kDigits = 12;  // of a hash
    return fmt::format("catalogue {} -> {}", from.substr(0, kDigits), to.substr(0, kDigits));
  };
  mark_texts(
      points, marks, "driver", [](auto& p) -> auto& { return p.driver; }, named("driver"));
  mark_texts(
      points, marks, "toolkit", [](auto& p) -> auto& { return p.toolkit; }, named("toolkit"));
  mark_texts(
      points, marks, "catalogue", [](auto& p) -> auto& { return p.catalogue; }, brief);
  mark_texts(
      points, marks, "conditions", [](auto& p) -> auto& { return p.conditions; },
      [](const std::string& from, const std::string& to) {
        return fmt::format("conditions {} -> {}", quoted(from), quoted(to));
      });
  mark_texts(
      points, marks, "card", [](auto& p) -> auto& { return p.card; },
      [](const std::string&, const std::string&) -> std::string { return "another card of this class"; });
  mark_clock(points, marks);
  std::stable_sort(marks.begin(), marks.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  return marks;
}

bool same_build(const HistoryPoint& a, const HistoryPoint& b) {
  return std::tie(a.commit, a.dirty, a.source_hash) == std::tie(b.commit, b.dirty, b.source_hash);
}

bool is_better(double change, Better better) {
  return (better == Better::kLower && change < 0) || (better == Better::kHigher && change > 0);
}

InCycles compared(const ChangePoint& time, const ChangePoint& cycles, double smallest) {
  if (cycles.low > -smallest && cycles.high < smallest) return InCycles::kNot;
  const bool away = time.change < 0 ? cycles.high < 0 : cycles.low > 0;
  return away ? InCycles::kConfirmed : InCycles::kOpen;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// The values that are there, and where they stand among the points.
struct Valued {
  std::vector<double> values;
  Places places;
};

Valued valued(const Points& points) {
  Valued all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].value || !std::isfinite(*points[i].value)) continue;
    all.values.push_back(*points[i].value);
    all.places.push_back(i);
  }
  return all;
}

// What is searched: runs, or occasions.
struct Looks {
  std::vector<double> values;
  std::vector<std::optional<double>> cycles;  // nothing where a run of it has none
  std::vector<Occasion> parts;                // of the valued points
};

Looks looks_of(const Points& points, const Valued& all, std::vector<Occasion> parts) {
  Looks looks;
  for (const Occasion& part : parts) {
    std::vector<double> values, cycles;
    for (std::size_t i = part.begin; i < part.end; ++i) {
      values.push_back(all.values[i]);
      const auto& of_run = points[all.places[i]].cycles;
      if (of_run && std::isfinite(*of_run)) cycles.push_back(*of_run);
    }
    const bool whole = cycles.size() == values.size();
    looks.values.push_back(median_of(std::move(values)));
    looks.cycles.push_back(whole ? std::optional(median_of(std::move(cycles))) : std::nullopt);
  }
  looks.parts = std::move(parts);
  return looks;
}

std::vector<Occasion> runs_alone(std::size_t count) {
  std::vector<Occasion> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({i, i + 1});
  return all;
}

class Describer {
 public:
  Describer(const History& history, const Valued& valued, const Looks& looks, const LevelChanges& found,
            double smallest)
      : history_(history),
        valued_(valued),
        looks_(looks),
        found_(found),
        smallest_(smallest),
        noisy_(!without_noise(valued.values)),
        occasions_(occasions_of(history.points, valued.places)) {}

  HistoryChange change(std::size_t at) const {
    HistoryChange change;
    change.point = found_.points[at];
    const std::size_t index = looks_.parts[change.point.index].begin;
    const HistoryPoint& before = history_.points[valued_.places[index - 1]];
    const HistoryPoint& now = history_.points[valued_.places[index]];
    change.commit_before = before.commit;
    change.commit_at = now.commit;
    change.better = is_better(change.point.change, history_.better);
    change.same_source = !now.source_hash.empty() && before.source_hash == now.source_hash;
    // Within one point that has a value.
    const std::size_t first = valued_.places[index - 1];
    const std::size_t last = valued_.places[std::min(index + 1, valued_.places.size() - 1)];
    bool conditions = false;
    for (const HistoryMark& mark : history_.marks) {
      if (mark.index < first || mark.index > last) continue;
      change.beside.push_back(mark.text);
      conditions |= mark.kind == "conditions";
    }
    in_cycles(at, change);
    if (noisy_) change.because = doubts(at, before, now, conditions);
    change.point.index = valued_.places[index];
    return change;
  }

 private:
  std::size_t begin_of(std::size_t at) const { return at > 0 ? found_.points[at - 1].index : 0; }
  std::size_t end_of(std::size_t at) const {
    return at + 1 < found_.points.size() ? found_.points[at + 1].index : looks_.parts.size();
  }

  // The cycles of the same two segments.
  void in_cycles(std::size_t at, HistoryChange& change) const {
    const std::size_t begin = begin_of(at), end = end_of(at);
    std::vector<double> cycles;
    for (std::size_t i = begin; i < end; ++i) {
      if (!looks_.cycles[i]) return;
      cycles.push_back(*looks_.cycles[i]);
    }
    change.cycles = change_at(cycles, 0, change.point.index - begin, cycles.size());
    change.cycles->index = valued_.places[looks_.parts[change.point.index].begin];
    change.in_cycles = compared(change.point, *change.cycles, smallest_);
  }

  // Occasions of which there is a run among these looks.
  std::size_t occasions_between(std::size_t begin, std::size_t end) const {
    const std::size_t first = looks_.parts[begin].begin, last = looks_.parts[end - 1].end;
    return static_cast<std::size_t>(
        std::count_if(occasions_.begin(), occasions_.end(),
                      [&](const Occasion& one) { return one.begin < last && one.end > first; }));
  }

  std::vector<std::string> doubts(std::size_t at, const HistoryPoint& before, const HistoryPoint& now,
                                  bool conditions) const {
    std::vector<std::string> because;
    const std::size_t index = found_.points[at].index;
    const std::size_t left = occasions_between(begin_of(at), index),
                      right = occasions_between(index, end_of(at));
    if (std::min(left, right) < kOccasionsOfASide) {
      because.push_back(fmt::format("{} occasion{} before and {} after, where an hour's own noise takes {}",
                                    left, left == 1 ? "" : "s", right, kOccasionsOfASide));
    }
    const bool known = !before.source_hash.empty() && !now.source_hash.empty();
    if (known ? before.source_hash == now.source_hash : before.commit == now.commit) {
      because.emplace_back(before.commit != now.commit ? "the subject's sources are the same on both sides"
                           : now.commit.empty()        ? "no commit is known on either side"
                                                       : "the same commit on both sides");
    }
    if (conditions) because.emplace_back("the conditions changed there");
    return because;
  }

  const History& history_;
  const Valued& valued_;
  const Looks& looks_;
  const LevelChanges& found_;
  double smallest_;
  bool noisy_;
  std::vector<Occasion> occasions_;
};

void note_missing(History& history) {
  std::map<std::string, int> reasons;
  for (const HistoryPoint& point : history.points) {
    if (!point.value) ++reasons[point.reason.empty() ? "no reason was recorded" : point.reason];
    if (point.value && !std::isfinite(*point.value)) ++reasons["the value is not a finite number"];
  }
  for (const auto& [reason, count] : reasons) {
    history.notes.push_back(fmt::format("{} of {} runs {} no value: {}", count, history.points.size(),
                                        count == 1 ? "has" : "have", reason));
  }
}

void note_found(History& history, const Valued& all, double smallest) {
  constexpr std::size_t kLeast = 4;
  const std::size_t count = all.values.size();
  if (count == 0) {
    history.notes.push_back("no run has a value: there is nothing to look for changes in");
  } else if (count < kLeast) {
    history.notes.push_back(fmt::format("{} run{} a value: change points need at least {}", count,
                                        count == 1 ? " has" : "s have", kLeast));
  } else if (std::all_of(all.values.begin(), all.values.end(),
                         [&](double v) { return v == all.values.front(); })) {
    history.notes.push_back("all values are equal");
  }
  if (history.drift && std::abs(*history.drift) > smallest) {
    history.notes.push_back(fmt::format(
        "the values drift by {:+.1f} % over the series, apart from its changes: a slope explains that "
        "better than steps",
        100 * *history.drift));
  }
  if (!history.outliers.empty()) {
    history.notes.push_back(fmt::format("{} value{} alone, far from those before and after; none was dropped",
                                        history.outliers.size(),
                                        history.outliers.size() == 1 ? " stands" : "s stand"));
  }
}

}  // namespace

History history_of(std::vector<HistoryPoint> points, Better better, const ChangePointOptions& given) {
  History history;
  history.points = std::move(points);
  history.better = better;
  history.marks = marks_of(history.points);
  const Valued all = valued(history.points);
  auto occasions = occasions_of(history.points, all.places);
  history.occasions = occasions.size();
  history.by_occasion = occasions.size() >= kLeastOccasions && !without_noise(all.values);
  const Looks looks = looks_of(history.points, all,
                               history.by_occasion ? std::move(occasions) : runs_alone(all.values.size()));
  ChangePointOptions options = given;
  for (std::size_t i = 1; i < looks.parts.size(); ++i) {
    const std::size_t first = looks.parts[i].begin;
    if (!same_build(history.points[all.places[first - 1]], history.points[all.places[first]]))
      options.preferred.push_back(i);
  }
  const LevelChanges found = level_changes(looks.values, options);
  history.drift = found.drift;
  for (const std::size_t index : found.outliers) {
    for (std::size_t i = looks.parts[index].begin; i < looks.parts[index].end; ++i)
      history.outliers.push_back(all.places[i]);
  }
  const Describer describer(history, all, looks, found, options.smallest);
  for (std::size_t i = 0; i < found.points.size(); ++i) history.changes.push_back(describer.change(i));
  note_missing(history);
  note_found(history, all, options.smallest);
  return history;
}

}  // namespace flashcore::analysis
