// The few colours that a palette does not have, chosen for its light or dark base.
//
// Owns: plain values. Threads: the GUI's. Contrast of text colours on the base is at least 4.5 : 1
// (WCAG 2.1, 1.4.3); the test computes it.
#pragma once

#include <QColor>
#include <QPalette>

namespace flashcore::gui {

struct Theme {
  bool dark = false;
  QColor base, text, muted, grid;
  QColor ladder;     // marks of the ladder's phases
  QColor reference;  // marks of library peers
  QColor selected;   // the ring around what is selected
  QColor compute;    // compute ceilings
  QColor bandwidth;  // bandwidth ceilings
  QColor busiest;    // the unit nearest to its own peak
  QColor good, warning, bad;
  QColor recording;      // the badge's fill
  QColor recordingText;  // and its text
};

Theme themeOf(const QPalette& palette);

// A complete dark or light palette for the Fusion style, for --palette.
QPalette darkPalette();
QPalette lightPalette();

}  // namespace flashcore::gui
