#include "core/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace flashcore::core {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> known,
                                       std::size_t limit) {
  constexpr std::size_t kLongest = 200;  // the distance takes the product of both lengths
  if (name.size() > kLongest) return {};
  std::vector<std::pair<std::size_t, std::string>> scored;
  const std::size_t allowed = std::max<std::size_t>(2, name.size() / 2);
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongest) continue;
    const bool prefix = !name.empty() && candidate.starts_with(name);
    const std::size_t d = prefix ? 0 : distance(name, candidate);
    if (d <= allowed) scored.emplace_back(d, candidate);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [d, candidate] : scored) {
    if (names.size() == limit) break;
    names.push_back(candidate);
  }
  return names;
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  std::size_t end = limit;
  while (end > 0 && continues(end)) --end;
  return fmt::format("{}... ({} bytes)", text.substr(0, end), text.size());
}

Error unknown_name(std::string_view kind, std::string_view name, std::span<const std::string> known) {
  const auto cut = [](std::span<const std::string> names) {
    std::vector<std::string> out;
    for (const std::string& one : names) out.push_back(shortened(one));
    return out;
  };
  const auto close = cut(nearest_names(name, known));
  std::string message = fmt::format("unknown {} '{}'", kind, shortened(name));
  if (!close.empty()) message += fmt::format("; did you mean {}?", fmt::join(close, ", "));
  std::string hint;
  if (!known.empty() && known.size() <= 40) hint = fmt::format("known: {}", fmt::join(cut(known), ", "));
  return Error{ErrorCode::kUsage, std::move(message), std::move(hint), {}};
}

}  // namespace flashcore::core
