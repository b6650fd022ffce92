#include "reports/headline.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "analysis/describe.h"

namespace flashcore::reports {
namespace {

bool is_import(const core::RunRecord& run) {
  return run.origin == core::Origin::kImport;
}

bool belongs(const Group& group, const core::RunRecord& run) {
  const core::RunRecord& first = group.runs.front()->run;
  if (group.imports != is_import(run) || (!group.imports && first.problem != run.problem)) return false;
  return core::same_class(first.device, run.device);
}

Group new_group(const core::RunRecord& run) {
  Group group;
  group.imports = is_import(run);
  group.device = run.device ? run.device->name : std::string();
  if (group.imports) {
    group.label = "imports";
  } else if (run.problem) {
    group.label = core::problem_label(*run.problem);
    group.axes = analysis::axes_text(*run.problem);
  } else {
    group.label = "without a problem";
  }
  return group;
}

// Subjects outside of a ladder come behind it.
auto place(const core::RunRecord& run) {
  const auto& ladder = run.subject.ladder;
  return std::tuple(ladder && ladder->reference, ladder ? ladder->rung : std::numeric_limits<int>::max());
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

std::string row_label(const core::RunRecord& run) {
  return is_import(run) ? analysis::run_label(run) : run.subject.name;
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
