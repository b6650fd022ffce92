#include "app/gui/outlined_style.h"

#include <QPainter>
#include <QStyleOption>

#include "app/gui/models/theme.h"

namespace flashcore::gui {

void OutlinedStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                  const QWidget* widget) const {
  QProxyStyle::drawPrimitive(element, option, painter, widget);
  if (element != PE_IndicatorCheckBox && element != PE_IndicatorItemViewItemCheck) return;
  const Theme theme = themeOf(option->palette);
  if (!theme.dark) return;
  painter->save();
  painter->setPen(QPen(theme.muted, 1));
  painter->setBrush(Qt::NoBrush);
  painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
  painter->restore();
}

}  // namespace flashcore::gui
