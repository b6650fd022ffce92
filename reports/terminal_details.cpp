#include "reports/terminal_details.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "analysis/sheet.h"
#include "core/nearest.h"
#include "reports/ascii_plot.h"
#include "reports/terminal_run_plots.h"
#include "reports/terminal_sheet.h"
#include "reports/terminal_strip.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names names_in(const std::vector<analysis::Sheet>& sheets) {
  Names names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && !has(names, name)) names.push_back(name);
  };
  for (const analysis::Sheet& sheet : sheets) {
    add(sheet.id);
    for (const analysis::SheetSection& section : sheet.sections) add(section.id);
  }
  add(kAllSections);
  return names;
}

}  // namespace

std::string run_title(const analysis::RunAnalysis& run, const TerminalStyle& style) {
  const std::string label = analysis::run_label(run.run);
  const std::string title = run.run.id != 0 ? fmt::format("run {}: {}", run.run.id, label) : label;
  return inked(cut(printable(title), style.width), Ink::kBold, style.colour) + "\n";
}

std::string run_bars(const analysis::RunAnalysis& run, const TerminalStyle& style, bool ascii) {
  if (!ascii || run.speed_of_light.bars.empty()) return speed_strip(run.speed_of_light, style);
  BarPlot plot{.title = "",
               .x_title = "each unit against its own peak (*: the busiest)",
               .unit = "%",
               .bars = {},
               .most = 100};
  for (const analysis::SpeedBar& bar : run.speed_of_light.bars) {
    std::string name = bar.binding && run.speed_of_light.names_busiest() ? "* " : "  ";
    name += bar.title;
    plot.bars.push_back({name, bar.share.value, "", bar.share.note});
  }
  return ascii_bars(plot, style);
}

std::string run_roofline(const analysis::RunAnalysis& run, const TerminalStyle& style) {
  RooflinePlot plot{.title = "Roofline", .runs = {{"", &run.roofline}}};
  std::string text = "\n";
  text += ascii_roofline(plot, style);
  return text;
}

std::vector<std::string> section_names(const analysis::RunAnalysis& run,
                                       const analysis::Catalogue& catalogue) {
  return names_in(analysis::sheets_of(run, catalogue));
}

core::Result<std::string> run_sections(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                                       const std::vector<std::string>& names, const TerminalStyle& style,
                                       bool ascii) {
  const std::vector<analysis::Sheet> sheets = analysis::sheets_of(run, catalogue);
  const Names known = names_in(sheets);
  for (const std::string& name : names) {
    if (!has(known, name)) return core::fail(core::unknown_name("section", name, known));
  }
  const bool all = has(names, kAllSections);
  SheetText text(style);
  if (all || has(names, "speed_of_light")) text.add(run_bars(run, style, ascii));
  for (const analysis::Sheet& sheet : sheets) {
    const bool whole = all || has(names, sheet.id);
    for (const analysis::SheetSection& section : sheet.sections) {
      if (!whole && !has(names, section.id)) continue;
      text.section(sheet, section);
      if (ascii && section.id == "roofline") text.add(run_roofline(run, style));
    }
  }
  return run_title(run, style) + text.take();
}

std::string run_details(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                        const TerminalStyle& style) {
  return run_sections(run, catalogue, {kAllSections}, style, false).value_or(std::string());
}

}  // namespace flashcore::reports
