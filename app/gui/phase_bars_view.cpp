#include "app/gui/phase_bars_view.h"

#include <qcustomplot.h>

#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/durations.h"
#include "analysis/units.h"
#include "app/gui/models/run_text.h"
#include "app/gui/models/text.h"
#include "app/gui/plot_text.h"

namespace flashcore::gui {
namespace {

constexpr double kBarWidth = 0.62;
// More lines than this cannot be read beside one another.
constexpr std::size_t kMostBars = 24;

// As much of an analysis as base_of() and speedup() look at, so that there is one rule for both.
analysis::RunAnalysis comparable(const store::RunSummary& summary) {
  analysis::RunAnalysis run;
  run.run.id = summary.id;
  run.run.subject = {summary.kind, summary.subject, {}, summary.ladder, {}};
  run.run.problem = summary.problem;
  run.run.cache = summary.cache;
  run.run.answer = summary.answer;
  if (core::times_are_results(summary.answer) && summary.graph_p50_ns) {
    run.graph_ns.emplace().p50 = *summary.graph_p50_ns;
    run.time = analysis::HeadlineTime{*summary.graph_p50_ns, {}, false};
  }
  return run;
}

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

void PhaseBarsView::setRun(const LoadedRunPtr& run) {
  loaded_ = run;
  rebuild();
}

void PhaseBarsView::collectRuns() {
  runs_.clear();
  compared_.clear();
  if (!loaded_) return;
  const auto& peers = loaded_->peers;
  for (const auto& peer : peers) compared_.push_back(comparable(peer.summary));
  std::map<std::string, core::RowId> newest;
  for (const auto& peer : peers) {
    auto& id = newest[peer.summary.subject];
    id = std::max(id, peer.summary.id);
  }
  const bool all = peers.size() <= kMostBars;
  std::size_t room = kMostBars - 1;  // one is kept for the chosen run
  for (const auto& peer : peers) {
    const auto& run = peer.summary;
    const bool chosen = run.id == loaded_->summary.id;
    if (!all && !chosen && (newest[run.subject] != run.id || room == 0)) continue;
    if (!chosen) --room;
    runs_.push_back(&run);
  }
}

QString PhaseBarsView::nameText(const store::RunSummary& run) const {
  const auto same = [&](const auto* other) { return other->subject == run.subject; };
  const QString name = oneLine(run.subject, 20);
  return std::count_if(runs_.begin(), runs_.end(), same) > 1 ? QStringLiteral("%1 #%2").arg(name).arg(run.id)
                                                             : name;
}

QString PhaseBarsView::valueText(const store::RunSummary& run) const {
  if (const QString objection = answerObjection(run.answer); !objection.isEmpty()) {
    return tr("%1: no timing").arg(objection);
  }
  const auto time = shownTime(run);
  if (!time) return tr("no timing");
  const QString text = toText(analysis::format_duration_ns(time->ns, digits_));
  if (!run.graph_p50_ns) {
    // Where all are of one kind the axis says it.
    return sources_.size() < 2 ? text
                               : tr("%1   %2").arg(text, time->counted ? tr("reported") : tr("launches"));
  }
  const auto self = std::find_if(compared_.begin(), compared_.end(),
                                 [&](const auto& other) { return other.run.id == run.id; });
  if (self == compared_.end()) return text;
  const auto* base = analysis::base_of(*self, compared_);
  if (base == &*self) return text + tr("   base");
  const auto factor = base ? analysis::speedup(*self, *base) : std::nullopt;
  return factor ? text + QStringLiteral("   %1x").arg(*factor, 0, 'f', *factor < 10 ? 2 : 1) : text;
}

void PhaseBarsView::setTitle() {
  if (!loaded_) {
    title_->setText(tr("Time by subject"));
    return;
  }
  const auto& run = loaded_->summary;
  QString text = run.ladder ? tr("Time by phase") : tr("Time by kernel");
  if (run.problem) text += QStringLiteral(": ") + problemText(run.problem, run.cache);
  if (runs_.size() < loaded_->peers.size() || loaded_->peersLeftOut) {
    text += tr("  (%1 of %2%3)")
                .arg(runs_.size())
                .arg(loaded_->peers.size())
                .arg(loaded_->peersLeftOut ? QStringLiteral("+") : QString());
  }
  title_->setText(text);
}

void PhaseBarsView::rebuild() {
  const Theme theme = themeOf(palette());
  plot_->clearPlottables();
  plot_->clearItems();
  names_.clear();
  values_.clear();
  collectRuns();
  applyTheme(*plot_, theme);
  setTitle();
  title_->setToolTip(tr(
      "Graph p50: the median over replays of a graph of many launches, so that launch "
      "overhead is out. Speed-ups are against the lowest rung of the ladder, from caches in the same state.\n"
      "Of many runs: the newest of each subject, and the chosen one."));
  double longest = 0;
  std::vector<double> times;
  sources_.clear();
  for (const auto* run : runs_) {
    const auto time = shownTime(*run);
    if (!time) continue;
    longest = std::max(longest, time->ns);
    times.push_back(time->ns);
    if (!sources_.contains(time->source)) sources_ << time->source;
  }
  digits_ = analysis::digits_that_tell_apart(times);
  const bool milli = longest >= 1e6;
  axisUnit_ = milli ? tr("ms") : tr("µs");
  const double scale = milli ? 1e-6 : 1e-3;
  ticker_ = QSharedPointer<QCPAxisTickerText>::create();
  for (std::size_t row = 0; row < runs_.size(); ++row) {
    const QString name = nameText(*runs_[row]);
    names_ << name;
    values_ << valueText(*runs_[row]);
    addBar(row, scale);
  }
  plot_->yAxis->setTicker(ticker_);
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
  plot_->replot();
}

// Names as long as the plot has room for, its bars before them; the number behind a name stays. The width of
// the widest.
double PhaseBarsView::fitNames() {
  if (!ticker_) return 0;
  const QFontMetricsF metrics(plot_->yAxis->tickLabelFont());
  const double most = std::max(60.0, plot_->viewport().width() * 0.42);
  QMap<double, QString> ticks;
  double widest = 0;
  for (qsizetype row = 0; row < names_.size(); ++row) {
    const qsizetype hash = names_[row].lastIndexOf(QLatin1String(" #"));
    const QString number = hash < 0 ? QString() : names_[row].mid(hash);
    const QString name = hash < 0 ? names_[row] : names_[row].left(hash);
    const double room = most - metrics.horizontalAdvance(number);
    ticks[static_cast<double>(row)] = metrics.elidedText(name, Qt::ElideRight, room) + number;
    widest = std::max(widest, metrics.horizontalAdvance(ticks[static_cast<double>(row)]));
  }
  ticker_->setTicks(ticks);
  return widest;
}

// Room at the right for the text of the longest bar, at whatever width the plot has.
void PhaseBarsView::fitRange() {
  QFont bold = font();
  bold.setBold(true);
  const QFontMetricsF metrics(bold);
  // The layout comes after this: the width is told from the names that will stand at the left.
  const double left = fitNames() + 12;
  const double width = std::max(plot_->viewport().width() - left - plot_->axisRect()->margins().right(), 1.0);
  double range = longest_;
  for (std::size_t row = 0; row < runs_.size(); ++row) {
    const double text = metrics.horizontalAdvance(values_[static_cast<qsizetype>(row)]) + 14;
    // Never so much that a bar is squeezed to nothing.
    const double room = std::max(width - text, width * 0.2);
    const auto time = shownTime(*runs_[row]);
    if (time && room > 0) range = std::max(range, time->ns * scale_ * width / room);
  }
  plot_->xAxis->setRange(0, range > 0 ? range : 1);
  plot_->xAxis->ticker()->setTickCount(width < 150 ? 2 : 5);
  const QString label =
      QStringLiteral("%1, %2").arg(sources_.size() == 1 ? sources_.front() : tr("time"), axisUnit_);
  const QFontMetricsF axisMetrics(plot_->xAxis->labelFont());
  plot_->xAxis->setLabel(axisMetrics.horizontalAdvance(label) < width + 10 ? label : axisUnit_);
}

void PhaseBarsView::addBar(std::size_t row, double scale) {
  const Theme theme = themeOf(palette());
  const auto& run = *runs_[row];
  const bool chosen = run.id == loaded_->summary.id;
  const auto time = shownTime(run);
  const double value = time ? time->ns * scale : 0;
  if (time) {
    auto* bar = new QCPBars(plot_->yAxis, plot_->xAxis);
    bar->setWidth(kBarWidth);
    const QColor colour = run.ladder && run.ladder->reference ? theme.reference : theme.ladder;
    // A time that another tool reported is no measurement of this one: outlined, not filled.
    QColor fill = colour;
    if (time->counted) fill.setAlphaF(0.35F);
    bar->setBrush(fill);
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
  text->setColor(time ? theme.text : answerColour(run.answer, theme));
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
  Q_EMIT runClicked(runs_[static_cast<std::size_t>(index)]->id);
}

void PhaseBarsView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) rebuild();
}

}  // namespace flashcore::gui
