// Text from outside, made safe and measured for a terminal or a document.
//
// Owns: nothing. Threads: pure functions. Widths are terminal cells, as utf8proc has them: combining marks
// take none, East Asian wide characters and emoji two (UAX #11).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashcore::reports {

// Valid UTF-8: every byte that is no part of a character becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// For a terminal: valid UTF-8 whose control characters (C0, DEL, C1), formatting characters (they turn the
// direction of writing, or hide) and line separators are '?'. The joiners of scripts and emoji stay.
std::string printable(std::string_view text);

int display_width(std::string_view utf8) noexcept;

// At most `width` cells, the last of them an ellipsis where something was cut.
std::string cut(std::string_view utf8, int width);

enum class Align { kLeft, kRight };
// The same with the ellipsis in the middle, for names that differ at both ends.
std::string cut_middle(std::string_view utf8, int width);

// Cut and padded with spaces to exactly `width` cells.
std::string fit(std::string_view utf8, int width, Align align);

// Breaks at spaces into lines of at most `width` cells, the later ones indented; `used` cells of the
// first line are taken by what the caller has put there.
std::string wrap(std::string_view utf8, int width, int indent, int used = 0);

// & < > " ' as entities, for text and attribute values.
std::string html_escape(std::string_view text);

}  // namespace flashcore::reports
