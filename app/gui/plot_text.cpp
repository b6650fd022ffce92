#include "app/gui/plot_text.h"

#include <cmath>

#include "analysis/units.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {

void applyTheme(QCustomPlot& plot, const Theme& theme) {
  plot.setBackground(QBrush(theme.base));
  for (QCPAxisRect* rect : plot.axisRects()) {
    for (QCPAxis* axis : rect->axes()) {
      axis->setBasePen(QPen(theme.muted));
      axis->setTickPen(QPen(theme.muted));
      axis->setSubTickPen(QPen(theme.grid));
      axis->setTickLabelColor(theme.muted);
      axis->setLabelColor(theme.text);
      axis->grid()->setPen(QPen(theme.grid, 1));
      axis->grid()->setSubGridVisible(false);
      axis->grid()->setZeroLinePen(Qt::NoPen);
    }
  }
}

QString UnitTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
  if (unit_.empty()) {
    if (tick < 999) return QString::number(tick, 'g', 3);
    const int step = tick < 999e3 ? 0 : tick < 999e6 ? 1 : 2;
    return QStringLiteral("%1%2")
        .arg(tick / std::pow(1e3, step + 1), 0, 'g', 3)
        .arg(QLatin1Char("kMG"[step]));
  }
  // Decades are exact to a bit or so; three digits would write them "1.00".
  QString text = toText(analysis::format_value(tick, unit_));
  text.replace(QStringLiteral(".00 "), QStringLiteral(" "))
      .replace(QStringLiteral(".0 "), QStringLiteral(" "));
  return text;
}

}  // namespace flashcore::gui
