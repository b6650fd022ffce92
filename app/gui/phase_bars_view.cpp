#include "app/gui/phase_bars_view.h"

#include <qcustomplot.h>

#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <tuple>

#include "analysis/units.h"
#include "app/gui/models/run_sheets.h"
#include "app/gui/models/text.h"
#include "app/gui/plot_text.h"

namespace flashcore::gui {
namespace {

constexpr double kBarWidth = 0.62;

}  // namespace

PhaseBarsView::PhaseBarsView(QWidget* parent)
    : QWidget(parent), title_(new QLabel(this)), plot_(new QCustomPlot(this)) {
  title_->setObjectName(QStringLiteral("barsTitle"));
  title_->setTextFormat(Qt::PlainText);
  title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  QFont font = title_->font();
  font.setBold(true);
  title_->setFont(font);
  title_->setFixedHeight(24);  // in line with the roofline's title, which has buttons beside it
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  layout->addWidget(title_);
  layout->addWidget(plot_, 1);
  plot_->setObjectName(QStringLiteral("phaseBarsPlot"));
  plot_->setAccessibleName(tr("Time by phase"));
  plot_->setMinimumSize(180, 180);
  connect(plot_, &QCustomPlot::mousePress, this, [this](QMouseEvent* event) { pressed_ = event->pos(); });
  connect(plot_, &QCustomPlot::mouseRelease, this, &PhaseBarsView::mouseReleased);
  connect(plot_, &QCustomPlot::beforeReplot, this, &PhaseBarsView::fitRange);
  rebuild();
}

void PhaseBarsView::setSession(const LoadedSessionPtr& session) {
  session_ = session;
  current_ = session && !session->runs.empty() ? session->runs.front().run.id : 0;
  rebuild();
}

void PhaseBarsView::setCurrentRun(core::RowId run) {
  if (run == current_) return;
  current_ = run;
  rebuild();
}

void PhaseBarsView::collectRuns() {
  runs_.clear();
  if (!session_) return;
  const auto& all = session_->runs;
  const auto current =
      std::find_if(all.begin(), all.end(), [this](const auto& run) { return run.run.id == current_; });
  if (current == all.end()) return;
  for (const auto& run : all) {
    if (run.run.problem == current->run.problem && run.run.device == current->run.device)
      runs_.push_back(&run);
  }
  std::sort(runs_.begin(), runs_.end(), [](const auto* a, const auto* b) {
    return std::make_tuple(a->run.phase.reference, a->run.phase.rung, a->run.id) <
           std::make_tuple(b->run.phase.reference, b->run.phase.rung, b->run.id);
  });
}

QString PhaseBarsView::valueText(const analysis::RunAnalysis& run) const {
  if (!run.graph_ns) {
    if (!run.run.correctness.empty() && !run.run.correct()) return tr("wrong answer: no timing");
    if (run.run.correctness.empty()) return tr("unchecked: no timing");
    return tr("no graph timing");
  }
  QString text = toText(analysis::format_duration_ns(run.graph_ns->p50));
  const auto* base = analysis::base_of(run, session_->runs);
  if (base == &run) return text + tr("   base");
  if (base) {
    if (const auto factor = analysis::speedup(run, *base)) {
      text += QStringLiteral("   %1x").arg(*factor, 0, 'f', *factor < 10 ? 2 : 1);
    }
  }
  return text;
}

void PhaseBarsView::rebuild() {
  const Theme theme = themeOf(palette());
  plot_->clearPlottables();
  plot_->clearItems();
  names_.clear();
  values_.clear();
  collectRuns();
  applyTheme(*plot_, theme);
  title_->setText(runs_.empty()
                      ? tr("Time by phase")
                      : tr("Time by phase: %1").arg(oneLine(core::problem_label(runs_[0]->run.problem))));
  title_->setToolTip(
      tr("Graph p50: the median over replays of a graph of many launches, so that launch "
         "overhead is out. Speed-ups are against the lowest rung of the ladder."));
  double longest = 0;
  for (const auto* run : runs_) longest = std::max(longest, run->graph_ns ? run->graph_ns->p50 : 0.0);
  const bool milli = longest >= 1e6;
  const double scale = milli ? 1e-6 : 1e-3;
  auto ticker = QSharedPointer<QCPAxisTickerText>::create();
  for (std::size_t row = 0; row < runs_.size(); ++row) {
    const auto& phase = runs_[row]->run.phase;
    const auto same = [&](const auto* other) { return other->run.phase.id == phase.id; };
    QString name = oneLine(phase.id, 20);
    if (std::count_if(runs_.begin(), runs_.end(), same) > 1)
      name += QStringLiteral(" #%1").arg(runs_[row]->run.id);
    names_ << name;
    values_ << valueText(*runs_[row]);
    ticker->addTick(static_cast<double>(row), name);
    addBar(row, scale);
  }
  plot_->yAxis->setTicker(ticker);
  plot_->yAxis->setTickLength(0);
  plot_->yAxis->setSubTicks(false);
  plot_->yAxis->grid()->setVisible(false);
  plot_->yAxis->setTickLabelColor(theme.text);
  plot_->yAxis->setRangeReversed(true);
  // Few bars keep their thickness: an axis of at least five rows.
  const double rows = std::max<double>(5, static_cast<double>(runs_.size()));
  plot_->yAxis->setRange(-0.7, rows - 0.4);
  longest_ = longest * scale;
  scale_ = scale;
  fitRange();
  plot_->xAxis->setLabel(milli ? tr("graph p50, ms") : tr("graph p50, µs"));
  plot_->replot();
}

// Room at the right for the text of the longest bar, at whatever width the plot has.
void PhaseBarsView::fitRange() {
  QFont bold = font();
  bold.setBold(true);
  const QFontMetricsF metrics(bold);
  // The layout comes after this: the width is told from the viewport and the margins of the time before.
  const QMargins margins = plot_->axisRect()->margins();
  const double width =
      std::max(plot_->viewport().width() - std::max(margins.left(), 70) - margins.right(), 1);
  double range = longest_;
  for (std::size_t row = 0; row < runs_.size(); ++row) {
    const double text = metrics.horizontalAdvance(values_[static_cast<qsizetype>(row)]) + 14;
    // Never so much that a bar is squeezed to nothing.
    const double room = std::max(width - text, width * 0.2);
    if (runs_[row]->graph_ns && room > 0)
      range = std::max(range, runs_[row]->graph_ns->p50 * scale_ * width / room);
  }
  plot_->xAxis->setRange(0, range > 0 ? range : 1);
  plot_->xAxis->ticker()->setTickCount(width < 150 ? 2 : 5);
}

void PhaseBarsView::addBar(std::size_t row, double scale) {
  const Theme theme = themeOf(palette());
  const auto& run = *runs_[row];
  const bool chosen = run.run.id == current_;
  const double value = run.graph_ns ? run.graph_ns->p50 * scale : 0;
  if (run.graph_ns) {
    auto* bar = new QCPBars(plot_->yAxis, plot_->xAxis);
    bar->setWidth(kBarWidth);
    const QColor colour = run.run.phase.reference ? theme.reference : theme.ladder;
    bar->setBrush(colour);
    bar->setPen(QPen(chosen ? theme.selected : colour, chosen ? 2.5 : 1));
    bar->setSelectable(QCP::stNone);
    bar->setData({static_cast<double>(row)}, {value}, true);
  }
  auto* text = new QCPItemText(plot_);
  text->setText(values_[static_cast<qsizetype>(row)]);
  text->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  text->setTextAlignment(Qt::AlignLeft);
  text->setPadding(QMargins(7, 0, 0, 0));
  text->position->setCoords(value, static_cast<double>(row));
  const bool wrong = !run.run.correctness.empty() && !run.run.correct();
  text->setColor(run.graph_ns ? theme.text : wrong ? theme.bad : theme.warning);
  text->setClipToAxisRect(false);
  QFont f = font();
  f.setBold(chosen);
  text->setFont(f);
}

void PhaseBarsView::mouseReleased(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || (event->pos() - pressed_).manhattanLength() > 4) return;
  const double row = plot_->yAxis->pixelToCoord(event->pos().y());
  const auto index = static_cast<std::ptrdiff_t>(std::lround(row));
  if (index < 0 || index >= static_cast<std::ptrdiff_t>(runs_.size())) return;
  if (std::abs(row - static_cast<double>(index)) > kBarWidth / 2) return;
  Q_EMIT runClicked(runs_[static_cast<std::size_t>(index)]->run.id);
}

void PhaseBarsView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) rebuild();
}

}  // namespace flashcore::gui
