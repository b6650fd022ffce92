// ElidedLabel: one line of plain text that ends in an ellipsis where the layout has no room for all of it,
// instead of widening the window.
//
// Owns: nothing of its own; text() is the whole text. Threads: the GUI's.
#pragma once

#include <QLabel>
#include <QPainter>
#include <QStyle>
#include <QStyleOption>

namespace flashcore::gui {

class ElidedLabel final : public QLabel {
  Q_OBJECT

 public:
  explicit ElidedLabel(QWidget* parent = nullptr) : QLabel(parent) {
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  }

 protected:
  void paintEvent(QPaintEvent* event) override {
    // What fits is drawn by the label itself, which can be selected with the mouse.
    if (fontMetrics().horizontalAdvance(text()) <= contentsRect().width()) {
      QLabel::paintEvent(event);
      return;
    }
    QPainter painter(this);
    QStyleOption option;
    option.initFrom(this);
    const QString shown = fontMetrics().elidedText(text(), Qt::ElideRight, contentsRect().width());
    style()->drawItemText(&painter, contentsRect(), Qt::AlignLeft | Qt::AlignVCenter, option.palette,
                          isEnabled(), shown, foregroundRole());
  }
};

}  // namespace flashcore::gui
