#include "reports/markdown.h"

#include "reports/text.h"

namespace flashcore::reports {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '@': out += "@&#8203;"; break;  // a mention writes to somebody; behind it a space without width
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '|':
      case '~':
      case '#':
      case '!':
      case '$':
        out += '\\';
        out += c;
        break;
      default: out += c;
    }
  }
  // GitHub links bare addresses.
  replace_all(out, "://", "&#58;//");
  replace_all(out, "www.", "www&#46;");
  return out;
}

}  // namespace flashcore::reports
