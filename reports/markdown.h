// Text from outside in a Markdown document, as GitHub renders it.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace flashcore::reports {

// Reads as `text` in a paragraph, a list or a cell of a table: no markup, HTML, link, mention or further cell
// comes of it. In one line: what steers (line breaks, escape sequences, changes of direction) is '?'.
std::string markdown_text(std::string_view text);

}  // namespace flashcore::reports
