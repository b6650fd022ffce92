// The sheet of the timing: the answer, the samples, the clocks and how they were taken.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "analysis/clock.h"
#include "analysis/describe.h"
#include "analysis/run_values.h"
#include "analysis/sheet_parts.h"
#include "analysis/units.h"
#include "core/phase.h"

namespace flashcore::analysis {
namespace {

// Enough to tell p50, p90 and p99 apart.
constexpr int kTimeDigits = 5;

std::string spelled_time(double ns) {
  return format_duration_ns(ns, kTimeDigits);
}

// The 99th percentile is a nearest rank: of fewer samples it is their maximum under another name.
constexpr int kSamplesOfP99 = 100;

// "max 1.2e-04 (limit 4.9e-04: twice the plain method's 2.4e-04, + 1e-5), mean 3.1e-06; largest at b 0, ..."
std::string check_note(const core::CheckRecord& check) {
  std::string note = fmt::format("max {:.2e} (limit {:.2g}", check.max_error, check.max_tolerance);
  if (check.plain_max_error)
    note += fmt::format(": twice the plain method's {:.2e}, + 1e-5", *check.plain_max_error);
  note += fmt::format("), mean {:.2e}", check.mean_error);
  if (check.mean_tolerance) note += fmt::format(" (limit {:.2g})", *check.mean_tolerance);
  if (!check.worst.empty()) note += "; largest at " + check.worst;
  if (!check.method.empty()) note += "; " + check.method;
  return note;
}

// The limits of the project that this one grew from: shown as theirs.
std::string historic_note(const core::CheckRecord& check) {
  constexpr core::HistoricLimits kTheirs;
  const bool kept = check.max_error <= kTheirs.max_error && check.mean_error <= kTheirs.mean_error;
  return fmt::format(
      " Limits of the project that this one grew from, which decide nothing: max {:g}, mean {:g}; {}.",
      kTheirs.max_error, kTheirs.mean_error, kept ? "kept" : "not kept");
}

SheetRow check_row(const core::CheckRecord& check, const std::string& moment, std::set<std::string>& ids) {
  SheetRow row;
  row.id = fmt::format("check.{}", check.seed);
  for (int again = 2; !ids.insert(row.id).second; ++again)
    row.id = fmt::format("check.{}.{}", check.seed, again);
  row.name = check.input.empty() ? fmt::format("seed {}", check.seed)
                                 : fmt::format("{} input, seed {}", check.input, check.seed);
  if (!moment.empty()) row.name += ", " + moment;
  row.value = check.passed ? "right" : "WRONG";
  row.note = check_note(check);
  row.tip =
      fmt::format("{} NaN, {} Inf, {} elements compared.", check.nan_count, check.inf_count, check.compared) +
      historic_note(check);
  row.state = check.passed ? RowState::kGood : RowState::kBad;
  return row;
}

SheetSection answer_section(const core::RunRecord& run) {
  SheetSection section{"timing.answer", "Answer", answer_sentence(run), {}};
  if (run.answer == core::Answer::kDoesNotApply)
    section.description = "There is nothing to check it against.";
  std::set<std::string> ids;
  for (const core::MeasurementRecord& measurement : run.measurements) {
    const auto moment = measurement.parameters.find("moment");
    for (const core::CheckRecord& check : measurement.checks) {
      section.rows.push_back(
          check_row(check, moment == measurement.parameters.end() ? "" : moment->second, ids));
    }
  }
  if (!section.rows.empty()) {
    constexpr core::HistoricLimits kTheirs;
    section.rows.push_back(text_row("check.historic", "limits of the earlier project",
                                    fmt::format("max {:g}, mean {:g}", kTheirs.max_error, kTheirs.mean_error),
                                    "theirs, shown beside: they decide nothing here"));
  }
  return section;
}

SheetSection samples_section(const std::string& kind, const std::string& title, const std::string& what,
                             const std::optional<Summary>& summary, const std::string& objection) {
  SheetSection section{"timing." + kind, title, what, {}};
  if (!summary) {
    section.rows.push_back(text_row(kind + ".p50", "p50", "", {},
                                    objection.empty() ? "there are no samples of this kind" : objection));
    return section;
  }
  const std::pair<const char*, double> rows[] = {
      {"p50", summary->p50}, {"p90", summary->p90},   {"p99", summary->p99},        {"min", summary->min},
      {"max", summary->max}, {"mean", summary->mean}, {"deviation", summary->stdev}};
  for (const auto& [name, ns] : rows) {
    const bool left_out = std::string_view(name) == "p99" && summary->n < kSamplesOfP99;
    section.rows.push_back(
        text_row(kind + "." + name, name, left_out ? "" : spelled_time(ns), {},
                 fmt::format("left out: of fewer than {} samples p99 is the max, and there are {}",
                             kSamplesOfP99, summary->n)));
  }
  section.rows.push_back(text_row(kind + ".n", "samples", fmt::format("{}", summary->n)));
  return section;
}

// "1 launch", "67 launches", "60 to 67 launches": those of a batch. Empty where there is no such sample.
std::string launches_of_a_batch(const core::RunRecord& run, core::SampleKind kind) {
  std::set<int> launches;
  for (const core::Sample& sample : core::all_samples(run)) {
    if (sample.kind == kind) launches.insert(sample.launches);
  }
  if (launches.empty()) return {};
  const int least = *launches.begin(), most = *launches.rbegin();
  if (least == most) return fmt::format("{} {}", most, most == 1 ? "launch" : "launches");
  return fmt::format("{} to {} launches", least, most);
}

bool is_cold(const core::RunRecord& run) {
  return run.cache == core::CacheState::kCold;
}

// What the time of an empty kernel says of this run's. How many kernels a launch has decides: a cold floor
// holds a pair of events, of which there is one a launch and not one a kernel.
std::string floor_note(const core::RunRecord& run) {
  const std::string launches = launches_of_a_batch(run, core::SampleKind::kEmpty);
  const std::size_t kernels = run.kernels.size();
  std::string note = "on this machine, an empty kernel taken the same way";
  if (!launches.empty()) note += fmt::format(", {} a graph", launches);
  if (is_cold(run)) {
    note += ", each after a flush and between two events of its own";
    if (kernels > 1) {
      return note + fmt::format(
                        ": the floor of one launch of one kernel; a launch here has {} kernels, and what the "
                        "others add was not measured",
                        kernels);
    }
  }
  note += ": the floor under these times, not taken off them";
  // The begin and the end of a warm replay are shared by its launches.
  if (!is_cold(run)) note += "; fewer launches a graph give a higher one";
  if (kernels > 1) note += fmt::format("; a launch of {} kernels stands on {} of them", kernels, kernels);
  return note;
}

SheetSection graph_section(const RunAnalysis& run, const std::string& objection) {
  const std::string what =
      is_cold(run.run)
          ? "A graph of launches, each after a flush of the caches and between two events of its own: a "
            "sample is the mean of the batch, and a percentile is one of such means. It holds the way from "
            "an event to the kernel and back; the flush is outside."
          : "Events around one replay of a graph of many launches, divided by their number: a sample is the "
            "mean of a batch, and a percentile is one of such means. It holds the gap between two nodes of "
            "the graph.";
  SheetSection section = samples_section("graph", "Graph replay, batch means", what, run.graph_ns, objection);
  if (run.graph_ns) {
    const std::string batches = fmt::format("of {} batch means, each of {}", run.graph_ns->n,
                                            launches_of_a_batch(run.run, core::SampleKind::kGraph));
    for (SheetRow& row : section.rows) {
      if (row.state != RowState::kMissing) row.note = row.id == "graph.n" ? "batch means" : batches;
    }
  }
  section.rows.push_back(value_row("graph.floor", "empty kernel, p50", run.floor_ns, spelled_time,
                                   floor_note(run.run), "no empty kernel was timed beside this run"));
  return section;
}

// Bits of nvmlClocksEventReasons (nvml.h).
std::string reasons_text(std::int64_t reasons) {
  struct Reason {
    std::int64_t bit;
    const char* name;
  };
  constexpr std::array kReasons{Reason{0x1, "idle"},
                                Reason{0x2, "set application clocks"},
                                Reason{0x4, "power cap"},
                                Reason{0x8, "hardware slowdown"},
                                Reason{0x10, "sync boost"},
                                Reason{0x20, "software thermal slowdown"},
                                Reason{0x40, "hardware thermal slowdown"},
                                Reason{0x80, "power brake"},
                                Reason{0x100, "display clock setting"}};
  std::string text;
  const auto list = [&](const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (const Reason& reason : kReasons) {
    if ((reasons & reason.bit) != 0) list(reason.name);
    reasons &= ~reason.bit;
  }
  if (reasons != 0) list(fmt::format("{:#x}", reasons));
  return text.empty() ? "none" : text;
}

std::vector<core::ClockRecord> clock_log(const core::RunRecord& run) {
  std::vector<core::ClockRecord> log;
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (!measurement.samples.empty())
      log.insert(log.end(), measurement.clocks.begin(), measurement.clocks.end());
  }
  return log;
}

// "median 612 W, 580 to 655 W, 14 readings"
template <typename Field>
SheetRow log_row(const char* id, const char* name, const std::vector<core::ClockRecord>& log, Field field,
                 const char* unit) {
  std::vector<double> values;
  for (const core::ClockRecord& clock : log) {
    if (clock.*field) values.push_back(*(clock.*field));
  }
  const auto summary = summarise(values);
  return value_row(
      std::string("clock.") + id, name, summary,
      [&](const Summary& s) { return fmt::format("{:.0f} {}", s.p50, unit); },
      summary ? fmt::format("{:.0f} to {:.0f} {}, {} readings of NVML", summary->min, summary->max, unit,
                            summary->n)
              : "",
      "NVML did not say it while the run was timed");
}

// The highest of what a log holds, or nothing.
std::optional<std::int64_t> most_processes(const std::vector<core::ClockRecord>& log) {
  std::optional<std::int64_t> most;
  for (const core::ClockRecord& clock : log) {
    if (clock.other_processes) most = std::max(most.value_or(0), *clock.other_processes);
  }
  return most;
}

std::optional<std::int64_t> all_reasons(const std::vector<core::ClockRecord>& log) {
  std::optional<std::int64_t> all;
  for (const core::ClockRecord& clock : log) {
    if (clock.reasons) all = all.value_or(0) | *clock.reasons;
  }
  return all;
}

SheetRow effective_row(const core::RunRecord& run) {
  std::vector<double> clocks;
  for (const core::Sample& sample : core::all_samples(run)) {
    if (sample.effective_clock_mhz && sample.kind == core::SampleKind::kGraph)
      clocks.push_back(*sample.effective_clock_mhz);
  }
  const auto summary = summarise(clocks);
  return value_row(
      "clock.effective", "effective SM clock, median", summary,
      [](const Summary& s) { return fmt::format("{:.0f} MHz", s.p50); },
      summary ? fmt::format("{:.0f} to {:.0f} MHz; SM cycles over time, stamped on the GPU around {}{} graph "
                            "samples",
                            summary->min, summary->max, is_cold(run) ? "each launch of " : "", summary->n)
              : "",
      "no graph sample carries the GPU's stamps");
}

SheetSection clock_section(const core::RunRecord& run) {
  SheetSection section{"timing.clocks", "Clocks while it was timed", {}, {}};
  const std::vector<core::ClockRecord> log = clock_log(run);
  section.rows.push_back(effective_row(run));
  section.rows.push_back(value_row(
      "clock.nominal", "nominal SM clock, median", nominal_clock_hz(run),
      [](double hz) { return fmt::format("{:.0f} MHz", hz / 1e6); },
      "NVML's: what the driver set, not what the SMs did under load",
      "NVML's clock was not read while the run was timed"));
  section.rows.push_back(
      log_row("memory", "memory clock, median", log, &core::ClockRecord::memory_mhz, "MHz"));
  section.rows.push_back(log_row("power", "power, median", log, &core::ClockRecord::power_w, "W"));
  section.rows.push_back(
      log_row("temperature", "temperature, median", log, &core::ClockRecord::temperature_c, "°C"));
  section.rows.push_back(value_row("clock.reasons", "reasons against a higher clock", all_reasons(log),
                                   reasons_text, "any of the readings",
                                   "NVML did not say it while the run was timed"));
  SheetRow others = value_row(
      "clock.other_processes", "other processes on the GPU", most_processes(log),
      [](std::int64_t n) { return fmt::format("{}", n); }, "the most of any reading",
      "NVML did not say it while the run was timed");
  if (most_processes(log).value_or(0) > 0) others.state = RowState::kWarning;
  section.rows.push_back(std::move(others));
  return section;
}

// How the timing was taken: the parameters of the measurements that hold samples, and the clock.
SheetSection method_section(const core::RunRecord& run) {
  SheetSection section{"timing.method", "Method", {}, {}};
  std::set<std::string> ids;
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (measurement.samples.empty()) continue;
    for (const auto& [name, value] : measurement.parameters) {
      std::string id = "timing.parameter." + name;
      for (int again = 2; !ids.insert(id).second; ++again)
        id = fmt::format("timing.parameter.{}.{}", name, again);
      section.rows.push_back(text_row(id, name, value.empty() ? "(empty)" : value));
    }
  }
  const bool samples = !core::all_samples(run).empty();
  const auto clock = run_clock(run);
  section.rows.push_back(value_row(
      "timing.clock", "SM clock that cycles and peaks are computed at", clock,
      [](const RunClock& c) { return fmt::format("{:.0f} MHz", c.hz / 1e6); }, clock ? clock->source : "",
      samples ? "no sample carries an SM clock" : "there are no samples"));
  return section;
}

}  // namespace

Sheet timing_sheet(const RunAnalysis& run) {
  Sheet sheet{"timing", "Timing", {answer_section(run.run)}};
  const std::string objection = timing_objection(run.run);
  if (run.time && run.time->counted) {
    sheet.sections.push_back(
        {"timing.counted",
         "Time that a tool counted",
         "Taken in a counter pass or reported by another program: shown, never compared.",
         {text_row("time", "time of a launch", format_duration_ns(run.time->ns), run.time->source)}});
  }
  sheet.sections.push_back(graph_section(run, objection));
  sheet.sections.push_back(samples_section(
      "launch", "Single launches",
      is_cold(run.run)
          ? "Events around each launch, enqueued while the caches are flushed, which hides the host's part "
            "of it: a sample is one launch, and a percentile is one of launches. It holds the way from an "
            "event to the kernel and back; the flush is outside."
          : "Events around each launch, its overhead in: a sample is one launch, and a percentile is one of "
            "launches.",
      run.launch_ns, objection));
  sheet.sections.push_back(clock_section(run.run));
  sheet.sections.push_back(method_section(run.run));
  return sheet;
}

}  // namespace flashcore::analysis
