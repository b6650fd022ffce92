// Where the roofline's labels go: along their ceilings and beside their marks, without touching one another.
#include <qcustomplot.h>

#include <QFontMetricsF>
#include <array>
#include <cmath>

#include "app/gui/roofline_view.h"

namespace flashcore::gui {
namespace {

constexpr double kAside = 3;  // of a label from its line

QSizeF sizeOf(const QCPItemText& item, const QString& text) {
  return QFontMetricsF(item.font()).boundingRect(QRectF(0, 0, 2000, 200), 0, text).size();
}

bool collides(const QRectF& box, const std::vector<QRectF>& taken) {
  return std::any_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(box); });
}

void centre(QCPItemText& item, const QString& text, const QPointF& at, double rotation) {
  item.setText(text);
  item.setRotation(rotation);
  item.setPositionAlignment(Qt::AlignCenter);
  item.position->setPixelPosition(at);
  item.setVisible(true);
}

// A turned label's box, cut into squares along its line.
std::vector<QRectF> squaresAlong(const QPointF& middle, const QPointF& u, const QSizeF& size) {
  std::vector<QRectF> boxes;
  const double half = size.width() / 2, side = size.height();
  const int steps = std::max(2, static_cast<int>(std::ceil(size.width() / side * 1.5)));
  for (int i = 0; i <= steps; ++i) {
    const QPointF at = middle + u * (-half + size.width() * i / steps);
    boxes.emplace_back(at.x() - side / 2, at.y() - side / 2, side, side);
  }
  return boxes;
}

}  // namespace

QPointF RooflineView::pixel(double x, double y) const {
  return {plot_->xAxis->coordToPixel(x), plot_->yAxis->coordToPixel(y)};
}

bool RooflineView::isFree(const std::vector<QRectF>& boxes, const Label& label) const {
  const QRectF area = plot_->axisRect()->rect();
  const auto crossed = [&](const QRectF& box) {
    return std::any_of(ceilingLabels_.begin(), ceilingLabels_.end(), [&](const Label& other) {
      if (other.item == label.item) return false;
      const QPointF from = pixel(other.fromX, other.y);
      const QPointF to = pixel(other.toX, other.alongLine ? other.y * other.toX / other.fromX : other.y);
      if (box.right() < from.x() || box.left() > to.x()) return false;
      const auto height = [&](double x) {
        const double within = std::clamp(x, from.x(), to.x());
        return from.y() + (to.y() - from.y()) * (within - from.x()) / std::max(to.x() - from.x(), 1e-9);
      };
      const double left = height(box.left()), right = height(box.right());
      return std::max(left, right) > box.top() && std::min(left, right) < box.bottom();
    });
  };
  return std::none_of(boxes.begin(), boxes.end(), [&](const QRectF& box) {
    return !area.contains(box) || collides(box, taken_) || collides(box, faint_) || crossed(box);
  });
}

// Above the line or below it, at its right end or further left.
bool RooflineView::placeLevel(const Label& label) {
  const QRectF area = plot_->axisRect()->rect();
  const double y = pixel(label.x, label.y).y();
  // It may begin before its line, but not end before it.
  const double start = std::max(area.left(), pixel(label.fromX, label.y).x()) + 20;
  for (const QString& text : label.texts) {
    const QSizeF size = sizeOf(*label.item, text);
    for (double right = area.right() - 6; right > start; right -= 12) {
      for (const double top : {y - size.height() - kAside, y + kAside}) {
        const QRectF box(QPointF(right - size.width(), top), size);
        if (!isFree({box}, label)) continue;
        centre(*label.item, text, box.center(), 0);
        taken_.push_back(box.adjusted(-4, 0, 4, 0));
        return true;
      }
    }
  }
  return false;
}

// Along the visible part of a bandwidth's line, above it or below it.
bool RooflineView::placeAlong(const Label& label) {
  const double slope = label.y / label.x;
  const auto xs = plot_->xAxis->range(), ys = plot_->yAxis->range();
  const double fromX = std::max({label.fromX, xs.lower, ys.lower / slope});
  const double toX = std::min({label.toX, xs.upper, ys.upper / slope});
  if (!(toX > fromX)) return false;
  const QPointF from = pixel(fromX, fromX * slope), way = pixel(toX, toX * slope) - from;
  const double length = std::hypot(way.x(), way.y());
  if (length < 1) return false;
  const QPointF u = way / length, aside(-u.y(), u.x());  // aside: below the line
  const double angle = std::atan2(u.y(), u.x()) * 180 / M_PI;
  for (const QString& text : label.texts) {
    const QSizeF size = sizeOf(*label.item, text);
    for (double middle = size.width() / 2 + 8; middle + size.width() / 2 + 4 < length; middle += 8) {
      for (const int side : {-1, 1}) {
        const QPointF at = from + u * middle + aside * (side * (size.height() / 2 + kAside));
        const auto boxes = squaresAlong(at, u, size);
        if (!isFree(boxes, label)) continue;
        centre(*label.item, text, at, angle);
        taken_.insert(taken_.end(), boxes.begin(), boxes.end());
        return true;
      }
    }
  }
  return false;
}

// A label that has no place without touching something is left out: the line's own tip tells it.
void RooflineView::placeCeiling(const Label& label) {
  const bool placed = label.alongLine ? placeAlong(label) : placeLevel(label);
  if (!placed) label.item->setVisible(false);
}

// Beside its mark, and no further away than one sees whose it is. Without a place that covers no label and no
// mark only the chosen run is named: the tips have the others.
void RooflineView::placeName(const Label& label) {
  const QRectF area = plot_->axisRect()->rect();
  const QSizeF size = sizeOf(*label.item, label.texts.front());
  const QPointF at = pixel(label.x, label.y);
  const double dx = size.width() / 2 + 11, dy = size.height() / 2 + 9;
  const std::array<QPointF, 8> sides{QPointF(dx, 0),  QPointF(-dx, 0),  QPointF(0, dy),   QPointF(0, -dy),
                                     QPointF(dx, dy), QPointF(dx, -dy), QPointF(-dx, dy), QPointF(-dx, -dy)};
  struct Try {
    double away;
    bool coverFaint;
  };
  for (const Try attempt : {Try{1.0, false}, Try{1.0, true}, Try{1.3, true}}) {
    for (const QPointF& side : sides) {
      QRectF box(QPointF(0, 0), size);
      box.moveCenter(at + side * attempt.away);
      const bool covers = collides(box, taken_) || (!attempt.coverFaint && collides(box, faint_));
      if (covers || !area.contains(box)) continue;
      centre(*label.item, label.texts.front(), box.center(), 0);
      taken_.push_back(box);
      return;
    }
  }
  if (label.item->font().bold()) {
    centre(*label.item, label.texts.front(), at + QPointF(dx, 0), 0);
  } else {
    label.item->setVisible(false);
  }
}

void RooflineView::placeLabels() {
  taken_.clear();
  faint_.clear();
  for (const auto& mark : marks_) {
    const QPointF at = pixel(mark.point.intensity, mark.point.performance);
    const double half = mark.ofProblem ? 7 : 4;
    (mark.ofProblem ? taken_ : faint_).emplace_back(at.x() - half, at.y() - half, 2 * half, 2 * half);
  }
  // The chosen run's name, then ceilings, whose places are few (the bandwidth's has the fewest), then the
  // rest.
  const auto chosen = [](const Label& label) { return label.item->font().bold(); };
  for (const auto& label : markLabels_) {
    if (chosen(label)) placeName(label);
  }
  for (const bool along : {true, false}) {
    for (const auto& label : ceilingLabels_) {
      if (label.alongLine == along) placeCeiling(label);
    }
  }
  for (const auto& label : markLabels_) {
    if (!chosen(label)) placeName(label);
  }
}

}  // namespace flashcore::gui
