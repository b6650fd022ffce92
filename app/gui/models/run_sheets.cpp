#include "app/gui/models/run_sheets.h"

#include <QCoreApplication>

#include "analysis/units.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("flashcore::gui::RunSheets", text);
}

QString directionText(analysis::Direction direction) {
  switch (direction) {
    case analysis::Direction::kHigherIsBetter: return tr("Higher is better.");
    case analysis::Direction::kLowerIsBetter: return tr("Lower is better.");
    case analysis::Direction::kNeutral: return {};
  }
  return {};
}

SheetRow metricRow(const analysis::MetricValue& value) {
  const analysis::Metric& metric = *value.metric;
  SheetRow row;
  row.name = oneLine(metric.title);
  row.toolTip = tr("%1\nUnit: %2. %3\n%4")
                    .arg(toText(metric.description), toText(metric.unit), directionText(metric.direction),
                         toText(metric.id));
  if (value.value) {
    row.value = toText(analysis::format_value(*value.value, metric.unit));
    row.note = oneLine(value.provenance, 400);
  } else {
    row.value = tr("missing");
    row.note = oneLine(value.reason, 400);
    row.state = SheetState::Missing;
  }
  return row;
}

SheetRow plainRow(const QString& name, const QString& value, const QString& note = {}) {
  return {name, value, note, {}, SheetState::Plain};
}

// A fact that may be unknown: an empty text is missing, with its reason.
SheetRow factRow(const QString& name, const std::string& value, const char* reason) {
  if (value.empty()) return {name, tr("missing"), tr(reason), {}, SheetState::Missing};
  return {name, oneLine(value, 400), {}, toText(value), SheetState::Plain};
}

template <typename T>
SheetRow countRow(const QString& name, const std::optional<T>& value, const char* unit, const char* reason) {
  if (!value) return {name, tr("missing"), tr(reason), {}, SheetState::Missing};
  return plainRow(name, toText(analysis::format_count(static_cast<double>(*value))) + QLatin1String(unit));
}

SheetSection rooflineSection(const analysis::Roofline& roofline) {
  SheetSection section{tr("Roofline"), tr("The run's point and the ceilings above it."), {}};
  for (const auto& point : roofline.points) {
    const QString memory = toText(point.memory).toUpper();
    const QString source = tr("bytes: %1").arg(oneLine(point.bytes_provenance));
    section.rows.push_back(plainRow(tr("Intensity by %1 bytes").arg(memory),
                                    toText(analysis::format_value(point.intensity, "FLOP/B")), source));
    section.rows.push_back(plainRow(tr("Performance"),
                                    toText(analysis::format_value(point.performance, "FLOP/s")),
                                    tr("FLOPs: model; time: graph p50")));
    section.rows.push_back(
        plainRow(tr("Share of attainable (%1)").arg(memory),
                 toText(analysis::format_value(point.attainable_fraction * 100, "%")),
                 tr("%1 bound, attainable %2")
                     .arg(toText(point.bound), toText(analysis::format_value(point.attainable, "FLOP/s")))));
  }
  for (const auto& ceiling : roofline.ceilings) {
    const char* unit = ceiling.bandwidth ? "B/s" : (ceiling.id == "mufu" ? "op/s" : "FLOP/s");
    section.rows.push_back(plainRow(tr("Ceiling: %1").arg(oneLine(ceiling.title)),
                                    toText(analysis::format_value(ceiling.value, unit)),
                                    oneLine(ceiling.source, 400)));
  }
  if (!roofline.reason.empty()) {
    section.rows.push_back(
        {tr("Not all of it"), tr("missing"), oneLine(roofline.reason, 400), {}, SheetState::Missing});
  }
  return section;
}

SheetSection summarySection(const QString& title, const QString& description,
                            const std::optional<analysis::Summary>& summary, const QString& reason) {
  SheetSection section{title, description, {}};
  if (!summary) {
    section.rows.push_back({tr("Timing"), tr("missing"), reason, {}, SheetState::Missing});
    return section;
  }
  const auto add = [&](const QString& name, double ns) {
    section.rows.push_back(plainRow(name, toText(analysis::format_duration_ns(ns))));
  };
  add(tr("p50"), summary->p50);
  add(tr("p90"), summary->p90);
  add(tr("p99"), summary->p99);
  add(tr("Shortest"), summary->min);
  add(tr("Longest"), summary->max);
  add(tr("Mean"), summary->mean);
  add(tr("Standard deviation"), summary->stdev);
  section.rows.push_back(plainRow(tr("Samples"), QString::number(summary->n)));
  return section;
}

SheetSection correctnessSection(const core::RunRecord& run) {
  SheetSection section{tr("Answer"), tr("Against the fp64 host reference."), {}};
  for (const auto& check : run.correctness) {
    SheetRow row;
    row.name = tr("Seed %1").arg(check.seed);
    row.state = check.passed ? SheetState::Good : SheetState::Bad;
    row.value = (check.passed ? tr("right, max error %1") : tr("WRONG, max error %1"))
                    .arg(check.max_error, 0, 'g', 3);
    row.note =
        tr("mean error %1; allowed %2 and %3; %4 NaN, %5 Inf in %6 elements; %7")
            .arg(check.mean_error, 0, 'g', 3)
            .arg(check.max_tolerance, 0, 'g', 3)
            .arg(check.mean_tolerance, 0, 'g', 3)
            .arg(check.nan_count)
            .arg(check.inf_count)
            .arg(toText(analysis::format_count(static_cast<double>(check.compared))), oneLine(check.method));
    section.rows.push_back(std::move(row));
  }
  if (section.rows.empty()) {
    section.rows.push_back(
        {tr("Answer"), tr("unchecked"), tr("the run holds no check"), {}, SheetState::Warning});
  }
  return section;
}

SheetSection kernelSection(const core::ResourceRecord& r) {
  SheetSection section{tr("Kernel %1: %2").arg(r.kernel_index).arg(oneLine(r.kernel)),
                       tr("Provenance: %1").arg(toText(r.provenance)),
                       {}};
  auto& rows = section.rows;
  rows.push_back(plainRow(tr("Grid"), tr("%1 x %2 x %3").arg(r.grid_x).arg(r.grid_y).arg(r.grid_z)));
  rows.push_back(plainRow(tr("Block"), tr("%1 x %2 x %3").arg(r.block_x).arg(r.block_y).arg(r.block_z)));
  const char* unsaid = "a library's kernel does not say";
  rows.push_back(countRow(tr("Registers a thread"), r.registers, "", unsaid));
  rows.push_back(countRow(tr("Shared memory a block, static"), r.static_shared_bytes, " B", unsaid));
  rows.push_back(plainRow(tr("Shared memory a block, dynamic"),
                          toText(analysis::format_memory_size(r.dynamic_shared_bytes))));
  const char* unknown = "neither compiler nor driver said";
  rows.push_back(countRow(tr("Spill stores a thread"), r.spill_store_bytes, " B", unknown));
  rows.push_back(countRow(tr("Spill loads a thread"), r.spill_load_bytes, " B", unknown));
  rows.push_back(countRow(tr("Stack a thread"), r.stack_bytes, " B", unknown));
  rows.push_back(countRow(tr("Local memory a thread"), r.local_bytes, " B", "the driver did not say"));
  rows.push_back(countRow(tr("Machine code"), r.binary_bytes, " B", unknown));
  rows.push_back(countRow(tr("Built for sm"), r.binary_arch, "", unknown));
  rows.push_back(countRow(tr("Blocks an SM"), r.blocks_per_sm, "", "no occupancy was computed"));
  if (r.theoretical_occupancy) {
    rows.push_back(plainRow(tr("Theoretical occupancy"),
                            toText(analysis::format_value(*r.theoretical_occupancy * 100, "%")),
                            tr("limited by %1").arg(oneLine(r.occupancy_limiter))));
  } else {
    rows.push_back({tr("Theoretical occupancy"),
                    tr("missing"),
                    tr("no occupancy was computed"),
                    {},
                    SheetState::Missing});
  }
  return section;
}

SheetSection deviceSection(const core::DeviceRecord& d) {
  SheetSection section{tr("Device"), {}, {}};
  auto& rows = section.rows;
  rows.push_back(factRow(tr("Name"), d.name, "the driver did not say"));
  rows.push_back(factRow(tr("Chip"), d.chip, "CUPTI could not say"));
  rows.push_back(plainRow(tr("Compute capability"), tr("%1.%2").arg(d.compute_major).arg(d.compute_minor)));
  rows.push_back(plainRow(tr("Multiprocessors"), QString::number(d.sm_count)));
  rows.push_back(plainRow(tr("Memory"), toText(analysis::format_memory_size(d.memory_bytes))));
  rows.push_back(plainRow(tr("L2 cache"), toText(analysis::format_memory_size(d.l2_bytes))));
  rows.push_back(plainRow(tr("Highest SM clock"), tr("%1 MHz").arg(d.sm_clock_max_khz / 1000)));
  rows.push_back(plainRow(tr("Highest memory clock"), tr("%1 MHz").arg(d.memory_clock_max_khz / 1000)));
  return section;
}

}  // namespace

Sheet metricSheet(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue) {
  Sheet sheet;
  for (const auto& section : catalogue.sections()) {
    SheetSection shown{oneLine(section.title), toText(section.description), {}};
    for (const auto& value : run.metrics) {
      if (value.metric && value.metric->section == section.id) shown.rows.push_back(metricRow(value));
    }
    if (!shown.rows.empty()) sheet.push_back(std::move(shown));
  }
  sheet.push_back(rooflineSection(run.roofline));
  return sheet;
}

QString timingReason(const analysis::RunAnalysis& run) {
  if (run.graph_ns || run.launch_ns) return {};
  if (run.run.correctness.empty()) return tr("the answer was not checked, so its timing is not a result");
  if (!run.run.correct()) return tr("the answer is wrong, so its timing is not a result");
  return tr("no timing samples were taken");
}

Sheet timingSheet(const analysis::RunAnalysis& run) {
  const QString reason = timingReason(run);
  const QString none = tr("no samples of this kind were taken");
  Sheet sheet;
  sheet.push_back(correctnessSection(run.run));
  sheet.push_back(summarySection(
      tr("Graph replay"), tr("Many launches in one graph: launch overhead is out. Speed-ups use this."),
      run.graph_ns, reason.isEmpty() ? none : reason));
  sheet.push_back(summarySection(tr("Single launches"),
                                 tr("CUDA events around one launch: launch overhead is in it."),
                                 run.launch_ns, reason.isEmpty() ? none : reason));
  return sheet;
}

Sheet resourceSheet(const analysis::RunAnalysis& run) {
  Sheet sheet;
  for (const auto& resource : run.run.resources) sheet.push_back(kernelSection(resource));
  if (sheet.empty()) {
    sheet.push_back({tr("Kernels"),
                     {},
                     {{tr("Resources"),
                       tr("missing"),
                       tr("the run holds none; a library's kernels are not ours to ask"),
                       {},
                       SheetState::Missing}}});
  }
  return sheet;
}

Sheet environmentSheet(const analysis::RunAnalysis& run) {
  const auto& e = run.run.environment;
  SheetSection build{tr("Build"), {}, {}};
  build.rows.push_back(factRow(tr("Commit"), e.git_sha, "built outside a checkout"));
  build.rows.push_back(plainRow(tr("Kernel sources"),
                                e.kernels_dirty ? tr("changed since that commit") : tr("as in that commit")));
  build.rows.push_back(factRow(tr("Kernel sources' hash"), e.kernels_hash, "not recorded"));
  build.rows.push_back(factRow(tr("Phase's hash"), run.run.phase.kernel_hash, "not recorded"));
  build.rows.push_back(factRow(tr("Program"), e.program_version, "not recorded"));
  build.rows.push_back(factRow(tr("Compiler"), e.compiler, "not recorded"));
  build.rows.push_back(factRow(tr("CUDA toolkit"), e.cuda_toolkit, "built without one"));
  SheetSection machine{tr("Machine"), {}, {}};
  machine.rows.push_back(factRow(tr("Driver"), e.driver, "NVML was missing"));
  machine.rows.push_back(factRow(tr("CUDA of the driver"), e.cuda_driver, "not recorded"));
  machine.rows.push_back(factRow(tr("CUPTI"), e.cupti, "not loaded"));
  machine.rows.push_back(factRow(tr("NVML"), e.nvml, "not loaded"));
  machine.rows.push_back(factRow(tr("Operating system"), e.operating_system, "not recorded"));
  machine.rows.push_back(factRow(tr("Processor"), e.cpu, "not recorded"));
  machine.rows.push_back(factRow(tr("Metric catalogue's hash"), e.catalogue_hash, "not recorded"));
  Sheet sheet{deviceSection(run.run.device), std::move(build), std::move(machine)};
  if (!run.run.tags.empty()) {
    SheetSection tags{tr("Tags"), {}, {}};
    for (const auto& [key, value] : run.run.tags) {
      tags.rows.push_back({oneLine(key), oneLine(value, 400), {}, toText(value), SheetState::Plain});
    }
    sheet.push_back(std::move(tags));
  }
  return sheet;
}

Sheet messageSheet(const analysis::RunAnalysis& run) {
  SheetSection section{tr("Messages"), {}, {}};
  for (const auto& d : run.run.diagnostics) {
    SheetRow row;
    row.name = oneLine(d.source.empty() ? d.code : d.source + ": " + d.code);
    row.value = oneLine(d.message, 400);
    row.note = oneLine(d.hint, 400);
    row.toolTip = toText(d.message) + QLatin1Char('\n') + toText(d.hint);
    row.state = d.severity == core::Severity::kError     ? SheetState::Bad
                : d.severity == core::Severity::kWarning ? SheetState::Warning
                                                         : SheetState::Plain;
    section.rows.push_back(std::move(row));
  }
  if (section.rows.empty()) section.rows.push_back(plainRow(tr("Nothing"), tr("No collector complained.")));
  return {std::move(section)};
}

}  // namespace flashcore::gui
