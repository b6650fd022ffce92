#include "analysis/sheet.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/describe.h"
#include "analysis/run_values.h"
#include "analysis/sheet_parts.h"
#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

SheetSection subject_section(const core::RunRecord& run) {
  SheetSection section{"summary.subject", "Subject", {}, {}};
  section.rows.push_back(text_row("subject", "name", run.subject.name));
  section.rows.push_back(text_row("subject.kind", "kind", std::string(core::name_of(run.subject.kind))));
  if (!run.subject.title.empty())
    section.rows.push_back(text_row("subject.title", "title", run.subject.title));
  if (run.subject.ladder) {
    section.rows.push_back(text_row("subject.rung", "rung", fmt::format("{}", run.subject.ladder->rung),
                                    run.subject.ladder->reference ? "a library's, for comparison" : ""));
  }
  if (run.subject.kind == core::SubjectKind::kPhase) {
    section.rows.push_back(text_row("subject.source_hash", "hash of its sources", run.subject.source_hash));
  }
  return section;
}

SheetSection problem_section(const core::RunRecord& run) {
  SheetSection section{"summary.problem", "Problem", {}, {}};
  if (!run.problem) {
    section.rows.push_back(text_row("problem", "problem", "", {}, "the run does not say what it computed"));
    return section;
  }
  section.rows.push_back(
      text_row("problem", "problem", core::problem_label(*run.problem), axes_text(*run.problem)));
  section.rows.push_back(text_row("problem.workload", "workload", run.problem->workload));
  for (const core::Axis& axis : run.problem->axes) {
    section.rows.push_back(text_row("problem." + axis.name, axis.name, axis.value));
  }
  return section;
}

SheetRow answer_row(const core::RunRecord& run) {
  SheetRow row = text_row("answer", "answer", answer_word(run.answer), answer_sentence(run));
  switch (run.answer) {
    case core::Answer::kRight: row.state = RowState::kGood; break;
    case core::Answer::kWrong: row.state = RowState::kBad; break;
    case core::Answer::kUnchecked: row.state = RowState::kWarning; break;
    case core::Answer::kDoesNotApply: row.note = "there is nothing to check it against"; break;
  }
  return row;
}

std::string caches(core::CacheState state) {
  return state == core::CacheState::kCold ? "cold: more than L2 was read in between"
                                          : "warm: what the launch before left";
}

SheetSection run_section(const RunAnalysis& analysis) {
  const core::RunRecord& run = analysis.run;
  SheetSection section{"summary.run", "Run", {}, {}};
  if (run.id != 0) section.rows.push_back(text_row("run", "run", fmt::format("{}", run.id)));
  if (run.session_id != 0)
    section.rows.push_back(text_row("session", "session", fmt::format("{}", run.session_id)));
  section.rows.push_back(text_row("device", "device", run.device ? run.device->name : "", {},
                                  "the run does not say which it ran on"));
  section.rows.push_back(answer_row(run));
  const std::string objection = timing_objection(run);
  section.rows.push_back(value_row(
      "time", "time of a launch", analysis.time,
      [](const HeadlineTime& time) { return format_duration_ns(time.ns); },
      analysis.time ? analysis.time->source : "", objection.empty() ? "nothing was timed" : objection));
  section.rows.push_back(value_row("cache", "caches when a launch begins", run.cache, caches, {},
                                   "the run does not say what they held"));
  SheetRow origin =
      text_row("origin", "origin", std::string(core::name_of(run.origin)), origin_sentence(run));
  if (run.origin != core::Origin::kLive) origin.state = RowState::kWarning;
  section.rows.push_back(std::move(origin));
  section.rows.push_back(text_row("taken_at", time_is_the_imports(run) ? "imported" : "taken", run.taken_at));
  section.rows.push_back(
      text_row("commit", "commit", run.environment.git_sha.empty() ? "" : short_commit(run.environment)));
  for (const auto& [key, value] : run.tags) {
    section.rows.push_back(text_row("tag." + key, key, value.empty() ? "(empty)" : value, "tag"));
  }
  return section;
}

RowState state_of(core::Severity severity) {
  switch (severity) {
    case core::Severity::kInfo: return RowState::kPlain;
    case core::Severity::kWarning: return RowState::kWarning;
    case core::Severity::kError: return RowState::kBad;
  }
  return RowState::kPlain;
}

std::string known(double value, std::string_view unit) {
  return value > 0 ? format_value(value, unit) : std::string();
}

std::string known_bytes(std::int64_t bytes) {
  return bytes > 0 ? format_memory_size(bytes) : std::string();
}

SheetSection device_section(const core::DeviceRecord& d) {
  SheetSection section{"environment.device", "Device", {}, {}};
  const auto add = [&](const char* id, const char* name, std::string value) {
    section.rows.push_back(text_row(std::string("device.") + id, name, std::move(value)));
  };
  add("name", "name", d.name);
  add("chip", "chip", d.chip);
  add("compute", "compute capability",
      d.compute_major > 0 ? fmt::format("{}.{}", d.compute_major, d.compute_minor) : "");
  add("sm_count", "SMs", known(d.sm_count, ""));
  add("sm_clock", "highest SM clock", known(static_cast<double>(d.sm_clock_max_khz) * 1e3, "Hz"));
  add("memory_clock", "highest memory clock", known(static_cast<double>(d.memory_clock_max_khz) * 1e3, "Hz"));
  add("memory_bus", "memory bus", known(d.memory_bus_bits, "bits"));
  add("memory", "memory", known_bytes(d.memory_bytes));
  add("l2", "L2 cache", known_bytes(d.l2_bytes));
  add("shared_per_sm", "shared memory of an SM", known_bytes(d.shared_per_sm_bytes));
  add("shared_per_block", "shared memory of a block, at most", known_bytes(d.shared_per_block_optin_bytes));
  add("registers_per_sm", "registers of an SM", known(d.registers_per_sm, ""));
  add("threads_per_sm", "threads of an SM", known(d.max_threads_per_sm, ""));
  return section;
}

}  // namespace

SheetRow text_row(std::string id, std::string name, std::string value, std::string note,
                  std::string missing) {
  if (!value.empty()) return {std::move(id), std::move(name), std::move(value), std::move(note), {}, {}};
  return {std::move(id), std::move(name), "missing", std::move(missing), {}, RowState::kMissing};
}

Sheet summary_sheet(const RunAnalysis& run) {
  return {"summary",
          "Summary",
          {run_section(run), limit_section(run.limit), subject_section(run.run), problem_section(run.run)}};
}

Sheet environment_sheet(const RunAnalysis& run) {
  Sheet sheet{"environment", "Environment", {}};
  if (run.run.device) {
    sheet.sections.push_back(device_section(*run.run.device));
  } else {
    sheet.sections.push_back(
        {"environment.device", "Device", "The run does not say which device it ran on.", {}});
  }
  const core::EnvironmentRecord& e = run.run.environment;
  SheetSection software{"environment.software", "Software", {}, {}};
  const auto add = [&](const char* id, const char* name, const std::string& value, const char* note = "") {
    software.rows.push_back(text_row(std::string("environment.") + id, name, value, note));
  };
  add("git_sha", "commit", e.git_sha, e.kernels_dirty ? "the kernels differed from it" : "");
  add("kernels_hash", "hash of kernels/", e.kernels_hash);
  add("program_version", "FlashCore", e.program_version);
  add("compiler", "compiler", e.compiler);
  add("cuda_toolkit", "CUDA toolkit", e.cuda_toolkit);
  add("cuda_driver", "CUDA of the driver", e.cuda_driver);
  add("driver", "driver", e.driver);
  add("cupti", "CUPTI", e.cupti);
  add("nvml", "NVML", e.nvml);
  add("operating_system", "system", e.operating_system);
  add("cpu", "processor", e.cpu);
  add("catalogue_hash", "metric catalogue", e.catalogue_hash);
  sheet.sections.push_back(std::move(software));
  return sheet;
}

Sheet messages_sheet(const RunAnalysis& run) {
  std::vector<core::DiagnosticRecord> all = core::all_diagnostics(run.run);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  SheetSection section{"messages", "Messages", all.empty() ? "There are none." : "", {}};
  for (const core::DiagnosticRecord& d : all) {
    SheetRow row = text_row(d.code, std::string(core::name_of(d.severity)), d.message, d.hint);
    row.tip = d.source.empty() ? d.code : fmt::format("{}, said by {}", d.code, d.source);
    row.state = state_of(d.severity);
    section.rows.push_back(std::move(row));
  }
  return {"messages", "Messages", {std::move(section)}};
}

std::vector<Sheet> sheets_of(const RunAnalysis& run, const Catalogue& catalogue) {
  return {summary_sheet(run),     speed_of_light_sheet(run), metrics_sheet(run, catalogue),
          timing_sheet(run),      kernels_sheet(run),        measurements_sheet(run, catalogue),
          environment_sheet(run), messages_sheet(run)};
}

const Sheet* find_sheet(const std::vector<Sheet>& sheets, std::string_view id) {
  const auto found =
      std::find_if(sheets.begin(), sheets.end(), [&](const Sheet& sheet) { return sheet.id == id; });
  return found == sheets.end() ? nullptr : &*found;
}

}  // namespace flashcore::analysis
