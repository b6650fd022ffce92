// What both plots share: colours from the palette, and axis labels with units.
//
// Owns: nothing. Threads: the GUI's.
#pragma once

#include <qcustomplot.h>

#include <string>

#include "app/gui/models/theme.h"

namespace flashcore::gui {

// Colours of background, axes, ticks and grid.
void applyTheme(QCustomPlot& plot, const Theme& theme);

// Log ticks written with SI prefixes: "1 TFLOP/s". With no unit: "0.1", "10", "10k".
class UnitTicker final : public QCPAxisTickerLog {
 public:
  explicit UnitTicker(std::string unit) : unit_(std::move(unit)) {}

 protected:
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

 private:
  std::string unit_;
};

}  // namespace flashcore::gui
