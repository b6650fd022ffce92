#include "app/gui/memory_chart_view.h"

#include <QEvent>
#include <QFontMetricsF>
#include <QHelpEvent>
#include <QLineF>
#include <QPainter>
#include <QPolygonF>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "app/gui/models/headline_text.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

constexpr double kMargin = 8;
constexpr int kNarrow = 620;

bool missing(const analysis::ShownValue& value) {
  return !value.metric.empty() && !value.value;
}

// A shaft with a head where it ends.
QPolygonF arrowShape(const QPointF& tail, const QPointF& tip, double weight) {
  const QLineF line(tail, tip);
  if (line.length() < 1) return {};
  const QPointF u = (tip - tail) / line.length(), n(-u.y(), u.x());
  const double head = std::max(9.0, weight * 1.4), wing = std::max(5.0, weight * 0.95), half = weight / 2;
  const QPointF neck = tip - u * head;
  return QPolygonF({tail + n * half, neck + n * half, neck + n * wing, tip, neck - n * wing, neck - n * half,
                    tail - n * half});
}

void paintBox(QPainter& painter, const ChartBox& box, const Theme& theme) {
  const bool lacks = missing(box.node->hit_rate) || missing(box.node->share);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.base);
  painter.drawRoundedRect(box.box, 6, 6);
  if (box.node->share.value) {
    // Filled from below by the share of its peak.
    const double share = std::clamp(*box.node->share.value / 100, 0.0, 1.0);
    QRectF level = box.box;
    level.setTop(level.bottom() - level.height() * share);
    QColor fill = theme.ladder;
    fill.setAlphaF(theme.dark ? 0.32F : 0.22F);
    painter.save();
    painter.setClipRect(level);
    painter.setBrush(fill);
    painter.drawRoundedRect(box.box, 6, 6);
    painter.restore();
  }
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme.muted, 1.2, lacks ? Qt::DashLine : Qt::SolidLine));
  painter.drawRoundedRect(box.box, 6, 6);
}

void paintArrow(QPainter& painter, const ChartArrow& arrow, const Theme& theme) {
  const auto& bytes = arrow.arrow->bytes;
  if (bytes.value && *bytes.value > 0) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.bandwidth);
    painter.drawPolygon(arrowShape(arrow.tail, arrow.tip, arrow.weight));
    return;
  }
  // Nothing moved, or nobody knows: dashed.
  painter.setPen(QPen(theme.muted, 1.2, missing(bytes) ? Qt::DashLine : Qt::SolidLine));
  painter.setBrush(Qt::NoBrush);
  painter.drawLine(arrow.tail, arrow.tip);
  painter.setPen(QPen(theme.muted, 1.2));
  const QLineF line(arrow.tip, arrow.tail);
  for (const double turn : {-24.0, 24.0}) {
    QLineF wing = line;
    wing.setLength(9);
    wing.setAngle(line.angle() + turn);
    painter.drawLine(wing);
  }
}

}  // namespace

MemoryChartView::MemoryChartView(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("memoryChart"));
  setAccessibleName(tr("Memory chart"));
  setMinimumSize(300, 150);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  rebuild();
}

void MemoryChartView::setRun(const std::shared_ptr<const analysis::RunAnalysis>& run) {
  if (run == run_) return;
  run_ = run;
  setAccessibleDescription(words().join(QStringLiteral("; ")));
  rebuild();
}

bool MemoryChartView::empty() const {
  return !run_ || !run_->speed_of_light.reason.empty() || run_->speed_of_light.nodes.empty();
}

void MemoryChartView::rebuild() {
  plan_ = {};
  if (!empty()) {
    QRectF area = QRectF(rect()).adjusted(kMargin, kMargin, -kMargin, -kMargin);
    // The line that says of which pass it is.
    if (!passText().isEmpty()) area.setBottom(area.bottom() - QFontMetricsF(chartFont()).height());
    plan_ = planMemoryChart(run_->speed_of_light, area, chartFont());
  }
  update();
}

QString MemoryChartView::passText() const {
  if (empty() || run_->speed_of_light.pass_note.empty()) return {};
  return tr("Of the %1").arg(oneLine(run_->speed_of_light.pass_note, 120));
}

// Smaller where the window is, so that every arrow keeps its numbers.
QFont MemoryChartView::chartFont() const {
  QFont font = this->font();
  if (width() < kNarrow) font.setPointSizeF(font.pointSizeF() * 0.86);
  return font;
}

QString MemoryChartView::titleOf(const std::string& node) const {
  const auto* found = run_->speed_of_light.node(node);
  return oneLine(found ? found->title : node, 30);
}

QString MemoryChartView::wordsOf(const analysis::MemoryNode& node) const {
  QStringList values;
  if (!node.hit_rate.metric.empty()) values << tr("hit rate %1").arg(oneLine(node.hit_rate.text, 40));
  if (!node.share.metric.empty()) values << tr("%1 of its own peak").arg(oneLine(node.share.text, 40));
  const QString title = oneLine(node.title, 40);
  return values.isEmpty() ? title : tr("%1: %2").arg(title, values.join(QStringLiteral(", ")));
}

QString MemoryChartView::wordsOf(const analysis::MemoryArrow& arrow) const {
  QString text = tr("%1 to %2, %3").arg(titleOf(arrow.from), titleOf(arrow.to), oneLine(arrow.title, 40));
  if (!arrow.bytes.metric.empty()) text += tr(": %1").arg(oneLine(arrow.bytes.text, 40));
  if (!arrow.throughput.metric.empty()) text += tr(" at %1").arg(oneLine(arrow.throughput.text, 40));
  return text;
}

QStringList MemoryChartView::words() const {
  if (!run_) return {};
  const auto& speed = run_->speed_of_light;
  if (empty()) return {tr("No memory chart: %1").arg(oneLine(speed.reason, 300))};
  QStringList all;
  for (const auto& node : speed.nodes) all << wordsOf(node);
  for (const auto& arrow : speed.arrows) all << wordsOf(arrow);
  if (!passText().isEmpty()) all << passText();
  return all;
}

QString MemoryChartView::tipAt(const QPointF& position) const {
  const auto told = [](QString text, const analysis::ShownValue& a, const analysis::ShownValue& b) {
    QStringList notes;
    for (const auto* value : {&a, &b}) {
      if (!value->metric.empty() && !notes.contains(noteText(*value))) notes << noteText(*value);
    }
    if (!notes.isEmpty()) text += QLatin1Char('\n') + notes.join(QLatin1Char('\n'));
    return text;
  };
  for (const auto& box : plan_.boxes) {
    if (box.box.contains(position)) return told(wordsOf(*box.node), box.node->hit_rate, box.node->share);
  }
  const ChartArrow* nearest = nullptr;
  double best = 18;  // its words stand that far from it
  for (const auto& arrow : plan_.arrows) {
    const double low = std::min(arrow.tail.x(), arrow.tip.x()),
                 high = std::max(arrow.tail.x(), arrow.tip.x());
    if (position.x() < low || position.x() > high) continue;
    const double t = (position.x() - arrow.tail.x()) / (arrow.tip.x() - arrow.tail.x());
    const double away = std::abs(position.y() - (arrow.tail.y() + t * (arrow.tip.y() - arrow.tail.y())));
    if (away > best) continue;
    best = away;
    nearest = &arrow;
  }
  return nearest ? told(wordsOf(*nearest->arrow), nearest->arrow->bytes, nearest->arrow->throughput)
                 : QString();
}

bool MemoryChartView::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const QString tip = tipAt(help->pos());
  if (tip.isEmpty()) {
    QToolTip::hideText();
    event->ignore();
  } else {
    QToolTip::showText(help->globalPos(), plainToolTip(tip), this);
  }
  return true;
}

void MemoryChartView::paintEvent(QPaintEvent*) {
  const Theme theme = themeOf(palette());
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (empty()) {
    painter.setPen(theme.muted);
    const QString why = run_ ? words().join(QLatin1Char(' ')) : tr("Choose a run to see what it moved.");
    painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, why);
    return;
  }
  for (const auto& arrow : plan_.arrows) paintArrow(painter, arrow, theme);
  for (const auto& box : plan_.boxes) paintBox(painter, box, theme);
  const QFont plain = chartFont();
  QFont bold = plain;
  bold.setBold(true);
  painter.setFont(plain);
  painter.setPen(theme.muted);
  const QRectF foot = QRectF(rect()).adjusted(kMargin, kMargin, -kMargin, -kMargin / 2);
  painter.drawText(foot, Qt::AlignLeft | Qt::AlignBottom,
                   QFontMetricsF(plain).elidedText(passText(), Qt::ElideRight, foot.width()));
  for (const auto& text : plan_.texts) {
    const bool name = text.kind == ChartText::Kind::kName;
    const bool faint = text.kind == ChartText::Kind::kMissing || text.kind == ChartText::Kind::kPace;
    painter.setFont(name ? bold : plain);
    painter.setPen(faint ? theme.muted : theme.text);
    painter.drawText(text.box.adjusted(-4, 0, 4, 0), Qt::AlignCenter | Qt::TextDontClip, text.text);
  }
}

void MemoryChartView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  rebuild();
}

void MemoryChartView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
  if (event->type() == QEvent::FontChange) rebuild();
}

}  // namespace flashcore::gui
