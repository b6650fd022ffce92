// The page of a run: what `show RUN` prints when nothing else was asked for.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "analysis/describe.h"
#include "analysis/kernels.h"
#include "analysis/sheet.h"
#include "analysis/units.h"
#include "reports/headline.h"
#include "reports/terminal_details.h"
#include "reports/terminal_run_plots.h"
#include "reports/terminal_sheet.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::CounterSet;
using analysis::MetricValue;
using analysis::RunAnalysis;

// What fits in fifty lines beside the parts that are always there.
constexpr std::size_t kMostMetrics = 20, kMostKernels = 3, kMostMessages = 3, kMostStalls = 4;
constexpr int kMostMessageLines = 3;

std::string lines_of(std::string_view text, int indent, const TerminalStyle& style, Ink ink = Ink::kPlain) {
  return std::string(2, ' ') + inked(wrap(printable(text), style.width, indent, 2), ink, style.colour) + "\n";
}

// The first so many lines; what was cut ends in an ellipsis.
std::string first_lines(std::string text, int most) {
  std::size_t at = 0;
  for (int line = 0; line < most; ++line) {
    at = text.find('\n', at);
    if (at == std::string::npos) return text;
    ++at;
  }
  return at < text.size() ? text.substr(0, at - 1) + " …\n" : text;
}

// The rows of the sheets that stand for the run: whether it is right, how long it takes, how far from the
// limit.
void add_facts(SheetText& page, const std::vector<analysis::Sheet>& sheets) {
  // With the names that rows of the timing have outside their sheet; empty: their own.
  constexpr std::pair<std::string_view, std::string_view> kFacts[] = {{"answer", ""},
                                                                      {"time", ""},
                                                                      {"graph.p90", "p90 of it"},
                                                                      {"launch.p50", "a single launch, p50"},
                                                                      {"limit.share", ""},
                                                                      {"limit", ""},
                                                                      {"cache", ""},
                                                                      {"device", ""}};
  for (const auto& [id, name] : kFacts) {
    for (const analysis::Sheet& sheet : sheets) {
      if (sheet.id != "summary" && sheet.id != "timing") continue;
      for (const analysis::SheetSection& section : sheet.sections) {
        const auto row = std::find_if(section.rows.begin(), section.rows.end(),
                                      [&, id = id](const analysis::SheetRow& r) { return r.id == id; });
        // Percentiles that are missing have the same reason as the time, which says it.
        if (row == section.rows.end()) continue;
        const bool told = row->state != analysis::RowState::kMissing || sheet.id == "summary";
        if (!told) continue;
        analysis::SheetRow shown = *row;
        if (!name.empty()) shown.name = name;
        page.row(shown);
      }
    }
  }
}

// Of the quick set, which is what somebody asks for first: shares of a peak, and what has a better and a
// worse side. What stands above or below already (times, the launch with its resources) is not said twice.
std::vector<const MetricValue*> telling_metrics(const RunAnalysis& run) {
  std::vector<const MetricValue*> out;
  for (const MetricValue& value : run.metrics) {
    if (value.metric == nullptr || !value.value || value.metric->set != CounterSet::kQuick) continue;
    const bool judged = value.metric->direction != analysis::Direction::kNeutral;
    if (!judged && value.metric->unit != "%") continue;
    if (value.metric->section == kLaunchSection ||
        std::ranges::find(kTimeMetrics, value.metric->id) != std::end(kTimeMetrics))
      continue;
    out.push_back(&value);
  }
  if (out.size() > kMostMetrics) out.resize(kMostMetrics);
  return out;
}

// In two columns where there is room for two.
std::string metric_lines(const std::vector<const MetricValue*>& metrics, const TerminalStyle& style) {
  constexpr int kMostValue = 18, kGap = 3;
  int widest = 8;
  for (const MetricValue* value : metrics)
    widest = std::max(widest, 1 + display_width(analysis::format_value(value->value, value->metric->unit)));
  widest = std::min(widest, kMostValue);
  const std::size_t across = style.width >= 72 ? 2 : 1;
  const int room = (style.width - 2 - (across == 2 ? kGap : 0)) / static_cast<int>(across);
  const int name = std::min(room - widest, 34);
  std::string out;
  const std::size_t rows = (metrics.size() + across - 1) / across;
  for (std::size_t row = 0; row < rows; ++row) {
    std::string line = "  ";
    for (std::size_t column = 0; column < across && row + column * rows < metrics.size(); ++column) {
      const MetricValue& value = *metrics[row + column * rows];
      if (column > 0) line += std::string(kGap, ' ');
      line += fit(printable(value.metric->title), name, Align::kLeft) +
              fit(printable(analysis::format_value(value.value, value.metric->unit)), widest, Align::kRight);
    }
    out += line + "\n";
  }
  return out;
}

// "stalled by: Long scoreboard 43 %, Barrier 20 %": shares of the warps' time, the largest first.
std::string stall_line(const RunAnalysis& run, const TerminalStyle& style) {
  std::vector<const MetricValue*> shares;
  for (const MetricValue& value : run.metrics) {
    if (value.metric == nullptr || !value.value || !std::isfinite(*value.value) || *value.value <= 0)
      continue;
    const bool stall = value.metric->section == kStallSection && value.metric->unit == "%" &&
                       value.metric->set != CounterSet::kFull &&
                       value.metric->direction == analysis::Direction::kLowerIsBetter;
    if (stall) shares.push_back(&value);
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const MetricValue* a, const MetricValue* b) { return *a->value > *b->value; });
  if (shares.size() > kMostStalls) shares.resize(kMostStalls);
  std::string text;
  for (const MetricValue* share : shares) {
    text += fmt::format("{}{} {}", text.empty() ? "warps wait for: " : ", ", share->metric->title,
                        analysis::format_value(share->value, "%"));
  }
  return text.empty() ? text : lines_of(text, 4, style);
}

std::string resources_text(const analysis::KernelResources& kernel, const RunAnalysis& run) {
  const core::ResourceRecord& r = kernel.resources;
  std::string text = kernel.kernel.name.empty() ? fmt::format("kernel {}", kernel.kernel.ordinal)
                                                : cut_middle(printable(kernel.kernel.name), 60);
  const auto add = [&](const std::string& part) { text += ", " + part; };
  text += ": ";
  text += r.registers ? fmt::format("{} registers", *r.registers) : "registers not known";
  if (kernel.kernel.grid)
    add(fmt::format("grid {} x {} x {}", kernel.kernel.grid->x, kernel.kernel.grid->y,
                    kernel.kernel.grid->z));
  if (kernel.kernel.block)
    add(fmt::format("block {} x {} x {}", kernel.kernel.block->x, kernel.kernel.block->y,
                    kernel.kernel.block->z));
  if (r.static_shared_bytes || r.dynamic_shared_bytes)
    add(analysis::format_memory_size(r.static_shared_bytes.value_or(0) + r.dynamic_shared_bytes.value_or(0)) +
        " shared memory");
  if (r.spill_store_bytes || r.spill_load_bytes) {
    const auto spilled = r.spill_store_bytes.value_or(0) + r.spill_load_bytes.value_or(0);
    add(spilled == 0 ? std::string("no spills")
                     : analysis::format_memory_size(spilled) + " spilled a thread");
  }
  if (r.theoretical_occupancy) {
    const std::string limiter = r.occupancy_limiter.empty() ? "" : " by " + r.occupancy_limiter;
    add(fmt::format("occupancy at most {}{}", analysis::format_value(100 * *r.theoretical_occupancy, "%"),
                    limiter));
  }
  for (const analysis::KernelShare& share : run.kernels) {
    if (run.kernels.size() > 1 && share.share && share.kernel.ordinal == kernel.kernel.ordinal)
      add(analysis::format_value(100 * *share.share, "%") + " of the launch");
  }
  return text;
}

void add_resources(SheetText& page, const RunAnalysis& run, const TerminalStyle& style) {
  const auto kernels = analysis::kernel_resources(run.run);
  if (kernels.empty()) return page.dim("The run does not tell of its kernels.", 2);
  for (std::size_t i = 0; i < std::min(kernels.size(), kMostKernels); ++i)
    page.add(first_lines(lines_of(resources_text(kernels[i], run), 4, style), 4));
  if (kernels.size() > kMostKernels)
    page.dim(fmt::format("{} more: --section kernels", kernels.size() - kMostKernels), 2);
}

void add_messages(SheetText& page, const RunAnalysis& run, const TerminalStyle& style) {
  std::vector<core::DiagnosticRecord> all = core::all_diagnostics(run.run);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  if (all.empty()) return;
  page.heading("Messages");
  std::size_t told = 0;
  for (const core::DiagnosticRecord& d : all) {
    if (d.severity == core::Severity::kInfo || told == kMostMessages) break;
    const Ink ink = d.severity == core::Severity::kError ? Ink::kBad : Ink::kWarning;
    page.add(first_lines(lines_of(fmt::format("{}: {}", core::name_of(d.severity), d.message), 4, style, ink),
                         kMostMessageLines));
    if (!d.hint.empty()) page.add(first_lines(lines_of("hint: " + d.hint, 4, style), kMostMessageLines));
    ++told;
  }
  if (told < all.size())
    page.dim(fmt::format("{}{}: --section messages", all.size() - told,
                         told > 0          ? " more"
                         : all.size() == 1 ? " note"
                                           : " notes"),
             2);
}

// "summary, speed_of_light, metrics (performance, tensor, ...), ...": what --section takes.
std::string sections_line(const std::vector<analysis::Sheet>& sheets) {
  std::vector<std::string> names;
  for (const analysis::Sheet& sheet : sheets) {
    std::string name = sheet.id;
    std::vector<std::string> parts;
    // Kernels and measurements are numbered, which a name of the sheet covers.
    for (const analysis::SheetSection& section : sheet.sections) {
      if (sheet.id == "metrics" && section.id != sheet.id) parts.push_back(section.id);
    }
    if (!parts.empty()) name += fmt::format(" ({})", fmt::join(parts, ", "));
    names.push_back(std::move(name));
  }
  return fmt::format("sections: {}", fmt::join(names, ", "));
}

std::string how_to_see(const RunAnalysis& run) {
  return fmt::format("see: flashcore-profile show {} --section NAME[,NAME]; everything: --section all",
                     run.run.id != 0 ? fmt::format("{}", run.run.id) : "RUN");
}

}  // namespace

std::string run_page(const RunAnalysis& run, const analysis::Catalogue& catalogue, const TerminalStyle& style,
                     bool ascii) {
  const std::vector<analysis::Sheet> sheets = analysis::sheets_of(run, catalogue);
  SheetText page(style);
  page.add(run_title(run, style));
  for (const std::string& sentence : origin_sentences({&run.run}))
    page.add(first_lines(lines_of(sentence, 2, style, Ink::kWarning), 3));
  add_facts(page, sheets);
  const std::string bars = run_bars(run, style, ascii);
  if (!bars.empty()) page.add("\n" + bars);
  const auto metrics = telling_metrics(run);
  const std::string stalls = stall_line(run, style);
  if (!metrics.empty() || !stalls.empty()) page.heading("Metrics");
  page.add(metric_lines(metrics, style));
  page.add(stalls);
  if (ascii) page.add(run_roofline(run, style));
  page.heading("Resources");
  add_resources(page, run, style);
  add_messages(page, run, style);
  page.add("\n");
  for (const std::string& line : {sections_line(sheets), how_to_see(run)})
    page.add(inked(wrap(printable(line), style.width, 2, 0), Ink::kDim, style.colour) + "\n");
  return page.take();
}

}  // namespace flashcore::reports
