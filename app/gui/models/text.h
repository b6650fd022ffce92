// Text from a database on its way to a widget: always plain, on one line where a line is meant, and
// never longer than a widget can lay out.
//
// Owns: nothing. Threads: pure functions. Errors: bytes that are no UTF-8 become U+FFFD.
#pragma once

#include <QString>
#include <string_view>

namespace flashcore::gui {

QString toText(std::string_view utf8);

// One line: control and direction characters become spaces, what is longer than `limit` is cut
// with an ellipsis.
QString oneLine(std::string_view utf8, qsizetype limit = 160);
QString oneLine(const QString& text, qsizetype limit = 160);

// "1 run", "3 runs".
QString countOf(qsizetype count, const char* one, const char* many);

// A tool tip that shows exactly `plain`, wrapped, with none of it taken for markup.
QString plainToolTip(const QString& plain);

// "2026-01-31 12:00" of "2026-01-31T12:00:00Z"; what is no such time is shown as it is.
QString shortTime(std::string_view utc);

// The first ten characters of a commit, "unknown commit" for none.
QString shortCommit(std::string_view sha);

}  // namespace flashcore::gui
