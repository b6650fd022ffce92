#include "reports/terminal_strip.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/headline.h"
#include "reports/reasons.h"
#include "reports/terminal_table.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

constexpr int kIndent = 2, kGap = 3, kMostTitle = 12, kValue = 6;
constexpr int kFewestCells = 8, kMostCells = 20;

std::string value_text(const analysis::SpeedBar& bar) {
  if (!bar.share.value || !std::isfinite(*bar.share.value)) return "-";
  const double percent = *bar.share.value;
  return fmt::format("{:.{}f} %", percent, percent < 9.95 ? 1 : 0);
}

int title_width(const analysis::SpeedOfLight& speed) {
  int widest = 0;
  for (const auto& bar : speed.bars) widest = std::max(widest, display_width(printable(bar.title)));
  return std::min(widest, kMostTitle);
}

// Units that lack a value for one reason are named together.
std::vector<std::pair<std::string, std::string>> absences(const analysis::SpeedOfLight& speed) {
  std::vector<std::pair<std::string, std::string>> out;  // reason, names
  for (const auto& bar : speed.bars) {
    if (bar.share.value && std::isfinite(*bar.share.value)) continue;
    const std::string reason =
        bar.share.note.empty() ? "the catalogue has no metric for it" : cause_of(bar.share.note);
    auto same = std::find_if(out.begin(), out.end(), [&](const auto& a) { return a.first == reason; });
    if (same == out.end()) {
      out.emplace_back(reason, bar.title);
    } else {
      same->second += ", " + bar.title;
    }
  }
  return out;
}

std::string dim_line(std::string_view text, const TerminalStyle& style) {
  return std::string(kIndent, ' ') +
         inked(wrap(printable(text), style.width, 2 * kIndent, kIndent), Ink::kDim, style.colour) + "\n";
}

}  // namespace

std::string block_bar(double percent, int cells) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double share = std::isfinite(percent) ? std::clamp(percent / 100, 0.0, 1.0) : 0.0;
  const int eighths = static_cast<int>(std::lround(share * cells * 8));
  std::string out;
  int used = eighths / 8;
  for (int i = 0; i < used; ++i) out += "█";
  if (eighths % 8 != 0) {
    out += kEighths[static_cast<std::size_t>(eighths % 8)];
    ++used;
  }
  for (; used < cells; ++used) out += "·";
  return out;
}

std::string speed_strip(const analysis::SpeedOfLight& speed, const TerminalStyle& style) {
  if (speed.binding() == nullptr) {
    const auto missing = absences(speed);
    std::string why = cause_of(speed.reason);
    if (why.empty() && !missing.empty()) why = missing.front().first;
    return why.empty() ? std::string() : dim_line("no speed of light: " + why, style);
  }
  const int title = title_width(speed);
  const int rest =
      2 + title + 1 + 1 + kValue;  // the mark, the title, a space on each side of the bar, the value
  const int room = style.width - kIndent + kGap;
  const int columns = std::clamp(room / (rest + kFewestCells + kGap), 1, 4);
  const int across = columns == 3 ? 2 : columns;  // eight units in equal lines
  const int cells = std::clamp(room / across - kGap - rest, kFewestCells, kMostCells);
  std::string out;
  for (std::size_t i = 0; i < speed.bars.size(); ++i) {
    const analysis::SpeedBar& bar = speed.bars[i];
    const bool known = bar.share.value && std::isfinite(*bar.share.value);
    const bool marked = bar.binding && speed.names_busiest();
    const Ink ink = marked ? Ink::kBold : known ? Ink::kPlain : Ink::kDim;
    const std::string drawn = known ? block_bar(*bar.share.value, cells) : fit("", cells, Align::kLeft);
    const std::string text =
        fmt::format("{}{} {} {}", marked ? "▸ " : "  ", fit(printable(bar.title), title, Align::kLeft), drawn,
                    fit(value_text(bar), kValue, Align::kRight));
    const bool first = i % static_cast<std::size_t>(across) == 0;
    const bool last = i + 1 == speed.bars.size() || (i + 1) % static_cast<std::size_t>(across) == 0;
    out +=
        std::string(static_cast<std::size_t>(first ? kIndent : kGap), ' ') + inked(text, ink, style.colour);
    if (last) out += "\n";
  }
  if (!speed.pass_note.empty()) out += dim_line("of the " + speed.pass_note, style);
  for (const auto& [reason, names] : absences(speed)) {
    out += dim_line(fmt::format("missing, {}: {}", reason, names), style);
  }
  return out;
}

}  // namespace flashcore::reports
