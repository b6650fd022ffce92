#include "app/gui/session_view.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/models/run_sheets.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/gui/phase_bars_view.h"
#include "app/gui/roofline_view.h"

namespace flashcore::gui {
namespace {

QLabel* plainLabel(const char* name, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1String(name));
  label->setTextFormat(Qt::PlainText);
  return label;
}

QString factsOf(const core::RunRecord& run) {
  const auto& p = run.problem;
  const bool live = run.origin == core::Origin::kLive;  // a recording's badge tells where and when
  QString text = QObject::tr("run %1   B %2, H %3, Sq %4, Sk %5, D %6, %7%8")
                     .arg(run.id)
                     .arg(p.batch)
                     .arg(p.heads)
                     .arg(p.seq_q)
                     .arg(p.seq_k)
                     .arg(p.head_dim)
                     .arg(oneLine(p.dtype, 12), p.causal ? QObject::tr(", causal") : QString());
  if (!live) return text;
  text = oneLine(run.device.name, 60) + QStringLiteral("   ") + text +
         QObject::tr("   %1 UTC").arg(shortTime(run.taken_at));
  return text + QStringLiteral("   ") + shortCommit(run.environment.git_sha) +
         (run.environment.kernels_dirty ? QObject::tr(" + changes") : QString());
}

// What a session opens with: the fastest rung of the ladder on the problem that the program's default
// names, else on the first problem.
core::RowId firstShown(const std::vector<analysis::RunAnalysis>& runs) {
  const auto isMission = [](const auto& run) { return core::problem_label(run.run.problem) == "mission"; };
  const auto mission = std::find_if(runs.begin(), runs.end(), isMission);
  const analysis::RunAnalysis& first = mission == runs.end() ? runs.front() : *mission;
  const analysis::RunAnalysis* best = nullptr;
  for (const auto& run : runs) {
    if (run.run.problem != first.run.problem || run.run.phase.reference || !run.graph_ns) continue;
    if (!run.run.correct()) continue;
    if (!best || run.graph_ns->p50 < best->graph_ns->p50) best = &run;
  }
  return best ? best->run.id : first.run.id;
}

}  // namespace

SessionView::SessionView(QWidget* parent)
    : QWidget(parent),
      title_(plainLabel("runTitle", this)),
      answer_(plainLabel("runAnswer", this)),
      recording_(plainLabel("recordingBadge", this)),
      facts_(plainLabel("runFacts", this)),
      roofline_(new RooflineView(this)),
      bars_(new PhaseBarsView(this)),
      plots_(new QSplitter(Qt::Horizontal, this)),
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
  metrics_ = addSheet(tr("Metrics"), "metricsTable");
  timing_ = addSheet(tr("Timing and answer"), "timingTable");
  resources_ = addSheet(tr("Resources"), "resourcesTable");
  environment_ = addSheet(tr("Environment"), "environmentTable");
  messages_ = addSheet(tr("Messages"), "messagesTable");
  halves_->addWidget(plots_);
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
  layout->addWidget(halves_, 1);
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
  // A long name is cut by the layout instead of widening the window.
  title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  facts_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  facts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* first = new QHBoxLayout;
  first->setSpacing(10);
  first->addWidget(title_, 1);
  first->addWidget(answer_);
  auto* layout = new QVBoxLayout(head);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(3);
  layout->addLayout(first);
  auto* second = new QHBoxLayout;
  second->setSpacing(10);
  second->addWidget(recording_);
  second->addWidget(facts_, 1);
  layout->addLayout(second);
  return head;
}

SheetModel* SessionView::addSheet(const QString& title, const char* name) {
  auto* model = new SheetModel(this);
  auto* table = new QTreeView(this);
  table->setObjectName(QLatin1String(name));
  table->setAccessibleName(title);
  table->setModel(model);
  table->setAlternatingRowColors(true);
  table->setUniformRowHeights(true);
  table->setIndentation(14);
  table->setFrameShape(QFrame::NoFrame);
  table->header()->setStretchLastSection(true);
  table->setColumnWidth(SheetModel::NameColumn, 300);
  table->setColumnWidth(SheetModel::ValueColumn, 180);
  connect(model, &QAbstractItemModel::modelReset, table, [model, table] {
    table->expandAll();
    for (int row = 0; row < model->rowCount(); ++row) table->setFirstColumnSpanned(row, {}, true);
  });
  tabs_->addTab(table, title);
  return model;
}

void SessionView::setSession(const LoadedSessionPtr& session, core::RowId run) {
  session_ = session;
  current_ = 0;
  roofline_->setSession(session);
  bars_->setSession(session);
  if (!session || session->runs.empty()) return;
  const auto& runs = session->runs;
  const bool known = std::any_of(runs.begin(), runs.end(), [&](const auto& r) { return r.run.id == run; });
  setCurrentRun(known ? run : firstShown(runs));
}

void SessionView::setCurrentRun(core::RowId run) {
  if (run == current_) return;
  current_ = run;
  roofline_->setCurrentRun(run);
  bars_->setCurrentRun(run);
  showRun();
}

void SessionView::showRun() {
  if (!session_) return;
  for (const auto& run : session_->runs) {
    if (run.run.id != current_) continue;
    showHead(run);
    metrics_->setSheet(metricSheet(run, *session_->catalogue));
    timing_->setSheet(timingSheet(run));
    resources_->setSheet(resourceSheet(run));
    environment_->setSheet(environmentSheet(run));
    messages_->setSheet(messageSheet(run));
    const auto count = run.run.diagnostics.size();
    tabs_->setTabText(4, count == 0 ? tr("Messages") : tr("Messages (%1)").arg(count));
    return;
  }
}

void SessionView::showHead(const analysis::RunAnalysis& run) {
  const auto& record = run.run;
  const QString title =
      tr("%1 on %2").arg(oneLine(record.phase.id, 60), oneLine(core::problem_label(record.problem), 60));
  title_->setText(title);
  title_->setToolTip(plainToolTip(oneLine(record.phase.title, 300)));
  facts_->setText(factsOf(record));
  facts_->setToolTip(plainToolTip(facts_->text()));
  const Theme theme = themeOf(palette());
  const bool checked = !record.correctness.empty();
  const bool right = checked && record.correct();
  answer_->setText(right     ? tr("answer right")
                   : checked ? tr("WRONG ANSWER: no timing shown")
                             : tr("answer unchecked"));
  const QColor colour = right ? theme.good : checked ? theme.bad : theme.warning;
  answer_->setStyleSheet(QStringLiteral("color: %1; font-weight: bold;").arg(colour.name()));
  recording_->setVisible(record.origin == core::Origin::kRecording);
  recording_->setText(tr("RECORDING  %1, %2, %3")
                          .arg(oneLine(record.device.name, 40), oneLine(record.taken_at.substr(0, 10), 10),
                               shortCommit(record.environment.git_sha)));
  recording_->setToolTip(plainToolTip(tr("Not measured here: a recording of %1, taken %2 UTC at commit %3.")
                                          .arg(oneLine(record.device.name), shortTime(record.taken_at),
                                               oneLine(record.environment.git_sha))));
}

void SessionView::restyle() {
  const Theme theme = themeOf(palette());
  recording_->setStyleSheet(QStringLiteral("background: %1; color: %2; font-weight: bold; padding: 2px 8px; "
                                           "border-radius: 4px;")
                                .arg(theme.recording.name(), theme.recordingText.name()));
  facts_->setStyleSheet(QStringLiteral("color: %1;").arg(theme.muted.name()));
  showRun();
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
