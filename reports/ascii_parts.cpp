#include "reports/ascii_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace flashcore::reports {
namespace {

std::string trimmed_line(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

int plot_width(const TerminalStyle& style) noexcept {
  constexpr int kLeast = 60, kMost = 200;
  return std::clamp(style.width, kLeast, kMost);
}

std::string ascii_title(std::string_view title, int width) {
  if (title.empty()) return {};
  return trimmed_line(ascii_cut(ascii_text(title), width));
}

std::string ascii_lines(std::string_view text, int width, int indent, int first) {
  std::string rest = ascii_text(text);
  // A word that no line holds is cut; wrap() would mark that with a character that is not ASCII.
  std::string out, word, line(static_cast<std::size_t>(first), ' ');
  const auto room = static_cast<std::size_t>(width);
  bool empty = true;
  const auto flush = [&] {
    out += trimmed_line(std::exchange(line, std::string(static_cast<std::size_t>(indent), ' ')));
    empty = true;
  };
  for (std::size_t at = 0; at <= rest.size();) {
    const std::size_t space = std::min(rest.find(' ', at), rest.size());
    word = ascii_cut(std::string_view(rest).substr(at, space - at), width - std::max(indent, first));
    if (!empty && line.size() + 1 + word.size() > room) flush();
    if (!empty) line += ' ';
    line += word;
    empty = false;
    at = space + 1;
  }
  flush();
  return out;
}

std::string centred(std::string_view ascii, int indent, int columns) {
  const int spare = std::max(0, columns - static_cast<int>(ascii.size())) / 2;
  return trimmed_line(std::string(static_cast<std::size_t>(indent + spare), ' ') + std::string(ascii));
}

std::string axis_below(const Scale& scale, const std::vector<Tick>& ticks, int indent, int columns) {
  // The frame's own corner takes two cells of the indent.
  const AsciiCanvas none(columns, 1);
  const std::string drawn =
      with_axes(none, {.y = nullptr, .y_ticks = {}, .x = &scale, .x_ticks = ticks, .gutter = indent - 2});
  return drawn.substr(drawn.find('\n') + 1);
}

std::string missing_reasons(const BarPlot& plot, int width) {
  std::vector<std::pair<std::string, std::string>> reasons;  // reason, names
  for (const BarPlot::Bar& bar : plot.bars) {
    if (bar.value && drawable(*bar.value)) continue;
    const std::string reason = !bar.reason.empty() ? bar.reason
                               : bar.value         ? "not a number"
                                                   : "no value is known";
    auto same =
        std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == reason; });
    if (same == reasons.end()) {
      reasons.emplace_back(reason, bar.name);
    } else {
      same->second += "; " + bar.name;
    }
  }
  std::string out;
  for (const auto& [reason, names] : reasons)
    out += ascii_lines(fmt::format("missing, {}: {}", reason, names), width, 4, 2);
  return out;
}

}  // namespace flashcore::reports
