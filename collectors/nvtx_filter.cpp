#include "collectors/nvtx_filter.h"

namespace flashcore::collectors {
namespace {

// * stands for any text. Going back to the last * alone is enough: it can take what earlier ones could.
bool part_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Takes the text before the next / off `rest`.
std::string_view next_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return part;
}

}  // namespace

bool nvtx_matches(std::string_view filter, std::string_view path) {
  while (!filter.empty()) {
    const std::string_view pattern = next_part(filter);
    const std::string_view text = next_part(path);
    if (!pattern.empty() && !part_matches(pattern, text)) return false;
  }
  return true;
}

}  // namespace flashcore::collectors
