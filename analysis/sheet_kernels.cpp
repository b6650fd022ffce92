// The sheets of what was taken: kernels with their resources, and measurements.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/aggregate.h"
#include "analysis/describe.h"
#include "analysis/kernels.h"
#include "analysis/sheet_parts.h"
#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

// Counters that no metric reads and that are still listed; a profiler may give a thousand.
constexpr std::size_t kMostUnread = 40;

std::string spelled(const core::Extent3& extent) {
  return fmt::format("{} x {} x {}", extent.x, extent.y, extent.z);
}
std::string source_name(const core::ResourceRecord& source) {
  return source.provenance.empty() ? "an unnamed source" : source.provenance;
}

// One resource of one kernel: the joined value, and beside it who says something else.
template <typename T, typename Spell>
SheetRow resource_row(const KernelResources& kernel, const std::string& id, const std::string& name,
                      std::optional<T> core::ResourceRecord::*field, Spell spell) {
  const std::optional<T>& value = kernel.resources.*field;
  std::string note, others;
  for (const core::ResourceRecord* source : kernel.sources) {
    const std::optional<T>& said = source->*field;
    if (!said) continue;
    if (note.empty()) note = source_name(*source);
    if (*said != *value) others += fmt::format("; {} says {}", source_name(*source), spell(*said));
  }
  SheetRow row = value_row(fmt::format("kernel.{}.{}", kernel.kernel.ordinal, id), name, value, spell,
                           note + others, "no source says it of this kernel");
  if (!others.empty()) row.state = RowState::kWarning;
  return row;
}

// Of a launch, by its counted time.
void add_share(SheetSection& section, const KernelShare* share) {
  const std::string note = share == nullptr ? "the run does not name this kernel" : share->note;
  section.rows.push_back(value_row(
      section.id + ".time", "time, counted", share == nullptr ? std::nullopt : share->ns,
      [](double ns) { return format_duration_ns(ns); }, note, note));
  section.rows.push_back(value_row(
      section.id + ".share", "share of the launch", share == nullptr ? std::nullopt : share->share,
      [](double value) { return format_value(100 * value, "%"); }, "of the counted times of all its kernels",
      note));
}

SheetSection kernel_section(const KernelResources& kernel, const KernelShare* of_launch) {
  using core::ResourceRecord;
  const std::string id = fmt::format("kernel.{}", kernel.kernel.ordinal);
  SheetSection section{
      id,
      kernel.kernel.name.empty() ? fmt::format("kernel {}", kernel.kernel.ordinal) : kernel.kernel.name,
      {},
      {}};
  const auto count = [](auto value) { return format_count(static_cast<double>(value)); };
  const auto bytes = [](std::int64_t value) { return format_memory_size(value); };
  const auto share = [](double value) { return format_value(100 * value, "%"); };
  auto& rows = section.rows;
  add_share(section, of_launch);
  rows.push_back(value_row(id + ".grid", "grid, blocks", kernel.kernel.grid, spelled));
  rows.push_back(value_row(id + ".block", "block, threads", kernel.kernel.block, spelled));
  rows.push_back(resource_row(kernel, "registers", "registers a thread", &ResourceRecord::registers, count));
  rows.push_back(resource_row(kernel, "static_shared", "shared memory, static",
                              &ResourceRecord::static_shared_bytes, bytes));
  rows.push_back(resource_row(kernel, "dynamic_shared", "shared memory, dynamic",
                              &ResourceRecord::dynamic_shared_bytes, bytes));
  rows.push_back(resource_row(kernel, "spill_store", "spill stores a thread",
                              &ResourceRecord::spill_store_bytes, bytes));
  rows.push_back(
      resource_row(kernel, "spill_load", "spill loads a thread", &ResourceRecord::spill_load_bytes, bytes));
  rows.push_back(resource_row(kernel, "stack", "stack a thread", &ResourceRecord::stack_bytes, bytes));
  rows.push_back(resource_row(kernel, "local", "local memory a thread", &ResourceRecord::local_bytes, bytes));
  rows.push_back(resource_row(kernel, "binary", "machine code", &ResourceRecord::binary_bytes, bytes));
  rows.push_back(resource_row(kernel, "arch", "compiled for", &ResourceRecord::binary_arch,
                              [](int arch) { return fmt::format("sm_{}", arch); }));
  SheetRow occupancy = resource_row(kernel, "occupancy", "theoretical occupancy",
                                    &ResourceRecord::theoretical_occupancy, share);
  if (!kernel.resources.occupancy_limiter.empty()) {
    occupancy.note += fmt::format(", limited by {}", kernel.resources.occupancy_limiter);
  }
  rows.push_back(std::move(occupancy));
  rows.push_back(
      resource_row(kernel, "blocks_per_sm", "blocks an SM", &ResourceRecord::blocks_per_sm, count));
  return section;
}

RowState state_of(core::MeasurementStatus status) {
  switch (status) {
    case core::MeasurementStatus::kComplete: return RowState::kGood;
    case core::MeasurementStatus::kPartial:
    case core::MeasurementStatus::kRefused:
    case core::MeasurementStatus::kStopped: return RowState::kWarning;
    case core::MeasurementStatus::kFailed: return RowState::kBad;
  }
  return RowState::kBad;
}

// "100 samples, 210 counters (3 missing), 3 checks"
std::string holdings(const core::MeasurementRecord& m) {
  std::string text;
  const auto add = [&](std::size_t n, const char* what, const std::string& more = {}) {
    if (n > 0) text += fmt::format("{}{} {}{}{}", text.empty() ? "" : ", ", n, what, n == 1 ? "" : "s", more);
  };
  const auto missing = static_cast<std::size_t>(
      std::count_if(m.counters.begin(), m.counters.end(), [](const auto& c) { return !c.value; }));
  add(m.samples.size(), "sample");
  add(m.counters.size(), "counter", missing > 0 ? fmt::format(" ({} missing)", missing) : "");
  add(m.checks.size(), "check");
  if (!m.resources.empty()) text += text.empty() ? "resources of " : ", resources of ";
  if (!m.resources.empty())
    text += fmt::format("{} {}", m.resources.size(), m.resources.size() == 1 ? "kernel" : "kernels");
  add(m.clocks.size(), "clock reading");
  add(m.artifacts.size(), "artifact");
  return text.empty() ? "nothing" : text;
}

std::string reading_text(const CounterReading& reading) {
  return reading.value ? fmt::format("{:.10g}", *reading.value) : std::string();
}

void add_overruled(SheetSection& section, std::size_t index, const LaunchCounters& counters) {
  for (const auto& [name, counter] : counters) {
    for (const CounterReading& other : counter.others) {
      if (other.measurement != index) continue;
      section.rows.push_back(text_row(
          "counter." + name, name, reading_text(other),
          fmt::format("not used: {} by {} goes before it",
                      counter.value ? reading_text(counter) : "what is said", counter_provenance(counter)),
          other.reason));
    }
  }
}

// What the file or tool said and no metric of the catalogue reads: kept, and shown as it is.
void add_unread(SheetSection& section, std::size_t index, const LaunchCounters& counters,
                const std::set<std::string_view>& read) {
  std::size_t more = 0, listed = 0;
  for (const auto& [name, counter] : counters) {
    if (counter.measurement != index || !counter.value || read.contains(name)) continue;
    if (!counter.derived_from.empty()) continue;  // it was computed here and is in no file
    if (++listed > kMostUnread) {
      ++more;
      continue;
    }
    section.rows.push_back(text_row("counter." + name, name, reading_text(counter), "no metric reads it"));
  }
  if (more > 0) {
    section.rows.push_back(
        text_row("counters.more", "further counters", fmt::format("{}", more), "no metric reads them"));
  }
}

SheetSection measurement_section(const core::MeasurementRecord& m, std::size_t index) {
  SheetSection section{
      fmt::format("measurement.{}", index), m.collector.empty() ? "unnamed" : m.collector, {}, {}};
  const std::string id = section.id + ".";
  section.rows.push_back(text_row(id + "tool", "tool", tool_text(m)));
  SheetRow status = text_row(id + "status", "status", std::string(core::name_of(m.status)), m.reason);
  status.state = state_of(m.status);
  section.rows.push_back(std::move(status));
  section.rows.push_back(text_row(id + "taken_at", "taken", m.taken_at, {}, "the file does not say when"));
  if (m.passes) section.rows.push_back(text_row(id + "passes", "passes", fmt::format("{}", *m.passes)));
  section.rows.push_back(text_row(id + "holds", "holds", holdings(m)));
  for (const auto& [name, value] : m.parameters) {
    section.rows.push_back(
        text_row(id + "parameter." + name, name, value.empty() ? "(empty)" : value, "parameter"));
  }
  for (std::size_t i = 0; i < m.steps.size(); ++i) {
    section.rows.push_back(text_row(fmt::format("{}step.{}", id, i), m.steps[i].name,
                                    format_duration_ns(m.steps[i].ms * 1e6), "step"));
  }
  return section;
}

}  // namespace

Sheet kernels_sheet(const RunAnalysis& run) {
  Sheet sheet{"kernels", "Kernels", {}};
  if (const std::string choice = launch_choice(run.run); !choice.empty()) {
    sheet.sections.push_back({"launch",
                              "Launch",
                              {},
                              {text_row("launch.choice", "choice", choice, "for this problem on this GPU")}});
  }
  const std::vector<KernelResources> kernels = kernel_resources(run.run);
  for (const KernelResources& kernel : kernels) {
    const auto share = std::find_if(run.kernels.begin(), run.kernels.end(), [&](const KernelShare& s) {
      return s.kernel.ordinal == kernel.kernel.ordinal;
    });
    sheet.sections.push_back(kernel_section(kernel, share == run.kernels.end() ? nullptr : &*share));
  }
  if (kernels.empty()) {
    sheet.sections.push_back({"kernels", "Kernels", "The run does not tell of its kernels.", {}});
  }
  return sheet;
}

Sheet measurements_sheet(const RunAnalysis& run, const Catalogue& catalogue) {
  Sheet sheet{"measurements", "Measurements", {}};
  const LaunchCounters counters = aggregate_counters(run.run);
  std::set<std::string_view> read{kKernelDurationCounter};
  for (const Metric& metric : catalogue.metrics()) {
    for (const MetricFormula& formula : metric.formulas) {
      for (const auto& [variable, counter] : formula.counters) read.insert(counter);
    }
  }
  for (std::size_t i = 0; i < run.run.measurements.size(); ++i) {
    SheetSection section = measurement_section(run.run.measurements[i], i);
    add_overruled(section, i, counters);
    add_unread(section, i, counters, read);
    sheet.sections.push_back(std::move(section));
  }
  if (sheet.sections.empty()) {
    sheet.sections.push_back({"measurements", "Measurements", "Nothing was measured.", {}});
  }
  return sheet;
}

}  // namespace flashcore::analysis
