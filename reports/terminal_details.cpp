#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "analysis/units.h"
#include "reports/headline.h"
#include "reports/terminal.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;

constexpr int kLabelWidth = 36;
constexpr int kValueWidth = 15;

class Page {
 public:
  explicit Page(const TerminalStyle& style) : style_(style) {}

  void section(std::string_view title) {
    text_ += fmt::format("\n{}\n", inked(printable(title), Ink::kBold, style_.colour));
  }
  // Label, value, and where it comes from or why it is not there.
  void line(std::string_view label, std::string_view value, std::string_view note = {},
            Ink ink = Ink::kPlain) {
    const std::string left = "  " + fit(printable(label), kLabelWidth, Align::kLeft);
    const std::string middle = fit(printable(value), kValueWidth, Align::kRight);
    text_ += left + inked(middle, ink, style_.colour);
    if (!note.empty()) {
      constexpr int kIndent = kLabelWidth + kValueWidth + 4;
      const int width = std::max(style_.width, kIndent + 24);
      text_ += "  " + inked(wrap(printable(note), width, kIndent, kIndent), Ink::kDim, style_.colour);
    }
    text_ += "\n";
  }
  void fact(std::string_view label, std::string_view value) {
    if (value.empty()) value = "unknown";
    constexpr int kIndent = 20;
    text_ += "  " + fit(printable(label), kIndent - 3, Align::kLeft) + " " +
             wrap(printable(value), style_.width, kIndent, kIndent) + "\n";
  }
  void sentence(std::string_view text, Ink ink) {
    text_ += "  " + inked(wrap(printable(text), style_.width, 2, 2), ink, style_.colour) + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  const TerminalStyle& style_;
  std::string text_;
};

void show_head(Page& page, const RunAnalysis& analysis) {
  const core::RunRecord& run = analysis.run;
  page.fact("problem", core::problem_label(run.problem) + ": " + extents_text(run.problem));
  page.fact("device", run.device.name);
  page.fact("taken", run.taken_at);
  page.fact("commit", short_commit(run.environment));
  page.fact("driver", run.environment.driver);
  page.fact("method",
            fmt::format("{} warm-up launches, {} samples of each kind", run.warmup, run.iterations));
  for (const auto& [key, value] : run.tags) page.fact(key, value);
  if (run.origin == core::Origin::kRecording) page.sentence(recording_sentence(run), Ink::kWarning);
}

void show_correctness(Page& page, const core::RunRecord& run) {
  page.section("Correctness");
  if (answer_of(run) == Answer::kUnchecked) page.sentence(kUncheckedSentence, Ink::kWarning);
  if (answer_of(run) == Answer::kWrong) page.sentence(wrong_sentence(run), Ink::kBad);
  for (const auto& check : run.correctness) {
    page.line(fmt::format("seed {}", check.seed), check.passed ? "right" : "WRONG",
              fmt::format("max {:.2e} (limit {:.2g}), mean {:.2e} (limit {:.2g}); {}", check.max_error,
                          check.max_tolerance, check.mean_error, check.mean_tolerance, check.method),
              check.passed ? Ink::kGood : Ink::kBad);
  }
}

void show_timing(Page& page, const RunAnalysis& analysis) {
  if (answer_of(analysis.run) != Answer::kRight) return;
  page.section("Timing");
  const auto show = [&](std::string_view name, const std::optional<analysis::Summary>& s) {
    if (!s) {
      page.line(name, "missing", "no samples of this kind");
      return;
    }
    page.line(fmt::format("{}, p50", name), analysis::format_duration_ns(s->p50),
              fmt::format("p90 {}, p99 {}, min {}, mean {}, deviation {}, n {}",
                          analysis::format_duration_ns(s->p90), analysis::format_duration_ns(s->p99),
                          analysis::format_duration_ns(s->min), analysis::format_duration_ns(s->mean),
                          analysis::format_duration_ns(s->stdev), s->n));
  };
  show("graph replay", analysis.graph_ns);
  show("single launch", analysis.launch_ns);
  if (const auto clock = analysis::median_clock_mhz(analysis.run.samples, core::SampleKind::kGraph)) {
    page.line("SM clock, median", fmt::format("{:.0f} MHz", *clock));
  }
}

void show_roofline(Page& page, const analysis::Roofline& roofline) {
  page.section("Roofline");
  for (const auto& point : roofline.points) {
    page.line("by " + point.memory + " bytes", analysis::format_value(point.performance, "FLOP/s"),
              fmt::format("{} of the attainable {} at {:.3g} FLOP/B, {} bound; bytes: {}",
                          analysis::format_value(100 * point.attainable_fraction, "%"),
                          analysis::format_value(point.attainable, "FLOP/s"), point.intensity, point.bound,
                          point.bytes_provenance));
  }
  for (const auto& ceiling : roofline.ceilings) {
    page.line(fmt::format("ceiling: {}", ceiling.title), ceiling_text(ceiling), ceiling.source);
  }
  if (!roofline.reason.empty()) page.sentence(roofline.reason, Ink::kDim);
}

constexpr const char* kLibraryKernel = "a library's kernel does not say";

void show_resources(Page& page, const core::RunRecord& run) {
  if (run.resources.empty()) return;
  page.section("Resources");
  for (const auto& r : run.resources) {
    page.sentence(fmt::format("{}: grid {}x{}x{}, block {}x{}x{}", r.kernel, r.grid_x, r.grid_y, r.grid_z,
                              r.block_x, r.block_y, r.block_z),
                  Ink::kPlain);
    page.line("registers a thread", r.registers ? fmt::format("{}", *r.registers) : "missing",
              r.registers ? r.provenance : kLibraryKernel);
    page.line("shared memory, static",
              r.static_shared_bytes ? analysis::format_memory_size(*r.static_shared_bytes) : "missing",
              r.static_shared_bytes ? "" : kLibraryKernel);
    page.line("shared memory, dynamic", analysis::format_memory_size(r.dynamic_shared_bytes));
    const bool known = r.spill_store_bytes && r.spill_load_bytes;
    page.line("spills, stored / loaded",
              known ? fmt::format("{} / {} B", *r.spill_store_bytes, *r.spill_load_bytes) : "missing",
              known ? "a thread" : "the compiler's report does not have this kernel");
    if (r.theoretical_occupancy) {
      page.line("theoretical occupancy", analysis::format_value(100 * *r.theoretical_occupancy, "%"),
                fmt::format("limited by {}", r.occupancy_limiter));
    }
  }
}

void show_metrics(Page& page, const RunAnalysis& run, const analysis::Catalogue& catalogue) {
  for (const analysis::Section& section : catalogue.sections()) {
    bool titled = false;
    for (const analysis::MetricValue& value : run.metrics) {
      if (value.metric == nullptr || value.metric->section != section.id) continue;
      if (!std::exchange(titled, true)) page.section(section.title);
      page.line(value.metric->title, analysis::format_value(value.value, value.metric->unit),
                value.value ? value.provenance : value.reason, value.value ? Ink::kPlain : Ink::kDim);
    }
  }
}

void show_diagnostics(Page& page, const core::RunRecord& run) {
  if (run.diagnostics.empty()) return;
  page.section("Diagnostics");
  for (const auto& d : run.diagnostics) {
    page.sentence(fmt::format("{}: {}", core::name_of(d.severity), d.message),
                  d.severity == core::Severity::kInfo ? Ink::kPlain : Ink::kWarning);
    if (!d.hint.empty()) page.sentence("hint: " + d.hint, Ink::kPlain);
  }
}

}  // namespace

std::string run_details(const RunAnalysis& run, const analysis::Catalogue& catalogue,
                        const TerminalStyle& style) {
  Page page(style);
  show_head(page, run);
  show_correctness(page, run.run);
  show_timing(page, run);
  show_roofline(page, run.roofline);
  show_resources(page, run.run);
  show_metrics(page, run, catalogue);
  show_diagnostics(page, run.run);
  const std::string title =
      printable(run.run.id != 0 ? fmt::format("run {}: {}", run.run.id, run.run.phase.id) : run.run.phase.id);
  const std::string subtitle = printable(run.run.phase.title);
  return inked(cut(title, style.width), Ink::kBold, style.colour) + "  " +
         inked(cut(subtitle, 60), Ink::kDim, style.colour) + "\n" + page.take();
}

}  // namespace flashcore::reports
