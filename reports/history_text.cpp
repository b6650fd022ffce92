#include "reports/history_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/statistics.h"
#include "analysis/units.h"
#include "reports/ascii_plot.h"
#include "reports/terminal_table.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using analysis::History;
using analysis::HistoryChange;
using analysis::HistoryPoint;
using analysis::InCycles;

constexpr std::size_t kMostBuilds = 20, kMostMarks = 10, kLetters = 26;
constexpr int kNarrowest = 60;

std::string short_commit(const std::string& commit, bool dirty = false) {
  constexpr std::size_t kDigits = 9;
  return printable(commit.substr(0, kDigits)) + (dirty ? "+changes" : "");
}

std::string date_of(const std::string& taken_at) {
  std::string date = taken_at.substr(0, 16);
  std::replace(date.begin(), date.end(), 'T', ' ');
  return printable(date);
}

std::string day_of(const std::string& taken_at) {
  return printable(taken_at.substr(0, 10));
}

char letter_of(std::size_t change) {
  return static_cast<char>('A' + static_cast<int>(change % kLetters));
}

// "+3.1 %"; so many digits that a change of a hundredth of what matters can still be told.
std::string signed_percent(double share) {
  return fmt::format("{:+.{}f} %", 100 * share, std::abs(share) < 0.1 ? 2 : 1);
}

std::string p_text(double p) {
  return p < 1e-6 ? "< 1e-6" : fmt::format("{:.2g}", p);
}

bool same_build(const HistoryPoint& a, const HistoryPoint& b) {
  return a.commit == b.commit && a.dirty == b.dirty;
}

// Neighbouring points of one build.
struct Build {
  std::size_t begin = 0, end = 0;
};

std::vector<Build> builds_of(const History& history) {
  std::vector<Build> builds;
  for (std::size_t i = 0; i < history.points.size(); ++i) {
    const bool same = i > 0 && same_build(history.points[i - 1], history.points[i]);
    if (!same) builds.push_back({i, i});
    builds.back().end = i + 1;
  }
  return builds;
}

std::string title_of(const History& history, bool colour) {
  std::set<std::pair<std::string, bool>> builds;
  for (const HistoryPoint& point : history.points) builds.emplace(point.commit, point.dirty);
  std::string text = inked(printable(history.label), Ink::kBold, colour);
  text += fmt::format(": {}, {} run{} of {} build{}", printable(history.title), history.points.size(),
                      history.points.size() == 1 ? "" : "s", builds.size(), builds.size() == 1 ? "" : "s");
  if (!history.points.empty()) {
    const std::string first = day_of(history.points.front().taken_at),
                      last = day_of(history.points.back().taken_at);
    text += first == last ? fmt::format(", {}", first) : fmt::format(", {} to {}", first, last);
  }
  if (!history.device.empty()) text += ", " + printable(history.device);
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) text += (text.empty() ? "" : "; ") + one;
  return text;
}

// What is to be known of a change beside its size.
std::string remarks_of(const HistoryChange& change) {
  std::vector<std::string> remarks;
  if (change.cycles) {
    const std::string cycles =
        fmt::format("cycles {} ({} to {})", signed_percent(change.cycles->change),
                    signed_percent(change.cycles->low), signed_percent(change.cycles->high));
    switch (change.in_cycles) {
      case InCycles::kConfirmed:
        remarks.push_back(change.confirmed() ? "confirmed in cycles" : "the cycles moved too");
        break;
      case InCycles::kNot: remarks.push_back("not in cycles, so the clock moved: " + cycles); break;
      case InCycles::kOpen: remarks.push_back("cycles do not decide: " + cycles); break;
      case InCycles::kUnknown: break;
    }
  }
  if (!change.confirmed()) {
    remarks.push_back(printable(joined(change.because)));
  } else if (change.commit_before == change.commit_at) {
    remarks.push_back("the same commit on both sides");
  } else if (change.same_source) {
    remarks.push_back("the subject's sources are the same on both sides");
  }
  if (!change.beside.empty()) remarks.push_back("beside it: " + printable(joined(change.beside)));
  return joined(remarks);
}

Ink ink_of(const History& history, const HistoryChange& change) {
  if (history.better == analysis::Better::kNeither || !change.confirmed()) return Ink::kPlain;
  return change.better ? Ink::kGood : Ink::kBad;
}

// Of those that are confirmed, or of those that are not.
std::string changes_table(const History& history, const TerminalStyle& style, bool confirmed) {
  std::vector<Column> columns{{"date", Align::kLeft, 16, 3},    {"commit", Align::kLeft, 30, 9},
                              {"change", Align::kRight, 12, 9}, {"99 % interval", Align::kRight, 24, 8},
                              {"p", Align::kRight, 8, 2},       {"from", Align::kRight, 14, 1},
                              {"to", Align::kRight, 14, 1}};
  std::vector<Row> rows;
  for (std::size_t i = 0; i < history.changes.size(); ++i) {
    const HistoryChange& change = history.changes[i];
    if (change.confirmed() != confirmed) continue;
    const analysis::ChangePoint& point = change.point;
    Row row;
    row.mark = std::string(1, letter_of(i));
    row.ink = ink_of(history, change);
    row.cells = {date_of(history.points[point.index].taken_at),
                 short_commit(change.commit_before) + " -> " + short_commit(change.commit_at),
                 signed_percent(point.change),
                 fmt::format("{} to {}", signed_percent(point.low), signed_percent(point.high)),
                 p_text(point.p),
                 analysis::format_value(point.before, history.unit),
                 analysis::format_value(point.after, history.unit)};
    const std::string remarks = remarks_of(change);
    if (!remarks.empty()) {
      const std::string lines = wrap("    " + remarks, style.width, 4);
      for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        row.below.push_back(lines.substr(at, end - at));
        at = end + 1;
      }
    }
    rows.push_back(std::move(row));
  }
  return TableLayout(std::move(columns), rows, style.width).draw(rows, style.colour);
}

// The newest, each on a line.
std::string marks_lines(const History& history, const TerminalStyle& style) {
  if (history.marks.empty()) return {};
  std::string text = "marks: what else changed, where; never a cause by itself\n";
  const std::size_t skipped = history.marks.size() - std::min(history.marks.size(), kMostMarks);
  if (skipped > 0) text += fmt::format("  {} older ones: --json has them\n", skipped);
  for (std::size_t i = skipped; i < history.marks.size(); ++i) {
    const analysis::HistoryMark& mark = history.marks[i];
    const HistoryPoint& point = history.points[mark.index];
    const std::string line = fmt::format("  {}  {}  {}", date_of(point.taken_at),
                                         short_commit(point.commit, point.dirty), printable(mark.text));
    text += wrap(line, style.width, 4) + "\n";
  }
  return text;
}

std::optional<double> median_of(const History& history, const Build& build,
                                std::optional<double> HistoryPoint::*field) {
  std::vector<double> values;
  for (std::size_t i = build.begin; i < build.end; ++i) {
    const auto& value = history.points[i].*field;
    if (value && std::isfinite(*value)) values.push_back(*value);
  }
  const auto summary = analysis::summarise(values);
  return summary ? std::optional<double>(summary->p50) : std::nullopt;
}

// Which changes begin in a build.
std::string letters_in(const History& history, const Build& build) {
  std::string letters;
  for (std::size_t i = 0; i < history.changes.size(); ++i) {
    const std::size_t index = history.changes[i].point.index;
    if (index >= build.begin && index < build.end && letters.size() < 2) letters += letter_of(i);
  }
  return letters;
}

std::string builds_table(const History& history, const TerminalStyle& style) {
  const std::vector<Build> builds = builds_of(history);
  const std::size_t skipped = builds.size() - std::min(builds.size(), kMostBuilds);
  std::vector<Column> columns{{"date", Align::kLeft, 16, 5},
                              {"commit", Align::kLeft, 18, 9},
                              {"runs", Align::kRight, 6, 4},
                              {"median", Align::kRight, 16, 8},
                              {"clock", Align::kRight, 12, 3}};
  std::vector<Row> rows;
  for (std::size_t i = skipped; i < builds.size(); ++i) {
    const Build& build = builds[i];
    const HistoryPoint& first = history.points[build.begin];
    const auto clock = median_of(history, build, &HistoryPoint::clock_mhz);
    Row row;
    row.mark = letters_in(history, build);
    row.cells = {date_of(first.taken_at), short_commit(first.commit, first.dirty),
                 fmt::format("{}", build.end - build.begin),
                 analysis::format_value(median_of(history, build, &HistoryPoint::value), history.unit),
                 clock ? fmt::format("{:.0f} MHz", *clock) : "-"};
    rows.push_back(std::move(row));
  }
  std::string text =
      skipped > 0 ? fmt::format("the newest {} of {} builds (--json has all)\n", kMostBuilds, builds.size())
                  : std::string("builds\n");
  return text + TableLayout(std::move(columns), rows, style.width).draw(rows, style.colour);
}

std::string plot_of(const History& history, const TerminalStyle& style) {
  SeriesPlot plot;
  plot.y_title = history.title;
  plot.unit = history.unit;
  for (const HistoryPoint& point : history.points) plot.values.push_back(point.value);
  // Where a slope carries the series along, its segments have no level.
  const std::size_t count = history.changes.size();
  for (std::size_t i = 0; i < count; ++i) {
    const analysis::ChangePoint& point = history.changes[i].point;
    const std::size_t begin = i > 0 ? history.changes[i - 1].point.index : 0;
    const std::size_t end = i + 1 < count ? history.changes[i + 1].point.index : history.points.size();
    if (!history.drift && i == 0) plot.levels.push_back({begin, point.index, point.before});
    if (!history.drift) plot.levels.push_back({point.index, end, point.after});
    plot.marks.push_back({point.index, letter_of(i), ""});
  }
  return ascii_series(plot, style);
}

std::string history_text(const History& history, const TerminalStyle& style, bool plots) {
  std::string text = wrap(title_of(history, style.colour), style.width, 2) + "\n";
  const auto confirmed = static_cast<std::size_t>(std::count_if(
      history.changes.begin(), history.changes.end(), [](const auto& one) { return one.confirmed(); }));
  text += confirmed == 0 ? std::string("no change points\n")
                         : fmt::format("{} change point{}\n", confirmed, confirmed == 1 ? "" : "s");
  if (confirmed > 0) text += changes_table(history, style, true);
  if (confirmed < history.changes.size()) {
    text += "steps that may be the hour or the conditions, not the code\n";
    text += changes_table(history, style, false);
  }
  for (const std::string& note : history.notes)
    text += wrap("note: " + printable(note), style.width, 6) + "\n";
  text += marks_lines(history, style);
  text += builds_table(history, style);
  if (plots) text += plot_of(history, style);
  return text;
}

}  // namespace

std::string histories_text(const std::vector<History>& histories, const TerminalStyle& given, bool plots) {
  TerminalStyle style = given;
  style.width = std::max(style.width, kNarrowest);
  std::string text;
  for (const History& history : histories) {
    if (!text.empty()) text += '\n';
    text += history_text(history, style, plots);
  }
  return text;
}

}  // namespace flashcore::reports
