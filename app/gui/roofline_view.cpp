#include "app/gui/roofline_view.h"

#include <qcustomplot.h>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "analysis/describe.h"
#include "analysis/units.h"
#include "app/gui/models/run_text.h"
#include "app/gui/models/text.h"
#include "app/gui/plot_text.h"
#include "app/gui/roofline_memories.h"

namespace flashcore::gui {
RooflineView::RooflineView(QWidget* parent)
    : QWidget(parent), plot_(new QCustomPlot(this)), empty_(new QLabel(plot_)) {
  auto* group = new QButtonGroup(this);
  group->setExclusive(true);
  for (const RooflineMemory& memory : kRooflineMemories) {
    auto* button = new QToolButton(this);
    QString id = QLatin1String(memory.id);
    button->setText(QLatin1String(memory.title));
    button->setToolTip(tr(memory.tip));
    button->setCheckable(true);
    connect(button, &QToolButton::clicked, this, [this, id] { setMemory(id); });
    button->setChecked(id == memory_);
    id[0] = id[0].toUpper();
    button->setObjectName(QStringLiteral("memory") + id);
    button->setAccessibleName(tr("Roofline by %1 bytes").arg(button->text()));
    group->addButton(button);
    memories_.push_back(button);
  }
  auto* title = new QLabel(tr("Roofline"), this);
  QFont font = title->font();
  font.setBold(true);
  title->setFont(font);
  auto* bar = new QHBoxLayout;
  bar->setSpacing(2);
  bar->addWidget(title);
  bar->addStretch();
  for (auto* button : memories_) bar->addWidget(button);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  layout->addLayout(bar);
  layout->addWidget(plot_, 1);

  empty_->setObjectName(QStringLiteral("rooflineEmpty"));
  empty_->setTextFormat(Qt::PlainText);
  empty_->setWordWrap(true);
  empty_->setAlignment(Qt::AlignCenter);
  auto* over = new QVBoxLayout(plot_);
  over->addWidget(empty_);
  empty_->setAttribute(Qt::WA_TransparentForMouseEvents);

  plot_->setObjectName(QStringLiteral("rooflinePlot"));
  plot_->setAccessibleName(tr("Roofline plot"));
  plot_->setMouseTracking(true);
  plot_->setMinimumSize(260, 180);
  plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  plot_->xAxis->setScaleType(QCPAxis::stLogarithmic);
  plot_->yAxis->setScaleType(QCPAxis::stLogarithmic);
  const auto ticker = QSharedPointer<UnitTicker>::create("");
  plot_->xAxis->setTicker(ticker);
  connect(plot_, &QCustomPlot::beforeReplot, this, [this, ticker] {
    plot_->xAxis->setLabel(plot_->viewport().width() > 340 ? axisName_ + axisNote_ : axisName_);
    // Many decades in a narrow plot: a number at every second or third.
    const auto range = plot_->xAxis->range();
    const double decades = std::log10(range.upper / range.lower);
    const bool crowded = decades > 0 && (plot_->viewport().width() - 90) / decades < 40;
    // The ticker falls back to even steps where it finds less than two of its own.
    ticker->setLogBase(!crowded ? 10 : decades < 5 ? 100 : 1000);
  });
  plot_->yAxis->setTicker(QSharedPointer<UnitTicker>::create("FLOP/s"));
  connect(plot_, &QCustomPlot::mouseMove, this, &RooflineView::mouseMoved);
  connect(plot_, &QCustomPlot::mousePress, this, [this](QMouseEvent* event) { pressed_ = event->pos(); });
  connect(plot_, &QCustomPlot::mouseRelease, this, &RooflineView::mouseReleased);
  connect(plot_, &QCustomPlot::mouseDoubleClick, this, [this] {
    resetRanges();
    plot_->replot();
  });
  // Labels are placed in pixels, which are known once the layout is.
  connect(plot_, &QCustomPlot::afterLayout, this, &RooflineView::placeLabels);
  rebuild();
}

void RooflineView::setRun(const LoadedRunPtr& run) {
  const bool same = loaded_ && run && loaded_->summary.id == run->summary.id;
  const auto isFull = [this] {
    return plot_->xAxis->range() == QCPRange(lowX_, highX_) &&
           plot_->yAxis->range() == QCPRange(lowY_, highY_);
  };
  keepRanges_ = same && !isFull();
  loaded_ = run;
  rebuild();
  keepRanges_ = false;
}

void RooflineView::setMemory(const QString& memory) {
  if (memory != QLatin1String(rooflineMemory(memory).id)) return;
  memory_ = memory;
  for (std::size_t i = 0; i < memories_.size(); ++i) {
    memories_[i]->setChecked(memory == QLatin1String(kRooflineMemories[i].id));
  }
  rebuild();
}

void RooflineView::collectMarks() {
  marks_.clear();
  if (!loaded_) return;
  std::map<std::string, core::RowId> newest;
  for (const auto& peer : loaded_->peers) {
    auto& id = newest[peer.summary.subject];
    id = std::max(id, peer.summary.id);
  }
  const auto add = [this](const PlotRun& run, bool ofProblem, bool named) {
    if (!run.points) return;
    for (const auto& point : *run.points) {
      if (toText(point.memory) != memory_ || !(point.intensity > 0) || !(point.performance > 0)) continue;
      marks_.push_back({&run.summary, point, ofProblem, named});
    }
  };
  for (const auto& other : loaded_->others) add(other, false, false);
  for (const auto& peer : loaded_->peers) {
    if (peer.summary.id == loaded_->summary.id) continue;
    const bool beside = peer.summary.subject == loaded_->summary.subject;
    add(peer, true, !beside && newest[peer.summary.subject] == peer.summary.id);
  }
  // What matters most is drawn last, on top.
  for (const auto& peer : loaded_->peers) {
    if (peer.summary.id == loaded_->summary.id) add(peer, true, true);
  }
}

void RooflineView::rebuild() {
  const Theme theme = themeOf(palette());
  // A style's own mark of a pressed button is too faint to read in the dark.
  const QString sheet = QStringLiteral(
                            "QToolButton { padding: 2px 8px; border: 1px solid %1; border-radius: 3px; }"
                            "QToolButton:checked { background: %2; color: %3; border-color: %2; }")
                            .arg(theme.grid.name(), theme.text.name(), theme.base.name());
  for (auto* button : memories_) {
    if (button->styleSheet() != sheet) button->setStyleSheet(sheet);
  }
  plot_->clearPlottables();
  plot_->clearItems();
  markLabels_.clear();
  ceilingLabels_.clear();
  collectMarks();
  applyTheme(*plot_, theme);
  const bool others =
      std::any_of(marks_.begin(), marks_.end(), [](const Mark& mark) { return !mark.ofProblem; });
  axisName_ = tr("FLOP per %1 byte").arg(QLatin1String(rooflineMemory(memory_).title));
  axisNote_ = others ? tr("   (faint: other problems or caches)") : QString();
  if (!loaded_) {
    sayNothingToShow(tr("Choose a session or a run to see it under the roof."));
  } else if (marks_.empty() && loaded_->run->roofline.ceilings.empty()) {
    const QString reason = oneLine(loaded_->run->roofline.reason, 300);
    sayNothingToShow(reason.isEmpty() ? tr("The run holds nothing to draw.") : reason);
  } else {
    plot_->axisRect()->setVisible(true);
    sayWhyNoPoint();
    chooseRanges();
    if (!keepRanges_) resetRanges();
    addCeilings(theme);
    addMarks(theme);
  }
  plot_->replot();
}

void RooflineView::sayNothingToShow(const QString& reason) {
  empty_->setText(reason);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setContentsMargins(0, 0, 0, 0);
  empty_->show();
  // The sentence stands alone: axes without anything on them say nothing.
  plot_->axisRect()->setVisible(false);
}

// Ceilings without the chosen run's point under them: the sentence stands at the foot of the plot.
void RooflineView::sayWhyNoPoint() {
  const bool there = std::any_of(marks_.begin(), marks_.end(),
                                 [&](const Mark& mark) { return mark.run->id == loaded_->summary.id; });
  QString why;
  const QString reason = oneLine(loaded_->run->roofline.reason, 600);
  for (const QString& part : reason.split(QStringLiteral("; "))) {
    const bool ofMemory = part.startsWith(QStringLiteral("no %1 point").arg(memory_));
    if (part.startsWith(QLatin1String("no point")) || ofMemory) why = part;
  }
  empty_->setVisible(!there && !why.isEmpty());
  empty_->setText(why);
  empty_->setAlignment(Qt::AlignHCenter | Qt::AlignBottom);
  empty_->setContentsMargins(90, 0, 20, 56);
}

void RooflineView::chooseRanges() {
  double lowX = 1, highX = 1000, lowY = 1e12, highY = 1e12;
  for (const auto& mark : marks_) {
    lowX = std::min(lowX, mark.point.intensity / 2);
    highX = std::max(highX, mark.point.intensity * 4);
    lowY = std::min(lowY, mark.point.performance / 3);
    highY = std::max(highY, mark.point.performance * 2);
  }
  for (const auto& ceiling : loaded_->run->roofline.ceilings) {
    if (ceiling.bandwidth || ceiling.id == "mufu") continue;
    highY = std::max(highY, ceiling.value * 4.5);  // with room for its name above it
    lowY = std::min(lowY, ceiling.value / 30);
  }
  lowX_ = lowX;
  highX_ = highX;
  lowY_ = lowY;
  highY_ = highY;
}

void RooflineView::resetRanges() {
  plot_->xAxis->setRange(lowX_, highX_);
  plot_->yAxis->setRange(lowY_, highY_);
}

void RooflineView::addCeilings(const Theme& theme) {
  const auto& roofline = loaded_->run->roofline;
  const auto* bandwidth = roofline.ceiling(memory_.toStdString());
  double top = 0;
  for (const auto& ceiling : roofline.ceilings) {
    // Operations of the special function units are no FLOPs: they are in the table, not under this axis.
    if (ceiling.bandwidth || ceiling.id == "mufu" || !(ceiling.value > 0)) continue;
    top = std::max(top, ceiling.value);
    const double ridge = bandwidth && bandwidth->value > 0 ? ceiling.value / bandwidth->value : lowX_ / 100;
    addCeilingLine(ceiling, ridge, std::max(highX_, ridge) * 1e3, theme);
  }
  if (bandwidth && bandwidth->value > 0) {
    const double ridge = top > 0 ? top / bandwidth->value : highX_ * 100;
    addCeilingLine(*bandwidth, std::min(lowX_, ridge) / 1e3, ridge, theme);
  }
}

void RooflineView::addCeilingLine(const analysis::Ceiling& ceiling, double fromX, double toX,
                                  const Theme& theme) {
  const QColor colour = ceiling.bandwidth ? theme.bandwidth : theme.compute;
  auto* graph = plot_->addGraph();
  graph->setPen(ceiling.limit ? QPen(colour, 1.8) : QPen(colour, 1.3, Qt::DashLine));
  graph->setSelectable(QCP::stNone);
  const auto y = [&](double x) { return ceiling.bandwidth ? ceiling.value * x : ceiling.value; };
  graph->setData({fromX, toX}, {y(fromX), y(toX)}, true);

  auto* text = new QCPItemText(plot_);
  QString title = oneLine(ceiling.title, 40);
  const QString value = toText(analysis::ceiling_text(ceiling));
  const QString brief = title.section(QLatin1Char(','), 0, 0);
  const auto with = [&](const QString& name, const QString& rest) {
    return QStringLiteral("%1  %2").arg(name, rest);
  };
  // "mma.sync" of "Tensor FP16 by mma.sync".
  const QString kind = title.section(QStringLiteral(" by "), 1);
  QStringList texts{with(title, value), with(brief, value), brief};
  if (!ceiling.bandwidth && !kind.isEmpty()) texts << kind;
  if (ceiling.bandwidth) texts << value;  // the axis names the memory
  if (!ceiling.limit) texts.prepend(with(title, tr("%1, no limit").arg(value)));
  text->setText(texts.front());
  text->setColor(colour);
  text->position->setType(QCPItemPosition::ptAbsolute);
  text->setClipToAxisRect(true);
  QString tip = with(title, value) + QLatin1Char('\n') + oneLine(ceiling.source, 300);
  if (!ceiling.limit) {
    tip += ceiling.bandwidth
               ? tr("\nDashed: a definition, which nothing reaches.")
               : tr("\nDashed: no limit of the kernel, for another kind of instruction does more.");
  }
  ceilingLabels_.push_back({text, texts, fromX, y(fromX), ceiling.bandwidth, fromX, toX, tip});
}

void RooflineView::addMarks(const Theme& theme) {
  // One graph for all marks that look alike: hundreds of graphs would be slow to draw.
  std::map<std::tuple<bool, bool, bool>, QCPGraph*> graphs;
  for (const auto& mark : marks_) {
    const bool reference = mark.run->ladder && mark.run->ladder->reference;
    const bool chosen = isChosen(mark);
    QCPGraph*& graph = graphs[{chosen, mark.ofProblem, reference}];
    if (!graph) {
      QColor colour = reference ? theme.reference : theme.ladder;
      if (!mark.ofProblem) colour.setAlphaF(0.28F);
      graph = plot_->addGraph();
      graph->setLineStyle(QCPGraph::lsNone);
      graph->setSelectable(QCP::stNone);
      graph->setScatterStyle(
          QCPScatterStyle(reference ? QCPScatterStyle::ssDiamond : QCPScatterStyle::ssCircle,
                          QPen(chosen ? theme.selected : colour, chosen ? 3.0 : 1.5), QBrush(colour),
                          mark.ofProblem ? (chosen ? 13 : 10) : 7));
    }
    graph->addData(mark.point.intensity, mark.point.performance);
    if (mark.named) addName(mark, chosen, theme);
  }
}

void RooflineView::addName(const Mark& mark, bool chosen, const Theme& theme) {
  auto* text = new QCPItemText(plot_);
  text->setText(oneLine(mark.run->subject, 24));
  text->setColor(theme.text);
  QFont f = font();
  f.setBold(chosen);
  text->setFont(f);
  text->position->setType(QCPItemPosition::ptAbsolute);
  text->setClipToAxisRect(true);
  markLabels_.push_back(
      {text, {text->text()}, mark.point.intensity, mark.point.performance, false, 0, 0, {}});
}

void RooflineView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) rebuild();
}

}  // namespace flashcore::gui
