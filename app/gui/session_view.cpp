#include "app/gui/session_view.h"

#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "analysis/describe.h"
#include "analysis/units.h"
#include "app/gui/elided_label.h"
#include "app/gui/kernel_shares_bar.h"
#include "app/gui/memory_chart_view.h"
#include "app/gui/models/headline_text.h"
#include "app/gui/models/run_text.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/gui/phase_bars_view.h"
#include "app/gui/roofline_view.h"
#include "app/gui/speed_strip_view.h"

namespace flashcore::gui {
namespace {

constexpr std::string_view kFirstLookedAt = "metrics";
constexpr std::string_view kMessagesSheet = "messages";

QLabel* plainLabel(const char* name, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1String(name));
  label->setTextFormat(Qt::PlainText);
  return label;
}

QLabel* elidedLabel(const char* name, QWidget* parent) {
  auto* label = new ElidedLabel(parent);
  label->setObjectName(QLatin1String(name));
  return label;
}

QString factsOf(const LoadedRun& loaded) {
  const core::RunRecord& run = loaded.run->run;
  QStringList facts;
  // A badge tells device and time where there is one.
  const bool live = run.origin == core::Origin::kLive;
  if (live) facts << deviceText(loaded.summary.device);
  if (const QString caches = cacheText(run.cache); !caches.isEmpty()) facts << caches;
  facts << QObject::tr("run %1").arg(run.id);
  if (run.problem) {
    facts << oneLine(analysis::axes_text(*run.problem), 200);
  } else {
    facts << QObject::tr("no problem is named");
  }
  if (live) {
    facts << QObject::tr("%1 UTC").arg(shortTime(run.taken_at));
    facts << shortCommit(run.environment.git_sha) +
                 (run.environment.kernels_dirty ? QObject::tr(" + changes") : QString());
  }
  return facts.join(QStringLiteral("   "));
}

bool sameTables(const LoadedRunPtr& a, const LoadedRunPtr& b) {
  if (!a || !b) return false;
  if (a->run == b->run) return true;
  const auto& x = a->summary;
  const auto& y = b->summary;
  return x.id == y.id && x.measurement_count == y.measurement_count && x.counter_count == y.counter_count &&
         x.diagnostic_count == y.diagnostic_count && x.answer == y.answer && a->session.id == b->session.id;
}

}  // namespace

SessionView::SessionView(QWidget* parent)
    : QWidget(parent),
      title_(elidedLabel("runTitle", this)),
      time_(plainLabel("runTime", this)),
      answer_(plainLabel("runAnswer", this)),
      badge_(plainLabel("originBadge", this)),
      facts_(elidedLabel("runFacts", this)),
      verdict_(elidedLabel("runVerdict", this)),
      limit_(elidedLabel("runLimit", this)),
      floor_(plainLabel("runFloor", this)),
      kernels_(new KernelSharesBar(this)),
      strip_(new SpeedStripView(this)),
      roofline_(new RooflineView(this)),
      bars_(new PhaseBarsView(this)),
      chart_(new MemoryChartView(this)),
      plots_(new QSplitter(Qt::Horizontal, this)),
      views_(new QTabWidget(this)),
      halves_(new QSplitter(Qt::Vertical, this)),
      tabs_(new QTabWidget(this)) {
  plots_->addWidget(roofline_);
  plots_->addWidget(bars_);
  plots_->setStretchFactor(0, 3);
  plots_->setStretchFactor(1, 2);
  plots_->setSizes({540, 360});
  plots_->setHandleWidth(10);
  plots_->setChildrenCollapsible(false);
  tabs_->setObjectName(QStringLiteral("tables"));
  tabs_->setDocumentMode(true);
  connect(tabs_, &QTabWidget::currentChanged, this, &SessionView::fillTable);
  views_->setObjectName(QStringLiteral("views"));
  views_->setDocumentMode(true);
  views_->addTab(plots_, tr("Roofline and times"));
  views_->addTab(chart_, tr("Memory chart"));
  halves_->addWidget(views_);
  halves_->addWidget(tabs_);
  halves_->setStretchFactor(0, 3);
  halves_->setStretchFactor(1, 2);
  halves_->setSizes({420, 300});
  halves_->setHandleWidth(8);
  halves_->setChildrenCollapsible(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(12, 8, 12, 8);
  layout->setSpacing(8);
  layout->addWidget(makeHead());
  layout->addWidget(strip_);
  layout->addWidget(halves_, 1);
  connect(strip_, &SpeedStripView::activated, this, &SessionView::toggleChart);
  connect(roofline_, &RooflineView::runClicked, this, &SessionView::runChosen);
  connect(bars_, &PhaseBarsView::runClicked, this, &SessionView::runChosen);
  restyle();
}

QWidget* SessionView::makeHead() {
  auto* head = new QWidget(this);
  QFont font = title_->font();
  font.setBold(true);
  font.setPointSizeF(font.pointSizeF() * 1.25);
  title_->setFont(font);
  time_->setFont(font);
  facts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* first = new QHBoxLayout;
  first->setSpacing(16);
  first->addWidget(title_, 1);
  first->addWidget(time_);
  first->addWidget(answer_);
  auto* layout = new QVBoxLayout(head);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(3);
  layout->addLayout(first);
  verdict_->hide();
  layout->addWidget(verdict_);
  auto* limits = new QHBoxLayout;
  limits->setSpacing(16);
  limits->addWidget(limit_, 1);
  limits->addWidget(kernels_);
  limits->addWidget(floor_);
  layout->addLayout(limits);
  auto* second = new QHBoxLayout;
  second->setSpacing(10);
  second->addWidget(badge_);
  second->addWidget(facts_, 1);
  layout->addLayout(second);
  return head;
}

void SessionView::addTable(const analysis::Sheet& sheet) {
  auto* model = new SheetModel(this);
  auto* view = new QTreeView(this);
  const QString title = oneLine(sheet.title, 60);
  view->setObjectName(oneLine(sheet.id, 60) + QStringLiteral("Table"));
  view->setAccessibleName(title);
  view->setModel(model);
  view->setAlternatingRowColors(true);
  view->setUniformRowHeights(true);
  view->setIndentation(14);
  view->setFrameShape(QFrame::NoFrame);
  view->header()->setStretchLastSection(true);
  view->setColumnWidth(SheetModel::NameColumn, 300);
  view->setColumnWidth(SheetModel::ValueColumn, 180);
  connect(model, &QAbstractItemModel::modelReset, view, [model, view] {
    view->expandAll();
    for (int row = 0; row < model->rowCount(); ++row) view->setFirstColumnSpanned(row, {}, true);
  });
  tables_.push_back({sheet.id, view, model});
  tabs_->addTab(view, title);
}

const SheetModel* SessionView::table(std::string_view sheet) const {
  const auto found =
      std::find_if(tables_.begin(), tables_.end(), [&](const Table& table) { return table.sheet == sheet; });
  return found == tables_.end() ? nullptr : found->model;
}

void SessionView::setRun(const LoadedRunPtr& run) {
  const bool same = sameTables(loaded_, run);
  loaded_ = run;
  roofline_->setRun(run);
  bars_->setRun(run);
  if (!run || same) return;
  showHead();
  strip_->setSpeed(run->run->speed_of_light);
  chart_->setRun(run->run);
  showTables();
}

void SessionView::toggleChart() {
  views_->setCurrentWidget(views_->currentWidget() == chart_ ? static_cast<QWidget*>(plots_) : chart_);
}

void SessionView::showRoofline(const QString& memory) {
  views_->setCurrentWidget(plots_);
  roofline_->setMemory(memory);
}

void SessionView::showTables() {
  const auto& sheets = *loaded_->sheets;
  for (const auto& sheet : sheets) {
    if (table(sheet.id)) continue;
    addTable(sheet);
    if (sheet.id == kFirstLookedAt) tabs_->setCurrentIndex(tabs_->count() - 1);
  }
  for (std::size_t tab = 0; tab < tables_.size(); ++tab) {
    tables_[tab].stale = true;
    const auto* sheet = analysis::find_sheet(sheets, tables_[tab].sheet);
    tabs_->setTabVisible(static_cast<int>(tab), sheet != nullptr);
    if (!sheet) continue;
    QString title = oneLine(sheet->title, 60);
    if (const auto count = core::all_diagnostics(loaded_->run->run).size();
        sheet->id == kMessagesSheet && count > 0) {
      title += QStringLiteral(" (%1)").arg(count);
    }
    tabs_->setTabText(static_cast<int>(tab), title);
  }
  fillTable(tabs_->currentIndex());
}

// Only the table that is looked at: filling and opening all of them costs more than everything else.
void SessionView::fillTable(int tab) {
  if (!loaded_ || tab < 0 || tab >= static_cast<int>(tables_.size())) return;
  Table& table = tables_[static_cast<std::size_t>(tab)];
  const auto* sheet = analysis::find_sheet(*loaded_->sheets, table.sheet);
  if (!table.stale || !sheet) return;
  table.stale = false;
  table.model->setSheet(*sheet);
}

void SessionView::showHead() {
  if (!loaded_) return;
  const auto& run = *loaded_->run;
  title_->setText(oneLine(analysis::run_label(run.run), 160));
  title_->setToolTip(plainToolTip(run.run.subject.title.empty() ? oneLine(run.run.subject.name, 2000)
                                                                : title_->text() + QLatin1Char('\n') +
                                                                      oneLine(run.run.subject.title, 300)));
  facts_->setText(factsOf(*loaded_));
  facts_->setToolTip(plainToolTip(facts_->text()));
  time_->setVisible(run.time.has_value());
  if (run.time) {
    time_->setText(toText(analysis::format_duration_ns(run.time->ns)));
    time_->setToolTip(plainToolTip(oneLine(run.time->source, 200)));
  }
  const Theme theme = themeOf(palette());
  answer_->setText(answerText(run.run.answer));
  answer_->setStyleSheet(
      QStringLiteral("color: %1; font-weight: bold;").arg(answerColour(run.run.answer, theme).name()));
  answer_->setToolTip(plainToolTip(oneLine(analysis::answer_sentence(run.run), 400)));
  showLimit();
  showBadge();
}

// What the time is worth: against the limit of the problem, and against the floor of the machine.
void SessionView::showLimit() {
  const auto& run = *loaded_->run;
  const QString limit = limitText(run.limit);
  limit_->setText(limit.isEmpty() ? oneLine(run.limit.missing, 200) : limit);
  limit_->setToolTip(plainToolTip(limit + QLatin1Char('\n') + limitTip(run.limit)));
  const Theme theme = themeOf(palette());
  limit_->setStyleSheet(run.limit.share ? QStringLiteral("font-weight: bold;")
                                        : QStringLiteral("color: %1;").arg(theme.muted.name()));
  floor_->setText(floorText(run));
  floor_->setVisible(!floor_->text().isEmpty());
  floor_->setStyleSheet(QStringLiteral("color: %1;").arg(theme.warning.name()));
  floor_->setToolTip(plainToolTip(
      tr("The floor of this machine: an empty kernel in the place of this one, timed the same way. It is in "
         "the time above and not taken off it.")));
  kernels_->setKernels(run.kernels);
}

void SessionView::setVerdict(const QString& text, const QColor& colour) {
  verdict_->setVisible(!text.isEmpty());
  verdict_->setText(text);
  verdict_->setToolTip(plainToolTip(text));
  verdict_->setStyleSheet(QStringLiteral("color: %1; font-weight: bold;").arg(colour.name()));
}

void SessionView::showBadge() {
  const core::RunRecord& run = loaded_->run->run;
  const QString badge = originBadge(run.origin);
  badge_->setVisible(!badge.isEmpty());
  if (badge.isEmpty()) return;
  const QString device = deviceText(loaded_->summary.device);
  badge_->setToolTip(plainToolTip(
      tr("Not measured here: %1\nFrom %2")
          .arg(oneLine(analysis::origin_sentence(run), 400), oneLine(loaded_->session.source, 300))));
  if (run.origin == core::Origin::kImport) {
    const QString source = oneLine(QFileInfo(toText(loaded_->session.source)).fileName(), 60);
    badge_->setText(QStringList{badge, source, device}.join(QStringLiteral("  ")));
    return;
  }
  badge_->setText(
      tr("%1  %2, %3, %4")
          .arg(badge, device, oneLine(run.taken_at.substr(0, 10), 10), shortCommit(run.environment.git_sha)));
}

void SessionView::restyle() {
  const Theme theme = themeOf(palette());
  badge_->setStyleSheet(QStringLiteral("background: %1; color: %2; font-weight: bold; padding: 2px 8px; "
                                       "border-radius: 4px;")
                            .arg(theme.recording.name(), theme.recordingText.name()));
  facts_->setStyleSheet(QStringLiteral("color: %1;").arg(theme.muted.name()));
  showHead();
}

QByteArray SessionView::saveState() const {
  return halves_->saveState();
}

void SessionView::restoreState(const QByteArray& state) {
  if (!state.isEmpty()) halves_->restoreState(state);
}

void SessionView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) restyle();
}

}  // namespace flashcore::gui
