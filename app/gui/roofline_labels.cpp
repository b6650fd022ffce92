// Where the roofline's labels go: beside their marks without covering one another, and along their
// lines.
#include <qcustomplot.h>

#include <QFontMetricsF>
#include <array>
#include <cmath>

#include "app/gui/roofline_view.h"

namespace flashcore::gui {
namespace {

QSizeF sizeOf(const QCPItemText& item) {
  return QFontMetricsF(item.font()).boundingRect(QRectF(0, 0, 2000, 200), 0, item.text()).size();
}

bool collides(const QRectF& box, const std::vector<QRectF>& taken) {
  return std::any_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(box); });
}

void centre(QCPItemText& item, const QPointF& at) {
  item.setPositionAlignment(Qt::AlignCenter);
  item.position->setPixelPosition(at);
}

}  // namespace

void RooflineView::placeLabels() {
  const QRectF area = plot_->axisRect()->rect();
  const auto pixel = [this](double x, double y) {
    return QPointF(plot_->xAxis->coordToPixel(x), plot_->yAxis->coordToPixel(y));
  };
  std::vector<QRectF> taken;
  for (const auto& mark : marks_) {
    if (!mark.ofProblem) continue;
    const QPointF at = pixel(mark.point.intensity, mark.point.performance);
    taken.emplace_back(at.x() - 7, at.y() - 7, 14, 14);
  }
  // Ceilings first: their places are few.
  for (const auto& label : ceilingLabels_) {
    const QSizeF size = sizeOf(*label.item);
    if (!label.alongLine) {
      const double y = pixel(label.x, label.y).y();
      QRectF box(area.right() - size.width() - 6, y - size.height() - 3, size.width(), size.height());
      if (collides(box, taken)) box.moveTop(y + 3);
      centre(*label.item, box.center());
      taken.push_back(box);
      continue;
    }
    // The visible part of the line starts at the left edge or at the bottom one, whichever is later.
    const double slope = label.y / label.x;
    const double startX = std::max(plot_->xAxis->range().lower, plot_->yAxis->range().lower / slope);
    const QPointF start = pixel(startX, startX * slope), next = pixel(startX * 10, startX * 10 * slope);
    const double angle = std::atan2(next.y() - start.y(), next.x() - start.x());
    const double along = size.width() / 2 + 14, above = size.height() / 2 + 3;
    const QPointF at(start.x() + along * std::cos(angle) + above * std::sin(angle),
                     start.y() + along * std::sin(angle) - above * std::cos(angle));
    label.item->setRotation(angle * 180 / M_PI);
    centre(*label.item, at);
    // A turned label's box, cut into squares along the line.
    for (int i = -4; i <= 4; ++i) {
      const double d = i * size.width() / 8;
      taken.emplace_back(at.x() + d * std::cos(angle) - size.height() / 2,
                         at.y() + d * std::sin(angle) - size.height() / 2, size.height(), size.height());
    }
  }
  for (const auto& label : markLabels_) {
    const QSizeF size = sizeOf(*label.item);
    const QPointF at = pixel(label.x, label.y);
    const double dx = size.width() / 2 + 11, dy = size.height() / 2 + 9;
    const std::array<QPointF, 8> places{QPointF(dx, 0),   QPointF(-dx, 0),  QPointF(0, dy),
                                        QPointF(0, -dy),  QPointF(dx, dy),  QPointF(dx, -dy),
                                        QPointF(-dx, dy), QPointF(-dx, -dy)};
    QRectF chosen;
    for (const QPointF& offset : places) {
      QRectF box(QPointF(0, 0), size);
      box.moveCenter(at + offset);
      if (chosen.isNull()) chosen = box;  // where nothing is free: the first
      if (!area.contains(box) || collides(box, taken)) continue;
      chosen = box;
      break;
    }
    centre(*label.item, chosen.center());
    taken.push_back(chosen);
  }
}

}  // namespace flashcore::gui
