#include "app/session/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/devices.h"
#include "analysis/metric_needs.h"
#include "analysis/run_analysis.h"
#include "core/nearest.h"

namespace flashcore::session {
namespace {

using analysis::History;
using analysis::HistoryPoint;
using core::ErrorCode;
using core::fail;
using core::Result;

constexpr double kNsTimesMHz = 1e-3;  // cycles

core::Status check_names(const HistoryRequest& request, const store::Store& store) {
  const auto subjects = store.subject_names();
  if (!subjects) return fail(subjects.error());
  for (const std::string& name : request.subjects) {
    if (std::find(subjects->begin(), subjects->end(), name) == subjects->end())
      return fail(core::unknown_name("phase", name, *subjects));
  }
  const auto problems = store.problems();
  if (!problems) return fail(problems.error());
  std::vector<std::string> labels;
  for (const core::Problem& problem : *problems) labels.push_back(core::problem_label(problem));
  for (const core::Problem& problem : request.problems) {
    if (std::find(problems->begin(), problems->end(), problem) == problems->end())
      return fail(core::unknown_name("problem", core::problem_label(problem), labels));
  }
  return {};
}

Result<const analysis::Metric*> metric_of(const std::string& id, const analysis::Catalogue& catalogue) {
  if (const analysis::Metric* const metric = catalogue.find(id)) return metric;
  std::vector<std::string> known;
  for (const analysis::Metric& metric : catalogue.metrics()) known.push_back(metric.id);
  return fail(core::unknown_name("metric", id, known));
}

std::string state_text(const std::optional<core::CacheState>& cache) {
  return cache ? fmt::format("{} caches", core::name_of(*cache)) : "caches whose state is not known";
}

// Why nothing is there, and what would be.
core::Error nothing_there(const HistoryRequest& request, const store::Store& store, store::RunFilter filter) {
  core::Error error{
      ErrorCode::kUsage, "no runs keep these conditions", "see: flashcore-profile list runs", {}};
  if (!filter.cache) return error;
  filter.cache.reset();
  const auto others = store.series(filter);
  if (!others || others->empty()) return error;
  error.message = fmt::format("no runs from {} keep these conditions", state_text(request.cache));
  const auto& other = others->front().cache;
  if (other) {
    error.hint = fmt::format("there are some from {}: --cache {}", state_text(other), core::name_of(*other));
  } else {
    error.hint = "there are imports whose file does not say what the caches held: see list runs";
  }
  return error;
}

// What was noted of how the run was timed: other subjects in turn with it, a counting process beside it.
std::string conditions_of(const core::RunRecord& run) {
  for (const core::MeasurementRecord& m : run.measurements) {
    std::string text;
    if (const auto turns = m.parameters.find("turns"); turns != m.parameters.end()) text = turns->second;
    if (const auto beside = m.parameters.find("beside"); beside != m.parameters.end())
      text += (text.empty() ? "beside " : ", beside ") + beside->second;
    if (!text.empty()) return text;
  }
  return {};
}

// The medians that are stored stand for the samples that they are of: a metric of medians cannot tell.
void stand_in(store::SeriesRun& from) {
  const auto add = [&](core::SampleKind kind, const std::optional<double>& ns) {
    if (!ns) return;
    core::Sample sample;
    sample.kind = kind;
    sample.duration_ns = *ns;
    const bool carries = kind == core::SampleKind::kGraph || !from.graph_p50_ns;
    if (carries) sample.effective_clock_mhz = from.clock_mhz;
    from.run.measurements.emplace_back().samples.push_back(sample);
  };
  add(core::SampleKind::kGraph, from.graph_p50_ns);
  add(core::SampleKind::kLaunch, from.launch_p50_ns);
}

// A history is over builds: what another profiler timed names none, and stands only where nothing else does.
std::size_t leave_imports_out(std::vector<HistoryPoint>& points) {
  const auto imported = [](const HistoryPoint& point) { return point.commit.empty(); };
  if (std::all_of(points.begin(), points.end(), imported)) return 0;
  return std::erase_if(points, imported);
}

class SeriesReader {
 public:
  SeriesReader(const HistoryRequest& request, const store::Store& store, const analysis::Catalogue& catalogue,
               const analysis::Metric& metric)
      : request_(request), store_(store), catalogue_(catalogue), metric_(metric) {}

  Result<History> read(const store::Series& series, const core::CancelToken& cancel) {
    needs_ = analysis::needs_of(metric_, analysis::formula_chip(series.device));
    is_time_ = needs_.durations && metric_.unit == "ns" && !needs_.clock && needs_.counters.empty();
    auto runs = store_.series_runs(series.id, request_.since, request_.limit, part());
    if (!runs) return fail(runs.error());
    std::vector<HistoryPoint> points;
    std::string label;
    for (store::SeriesRun& run : *runs) {
      if (cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
      label = analysis::run_label(run.run);
      points.push_back(point_of(run));
    }
    const std::size_t imported = leave_imports_out(points);
    History history = analysis::history_of(std::move(points), better(), request_.options);
    if (imported > 0) {
      history.notes.push_back(fmt::format("{} imported run{} left out: {} no build", imported,
                                          imported == 1 ? " is" : "s are",
                                          imported == 1 ? "it names" : "they name"));
    }
    history.metric = metric_.id;
    history.title = metric_.title;
    history.unit = metric_.unit;
    history.label = std::move(label);
    history.subject = series.subject;
    if (series.problem) history.problem = core::canonical_text(*series.problem);
    if (series.cache) history.cache = core::name_of(*series.cache);
    history.device = series.device ? series.device->name : "";
    return history;
  }

 private:
  store::RunPart part() const {
    using Samples = store::RunPart::Samples;
    store::RunPart part;
    part.samples = needs_.samples ? Samples::kAll : needs_.clock ? Samples::kWhereNoClock : Samples::kNone;
    part.resources = needs_.resources;
    if (!needs_.counters.empty())
      part.counter = [this](std::string_view name) { return needs_.counter(name); };
    return part;
  }

  analysis::Better better() const {
    switch (metric_.direction) {
      case analysis::Direction::kLowerIsBetter: return analysis::Better::kLower;
      case analysis::Direction::kHigherIsBetter: return analysis::Better::kHigher;
      case analysis::Direction::kNeutral: break;
    }
    return analysis::Better::kNeither;
  }

  HistoryPoint point_of(store::SeriesRun& from) const {
    HistoryPoint point;
    const core::RunRecord& run = from.run;
    point.run = run.id;
    point.taken_at = run.taken_at;
    point.commit = run.environment.git_sha;
    point.dirty = run.environment.kernels_dirty;
    point.source_hash = run.subject.source_hash;
    point.driver = run.environment.driver;
    point.toolkit = run.environment.cuda_toolkit;
    point.catalogue = run.environment.catalogue_hash;
    if (run.device) point.card = run.device->uuid;
    point.conditions = conditions_of(run);
    point.clock_mhz = from.clock_mhz;
    const bool sampled = std::any_of(run.measurements.begin(), run.measurements.end(),
                                     [](const auto& m) { return !m.samples.empty(); });
    if (!sampled) stand_in(from);
    const analysis::MetricValue value = catalogue_.evaluate(run, metric_);
    point.value = value.value;
    point.reason = value.reason;
    if (is_time_ && point.value && point.clock_mhz)
      point.cycles = *point.value * *point.clock_mhz * kNsTimesMHz;
    return point;
  }

  const HistoryRequest& request_;
  const store::Store& store_;
  const analysis::Catalogue& catalogue_;
  const analysis::Metric& metric_;
  analysis::MetricNeeds needs_;
  bool is_time_ = false;
};

}  // namespace

Result<std::vector<History>> histories(const HistoryRequest& request, const store::Store& store,
                                       const analysis::Catalogue& catalogue,
                                       const core::CancelToken& cancel) {
  const auto metric = metric_of(request.metric, catalogue);
  if (!metric) return fail(metric.error());
  if (auto known = check_names(request, store); !known) return fail(known.error());
  store::RunFilter filter;
  filter.subjects = request.subjects;
  filter.problems = request.problems;
  filter.cache = request.cache;
  filter.device_contains = request.device_contains;
  const auto series = store.series(filter);
  if (!series) return fail(series.error());
  if (series->empty()) return fail(nothing_there(request, store, filter));
  std::vector<History> all;
  SeriesReader reader(request, store, catalogue, **metric);
  for (const store::Series& one : *series) {
    auto history = reader.read(one, cancel);
    if (!history) return fail(history.error());
    if (!history->points.empty()) all.push_back(std::move(*history));
  }
  if (all.empty()) {
    return fail(ErrorCode::kUsage,
                request.since.empty() ? "there are no runs of it any more"
                                      : fmt::format("no runs were taken at or after {}", request.since),
                "an earlier --since, or: flashcore-profile list runs");
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.label < b.label; });
  return all;
}

}  // namespace flashcore::session
