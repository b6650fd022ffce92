#include "reports/headline.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "analysis/describe.h"
#include "analysis/durations.h"
#include "analysis/units.h"

namespace flashcore::reports {
namespace {

bool is_import(const core::RunRecord& run) {
  return run.origin == core::Origin::kImport;
}

// An import with a model computed one of FlashCore's own problems, and stands beside who computed it too; of
// any other nothing says what it can be compared with.
bool stands_apart(const core::RunRecord& run) {
  return is_import(run) && !run.model;
}

bool belongs(const Group& group, const core::RunRecord& run) {
  const core::RunRecord& first = group.runs.front()->run;
  if (group.imports != stands_apart(run)) return false;
  if (!group.imports && first.problem && run.problem) return analysis::comparable(first, run);
  // What is compared with nothing is shown beside its like.
  if (!group.imports && first.problem != run.problem) return false;
  return first.cache == run.cache && core::same_class(first.device, run.device);
}

Group new_group(const core::RunRecord& run) {
  Group group;
  group.imports = stands_apart(run);
  group.device = run.device ? run.device->name : std::string();
  if (group.imports) {
    group.label = "imports";
  } else if (run.problem) {
    group.label = core::problem_label(*run.problem);
    group.axes = analysis::axes_text(*run.problem);
  } else {
    group.label = "without a problem";
  }
  group.cache = run.cache;
  if (run.cache == core::CacheState::kCold) group.label += ", cold caches";
  return group;
}

// Subjects outside of a ladder come behind it.
auto place(const core::RunRecord& run) {
  const auto& ladder = run.subject.ladder;
  return std::tuple(ladder && ladder->reference, ladder ? ladder->rung : std::numeric_limits<int>::max());
}

// "0.55 µs", "0.55 to 0.61 µs", "998 ns to 1.02 µs".
std::string range_text(double least, double most) {
  std::string first = analysis::format_duration_ns(least);
  const std::string last = analysis::format_duration_ns(most);
  if (first == last) return last;
  const std::string unit = last.substr(last.find(' '));
  if (first.ends_with(unit)) first.resize(first.size() - unit.size());
  return first + " to " + last;
}

// "2026-01-31T12:00:00Z to 12:00:14Z"; a later day is written out.
std::string span_text(const std::string& first, const std::string& last) {
  if (first == last || first.empty()) return last;
  const std::size_t day = std::string_view("2026-01-31T").size();
  const bool same_day = first.size() == last.size() && first.compare(0, day, last, 0, day) == 0;
  return first + " to " + (same_day ? last.substr(day) : last);
}

}  // namespace

const analysis::RooflinePoint* main_point(const analysis::Roofline& roofline) {
  for (const auto& point : roofline.points) {
    if (point.memory == kDram) return &point;
  }
  return roofline.points.empty() ? nullptr : &roofline.points.front();
}

std::vector<Group> group_runs(const std::vector<analysis::RunAnalysis>& runs) {
  std::vector<Group> groups;
  for (const auto& run : runs) {
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return belongs(g, run.run); });
    if (group == groups.end()) {
      groups.push_back(new_group(run.run));
      group = std::prev(groups.end());
    }
    group->runs.push_back(&run);
    const bool timed = run.graph_ns && !group->imports;
    if (timed && (group->fastest == nullptr || run.graph_ns->p50 < group->fastest->graph_ns->p50)) {
      group->fastest = &run;
    }
  }
  for (Group& group : groups) {
    std::stable_sort(group.runs.begin(), group.runs.end(),
                     [](const auto* a, const auto* b) { return place(a->run) < place(b->run); });
  }
  return groups;
}

int time_digits(const Group& group) {
  constexpr int kMostForOneRun = 4;  // more would be the noise of its own samples
  std::vector<double> medians;
  int digits = analysis::kFewestDigits;
  for (const analysis::RunAnalysis* run : group.runs) {
    if (!run->graph_ns) continue;
    medians.push_back(run->graph_ns->p50);
    const int pair = analysis::digits_that_tell_apart(std::array{run->graph_ns->p50, run->graph_ns->p90});
    digits = std::max(digits, std::min(pair, kMostForOneRun));
  }
  return std::max(digits, analysis::digits_that_tell_apart(medians));
}

std::string binding_titles(const analysis::ProblemLimit& limit, bool brief) {
  std::vector<std::string> titles;
  for (const analysis::LimitTerm& term : limit.terms) {
    if (limit.binds(term)) titles.push_back(brief ? term.id : term.title);
  }
  return titles.empty() ? limit.binding : fmt::format("{}", fmt::join(titles, " and "));
}

std::string limit_sentence(const std::vector<const analysis::RunAnalysis*>& runs, bool brief) {
  std::optional<double> least, most;
  std::vector<std::string> titles;
  for (const analysis::RunAnalysis* run : runs) {
    const analysis::ProblemLimit& limit = run->limit;
    if (!limit.ns) continue;
    least = std::min(least.value_or(*limit.ns), *limit.ns);
    most = std::max(most.value_or(*limit.ns), *limit.ns);
    const std::string title = binding_titles(limit, brief);
    if (std::find(titles.begin(), titles.end(), title) == titles.end()) titles.push_back(title);
  }
  if (!least) return {};
  return fmt::format("limit {} by {}", range_text(*least, *most), fmt::join(titles, " or "));
}

std::string floor_sentence(const std::vector<const analysis::RunAnalysis*>& runs) {
  std::optional<double> least, most;
  bool live = false, recorded = false;
  for (const analysis::RunAnalysis* run : runs) {
    if (!run->floor_matters()) continue;
    least = std::min(least.value_or(*run->floor_ns), *run->floor_ns);
    most = std::max(most.value_or(*run->floor_ns), *run->floor_ns);
    const bool here = run->run.origin == core::Origin::kLive;
    live = live || here;
    recorded = recorded || !here;
  }
  if (!least) return {};
  const char* where = !recorded ? "here"
                      : live    ? "here and where the others were recorded"
                                : "where these were recorded";
  return fmt::format("an empty kernel takes {} {}", range_text(*least, *most), where);
}

std::string busiest_text(const analysis::SpeedOfLight& speed) {
  const analysis::SpeedBar* bar = speed.binding();
  if (!speed.names_busiest() || !bar->share.value) return {};
  std::string title = bar->title;
  // Inside a sentence; what is written in capitals alone (DRAM, FP32) stays.
  const bool word = title.size() > 1 && title[1] >= 'a' && title[1] <= 'z';
  if (word && title[0] >= 'A' && title[0] <= 'Z') title[0] = static_cast<char>(title[0] - 'A' + 'a');
  return fmt::format("{} {:.0f} %", title, *bar->share.value);
}

std::string row_label(const core::RunRecord& run) {
  if (stands_apart(run)) return analysis::run_label(run);
  // A phase that was timed elsewhere must not pass for one that was timed here.
  const bool elsewhere = is_import(run) && run.subject.kind == core::SubjectKind::kPhase;
  return elsewhere ? run.subject.name + ", import" : run.subject.name;
}

std::vector<std::string> origin_sentences(const std::vector<const core::RunRecord*>& runs) {
  struct Span {
    std::string sentence;  // without the times
    const core::RunRecord* run;
    std::string first, last;
  };
  std::vector<Span> spans;
  for (const core::RunRecord* run : runs) {
    if (run->origin == core::Origin::kLive) continue;
    std::string sentence = analysis::origin_sentence(*run, "-");
    auto span =
        std::find_if(spans.begin(), spans.end(), [&](const Span& s) { return s.sentence == sentence; });
    if (span == spans.end()) {
      spans.push_back({std::move(sentence), run, run->taken_at, run->taken_at});
      continue;
    }
    // Times are ISO 8601 in UTC, so that their order is that of their letters.
    span->first = std::min(span->first, run->taken_at);
    span->last = std::max(span->last, run->taken_at);
  }
  std::vector<std::string> out;
  for (const Span& span : spans) {
    out.push_back(analysis::origin_sentence(*span.run, span_text(span.first, span.last)));
  }
  return out;
}

}  // namespace flashcore::reports
