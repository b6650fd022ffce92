#include "app/gui/plot_text.h"

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
  if (unit_.empty()) return QString::number(tick, 'g', 6);
  // Decades are exact to a bit or so; three digits would write them "1.00".
  QString text = toText(analysis::format_value(tick, unit_));
  text.replace(QStringLiteral(".00 "), QStringLiteral(" "))
      .replace(QStringLiteral(".0 "), QStringLiteral(" "));
  return text;
}

}  // namespace flashcore::gui
