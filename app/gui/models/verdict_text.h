// A verdict in few words: column of the tree, head line.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <QColor>
#include <QString>

#include "app/gui/models/run_verdicts.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {

// "FASTER 62.1 %", "SAME"; the change only where it is one.
QString verdictText(const RunVerdict& verdict);
// Read beside the word, which tells the same without it.
QColor verdictColour(analysis::Verdict verdict, const Theme& theme);

}  // namespace flashcore::gui
