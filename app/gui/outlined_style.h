// OutlinedStyle: Fusion with check boxes that can be seen on a dark base. Fusion draws their frames
// darker than the window, which a dark list swallows.
//
// Owns: nothing of its own. Threads: the GUI's.
#pragma once

#include <QProxyStyle>

namespace flashcore::gui {

class OutlinedStyle final : public QProxyStyle {
 public:
  OutlinedStyle() : QProxyStyle(QStringLiteral("Fusion")) {}
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
};

}  // namespace flashcore::gui
