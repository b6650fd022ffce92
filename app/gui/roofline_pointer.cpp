// What the roofline does under the pointer: tips of points and ceilings, the choice of a run.
#include <qcustomplot.h>

#include <QToolTip>
#include <cmath>

#include "analysis/units.h"
#include "app/gui/models/run_text.h"
#include "app/gui/models/text.h"
#include "app/gui/roofline_memories.h"
#include "app/gui/roofline_view.h"

namespace flashcore::gui {
namespace {

constexpr int kHitPixels = 12;
constexpr double kLinePixels = 4;

}  // namespace

const RooflineView::Mark* RooflineView::markAt(const QPoint& position) const {
  const Mark* nearest = nullptr;
  double best = kHitPixels * kHitPixels;
  for (const auto& mark : marks_) {
    const double dx = plot_->xAxis->coordToPixel(mark.point.intensity) - position.x();
    const double dy = plot_->yAxis->coordToPixel(mark.point.performance) - position.y();
    // "<=": of two at one place the one drawn last is on top.
    if (const double distance = dx * dx + dy * dy; distance <= best) {
      best = distance;
      nearest = &mark;
    }
  }
  return nearest;
}

QString RooflineView::ceilingText(const QPoint& position) const {
  for (const auto& label : ceilingLabels_) {
    const double toLabel = label.item->visible() ? label.item->selectTest(position, false) : -1;
    if (toLabel >= 0 && toLabel < kHitPixels) return label.tip;
    const QPointF from = pixel(label.fromX, label.y);
    const QPointF to = pixel(label.toX, label.alongLine ? label.y * label.toX / label.fromX : label.y);
    const QPointF way = to - from, away = QPointF(position) - from;
    const double length = std::max(std::hypot(way.x(), way.y()), 1e-9);
    const double along = QPointF::dotProduct(way, away) / length;
    const double aside = std::abs(way.x() * away.y() - way.y() * away.x()) / length;
    if (along >= 0 && along <= length && aside <= kLinePixels) return label.tip;
  }
  return {};
}

std::optional<QPoint> RooflineView::pointPosition(core::RowId run) const {
  for (const auto& mark : marks_) {
    if (mark.run->id != run) continue;
    return QPoint(static_cast<int>(std::lround(plot_->xAxis->coordToPixel(mark.point.intensity))),
                  static_cast<int>(std::lround(plot_->yAxis->coordToPixel(mark.point.performance))));
  }
  return std::nullopt;
}

QString RooflineView::pointText(core::RowId run) const {
  for (const auto& mark : marks_) {
    if (mark.run->id != run) continue;
    const auto& p = mark.point;
    QString text =
        tr("%1 on %2").arg(oneLine(mark.run->subject, 60), problemText(mark.run->problem, mark.run->cache));
    if (mark.run->origin == core::Origin::kRecording) text += tr(" (recording)");
    if (mark.run->origin == core::Origin::kImport) text += tr(" (import)");
    const QString rate = toText(analysis::format_value(p.performance, "FLOP/s"));
    const QString memory = QLatin1String(rooflineMemory(memory_).title);
    if (p.attainable && p.attainable_fraction) {
      text += tr("\n%1 of %2 attainable by its %3 bytes (%4), %5 bound")
                  .arg(rate, toText(analysis::format_value(*p.attainable, "FLOP/s")), memory,
                       toText(analysis::format_value(*p.attainable_fraction * 100, "%")), toText(p.bound));
    } else {
      text += tr("\n%1 by its %2 bytes, whose ceiling is a definition and no limit").arg(rate, memory);
    }
    text += tr("\n%1 FLOP/B: %2 over %3 (%4)")
                .arg(QString::number(p.intensity, 'g', 3), toText(analysis::format_value(p.flops, "FLOP")),
                     toText(analysis::format_value(p.bytes, "B")), oneLine(p.bytes_provenance, 60));
    const auto time = shownTime(*mark.run);
    text += tr("\n%1 (%2)")
                .arg(toText(analysis::format_duration_ns(p.duration_ns)),
                     time ? time->source : tr("of its counters"));
    return text;
  }
  return {};
}

void RooflineView::mouseMoved(QMouseEvent* event) {
  const Mark* mark = markAt(event->pos());
  plot_->setCursor(mark ? Qt::PointingHandCursor : Qt::ArrowCursor);
  if (mark) {
    QToolTip::showText(event->globalPosition().toPoint(), plainToolTip(pointText(mark->run->id)), plot_);
  } else if (const QString ceiling = ceilingText(event->pos()); !ceiling.isEmpty()) {
    QToolTip::showText(event->globalPosition().toPoint(), plainToolTip(ceiling), plot_);
  } else {
    QToolTip::hideText();
  }
}

void RooflineView::mouseReleased(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || (event->pos() - pressed_).manhattanLength() > 4) return;
  if (const Mark* mark = markAt(event->pos())) Q_EMIT runClicked(mark->run->id);
}

}  // namespace flashcore::gui
