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
  std::vector<QRectF> taken, faint;
  for (const auto& mark : marks_) {
    const QPointF at = pixel(mark.point.intensity, mark.point.performance);
    const double half = mark.ofProblem ? 7 : 4;
    (mark.ofProblem ? taken : faint).emplace_back(at.x() - half, at.y() - half, 2 * half, 2 * half);
  }
  const auto covers = [&](const QRectF& box) { return collides(box, taken) || collides(box, faint); };
  // Ceilings first: their places are few.
  for (const auto& label : ceilingLabels_) {
    label.item->setText(label.full);
    if (sizeOf(*label.item).width() > area.width() - 24) label.item->setText(label.brief);
    const QSizeF size = sizeOf(*label.item);
    if (!label.alongLine) {
      const double y = pixel(label.x, label.y).y();
      const QRectF first(area.right() - size.width() - 6, y - size.height() - 3, size.width(), size.height());
      QRectF box = first;
      // Above the line, below it, then further left along it.
      for (int step = 0; step < 8 && covers(box); ++step) {
        box.moveTo(first.left() - (step + 1) / 2 * size.height() * 2, step % 2 == 0 ? y + 3 : first.top());
      }
      if (covers(box) || box.left() < area.left()) box = first;
      centre(*label.item, box.center());
      taken.push_back(box);
      continue;
    }
    // The visible part of the line starts at the left edge or at the bottom one, whichever is later.
    const double slope = label.y / label.x;
    const double startX = std::max(plot_->xAxis->range().lower, plot_->yAxis->range().lower / slope);
    const QPointF start = pixel(startX, startX * slope), next = pixel(startX * 10, startX * 10 * slope);
    const double angle = std::atan2(next.y() - start.y(), next.x() - start.x());
    // The steeper the line, the further along it: the upper left corner would be cut by the axis.
    const double above = size.height() / 2 + 3;
    const double along = size.width() / 2 + 8 + (above + size.height() / 2) * std::min(3.0, -std::tan(angle));
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
    // A place that covers nothing, else one that covers faint marks alone, else any inside.
    QRectF chosen;
    for (int patience = 0; patience < 3 && chosen.isNull(); ++patience) {
      for (const QPointF& offset : places) {
        QRectF box(QPointF(0, 0), size);
        box.moveCenter(at + offset);
        if (!area.contains(box) || (patience < 2 && collides(box, taken))) continue;
        if (patience < 1 && collides(box, faint)) continue;
        chosen = box;
        break;
      }
    }
    if (chosen.isNull()) chosen = QRectF(at + QPointF(11, -size.height() / 2), size);
    centre(*label.item, chosen.center());
    taken.push_back(chosen);
  }
}

}  // namespace flashcore::gui
