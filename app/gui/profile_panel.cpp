#include "app/gui/profile_panel.h"

#include <QDir>
#include <QEvent>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/session/phases.h"
#include "core/attention.h"
#include "core/problem.h"

namespace flashcore::gui {
namespace {

QLabel* wrappedLabel(const char* name, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1String(name));
  label->setTextFormat(Qt::PlainText);
  label->setWordWrap(true);
  return label;
}

void addTick(QListWidget* list, const QString& id, const QString& text, const QString& toolTip, bool ticked) {
  auto* item = new QListWidgetItem(text, list);
  item->setData(Qt::UserRole, id);
  item->setToolTip(plainToolTip(toolTip));
  item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemIsSelectable);
  item->setCheckState(ticked ? Qt::Checked : Qt::Unchecked);
}

std::vector<std::string> ticked(const QListWidget* list) {
  std::vector<std::string> ids;
  for (int row = 0; row < list->count(); ++row) {
    const auto* item = list->item(row);
    if (item->checkState() == Qt::Checked) ids.push_back(item->data(Qt::UserRole).toString().toStdString());
  }
  return ids;
}

// As tall as its rows, up to a limit.
void fitRows(QListWidget* list, int limit) {
  const int rows = std::clamp(list->count(), 1, limit);
  list->setFixedHeight(rows * list->sizeHintForRow(0) + 2 * list->frameWidth() + 2);
}

}  // namespace

ProfilePanel::ProfilePanel(QWidget* parent)
    : QWidget(parent),
      phases_(new QListWidget(this)),
      shapes_(new QListWidget(this)),
      otherProblem_(new QLineEdit(this)),
      causal_(new QCheckBox(tr("Causal mask"), this)),
      cache_(new QComboBox(this)),
      set_(new QComboBox(this)),
      seed_(new QLineEdit(QStringLiteral("0"), this)),
      strict_(new QCheckBox(tr("Stop where counters are refused"), this)),
      reason_(wrappedLabel("profileReason", this)),
      run_(new QPushButton(tr("Run"), this)),
      replay_(new QPushButton(tr("Replay the shipped recording"), this)),
      recording_(wrappedLabel("recordingNote", this)),
      progress_(new QProgressBar(this)),
      step_(wrappedLabel("profileStep", this)),
      cancel_(new QPushButton(tr("Cancel"), this)),
      target_(wrappedLabel("profileTarget", this)) {
  auto* content = new QWidget(this);
  auto* inner = new QVBoxLayout(content);
  inner->setContentsMargins(10, 8, 10, 8);
  inner->setSpacing(10);
  inner->addWidget(makeChoices());
  inner->addWidget(makeActions());
  inner->addStretch();
  auto* scroll = new QScrollArea(this);
  scroll->setWidget(content);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(scroll);
  setMinimumWidth(250);
  for (auto* list : {phases_, shapes_}) {
    connect(list, &QListWidget::itemChanged, this, &ProfilePanel::refresh);
  }
  connect(otherProblem_, &QLineEdit::textChanged, this, &ProfilePanel::refresh);
  connect(seed_, &QLineEdit::textChanged, this, &ProfilePanel::refresh);
  connect(run_, &QPushButton::clicked, this, &ProfilePanel::runRequested);
  connect(replay_, &QPushButton::clicked, this, &ProfilePanel::replayRequested);
  connect(cancel_, &QPushButton::clicked, this, [this] {
    cancel_->setEnabled(false);
    step_->setText(tr("Stopping after the step at hand; finished runs are kept."));
    Q_EMIT cancelRequested();
  });
  refresh();
}

void ProfilePanel::fillLists() {
  phases_->setObjectName(QStringLiteral("phaseTicks"));
  phases_->setAccessibleName(tr("Phases"));
  for (const auto& phase : session::list_phases()) {
    const QString id = oneLine(phase.id, 60);
    addTick(phases_, id, phase.reference ? tr("%1  (reference)").arg(id) : id,
            oneLine(phase.title, 200) + QLatin1Char('\n') + oneLine(phase.idea, 400) +
                tr("\nServes: %1").arg(oneLine(phase.problems, 300)),
            true);
  }
  shapes_->setObjectName(QStringLiteral("shapeTicks"));
  shapes_->setAccessibleName(tr("Problems"));
  for (const auto& shape : core::named_shapes()) {
    const QString name = oneLine(shape.name, 40);
    addTick(shapes_, name,
            tr("%1  (%2,%3,%4,%5)")
                .arg(name)
                .arg(shape.batch)
                .arg(shape.heads)
                .arg(shape.seq)
                .arg(shape.head_dim),
            oneLine(shape.purpose, 300), shape.name == "mission");
  }
  fitRows(phases_, 8);
  fitRows(shapes_, 8);
  otherProblem_->setObjectName(QStringLiteral("otherProblem"));
  otherProblem_->setPlaceholderText(tr("another: 1,8,512,64,hkv=2,bf16"));
  otherProblem_->setToolTip(plainToolTip(
      tr("A named problem or B,H,S,D or B,H,Sq,Sk,D, with further axes after it, or all axes by name:\n"
         "mission,causal\n1,8,128,512,64\nb=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal")));
  otherProblem_->setClearButtonEnabled(true);
  otherProblem_->setMaxLength(200);
  causal_->setObjectName(QStringLiteral("causal"));
  causal_->setToolTip(tr("Query i sees only the keys up to its own place, aligned bottom right."));
}

QWidget* ProfilePanel::makeCollectors() {
  auto* box = new QWidget(this);
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(3);
  for (const auto& info : session::list_collectors()) {
    if (info.always) continue;
    auto* tick = new QCheckBox(oneLine(info.title, 60), box);
    tick->setObjectName(QStringLiteral("collect.") + oneLine(info.id, 40));
    QString tip = oneLine(info.takes, 400);
    if (!info.needs.empty()) tip += tr("\nNeeds: %1").arg(oneLine(info.needs, 300));
    if (!info.falls_to.empty()) tip += tr("\nWhere it is refused: %1").arg(oneLine(info.falls_to, 40));
    tick->setToolTip(plainToolTip(tip));
    tick->setChecked(info.by_default);
    connect(tick, &QCheckBox::toggled, this, &ProfilePanel::refresh);
    layout->addWidget(tick);
    collectors_.push_back({info, tick});
  }
  cache_->setObjectName(QStringLiteral("cacheState"));
  for (const auto& [state, name] : core::kNames<core::CacheState>) {
    cache_->addItem(oneLine(name, 20), oneLine(name, 20));
  }
  cache_->setToolTip(
      plainToolTip(tr("warm: a launch finds in the caches what the one before left there.\n"
                      "cold: more than L2 is read before each launch that is timed or counted.\n"
                      "Runs of different states are never compared.")));
  set_->setObjectName(QStringLiteral("counterSet"));
  for (const char* name : {"quick", "standard", "full"})
    set_->addItem(QLatin1String(name), QLatin1String(name));
  set_->setCurrentIndex(1);
  set_->setToolTip(tr("How many counters: more of them need more passes of the kernel."));
  seed_->setObjectName(QStringLiteral("seed"));
  seed_->setMaxLength(20);
  seed_->setToolTip(tr("Of the inputs that are timed; answers are checked on these and on peaked ones."));
  strict_->setObjectName(QStringLiteral("strict"));
  strict_->setToolTip(tr("Otherwise a run whose counters are refused keeps its timing and says why."));
  auto* form = new QFormLayout;
  form->setContentsMargins(0, 4, 0, 0);
  form->addRow(tr("Caches"), cache_);
  form->addRow(tr("Counter set"), set_);
  form->addRow(tr("Seed"), seed_);
  layout->addLayout(form);
  layout->addWidget(strict_);
  return box;
}

QWidget* ProfilePanel::makeChoices() {
  auto* box = new QWidget(this);
  fillLists();
  const auto heading = [this](const QString& text) {
    auto* label = new QLabel(text, this);
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
    return label;
  };
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(5);
  layout->addWidget(heading(tr("Phases")));
  layout->addWidget(phases_);
  layout->addSpacing(4);
  layout->addWidget(heading(tr("Problems")));
  layout->addWidget(shapes_);
  layout->addWidget(otherProblem_);
  layout->addWidget(causal_);
  layout->addSpacing(4);
  layout->addWidget(heading(tr("Collect")));
  layout->addWidget(makeCollectors());
  return box;
}

QWidget* ProfilePanel::makeActions() {
  auto* box = new QWidget(this);
  run_->setObjectName(QStringLiteral("runButton"));
  run_->setDefault(true);
  replay_->setObjectName(QStringLiteral("replayButton"));
  cancel_->setObjectName(QStringLiteral("cancelButton"));
  progress_->setObjectName(QStringLiteral("progress"));
  progress_->setTextVisible(true);
  auto* going = new QHBoxLayout;
  going->addWidget(progress_, 1);
  going->addWidget(cancel_);
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(6);
  layout->addWidget(reason_);
  layout->addWidget(run_);
  layout->addLayout(going);
  layout->addWidget(step_);
  layout->addWidget(replay_);
  layout->addWidget(recording_);
  layout->addWidget(target_);
  return box;
}

void ProfilePanel::setMachine(const MachineState& state) {
  machine_ = state;
  machineKnown_ = true;
  refresh();
}

void ProfilePanel::setTarget(const QString& database, bool recordingIsOpen) {
  // The name is enough to read; the folder is a look away.
  const QString name = oneLine(QFileInfo(database).fileName(), 80);
  target_->setText(recordingIsOpen ? tr("A recording is open; results go to %1").arg(name)
                                   : tr("Results go to %1").arg(name));
  target_->setToolTip(plainToolTip(QDir::toNativeSeparators(database)));
}

core::Result<std::vector<core::Problem>> ProfilePanel::problems() const {
  std::vector<std::string> texts = ticked(shapes_);
  if (const QString other = otherProblem_->text().trimmed(); !other.isEmpty()) {
    texts.push_back(other.toStdString());
  }
  std::vector<core::Problem> problems;
  for (const std::string& text : texts) {
    auto problem = core::parse_problem(text);
    if (!problem) return core::fail(problem.error());
    // The tick is of attention's mask; another workload has none.
    if (auto attention = core::attention_of(*problem); attention && causal_->isChecked()) {
      attention->causal = true;
      problem = core::to_problem(*attention);
    }
    problems.push_back(std::move(*problem));
  }
  return problems;
}

core::CacheState ProfilePanel::cache() const {
  return core::named<core::CacheState>(cache_->currentData().toString().toStdString())
      .value_or(core::CacheState::kWarm);
}

void ProfilePanel::setCache(core::CacheState cache) {
  cache_->setCurrentIndex(cache_->findData(oneLine(core::name_of(cache), 20)));
}

session::WorkerRequest ProfilePanel::request() const {
  session::WorkerRequest request;
  session::ProfileRequest& profile = request.profile;
  profile.phases = ticked(phases_);
  if (auto chosen = problems()) profile.problems = std::move(*chosen);
  for (const auto& [info, box] : collectors_) {
    if (box->isChecked()) profile.collectors.push_back(info.id);
  }
  if (const auto set = analysis::parse_counter_set(set_->currentData().toString().toStdString())) {
    profile.set = *set;
  }
  bool whole = false;
  const qulonglong seed = seed_->text().trimmed().toULongLong(&whole);
  if (whole) profile.seed = seed;
  profile.cache = cache();
  profile.strict = strict_->isChecked();
  profile.command = "flashcore (desktop)";
  return request;
}

void ProfilePanel::setRunning(bool running) {
  running_ = running;
  if (running) {
    cancel_->setEnabled(true);
    progress_->setRange(0, 0);  // busy until the first event says how much there is
    step_->setText(tr("Starting the helper process"));
  }
  refresh();
}

void ProfilePanel::showProgress(const session::ProfileEvent& event) {
  using Kind = session::ProfileEvent::Kind;
  if (event.run_count > 0) {
    progress_->setRange(0, 1000);
    progress_->setValue(std::max(progress_->value(), static_cast<int>(event.fraction * 1000)));
    progress_->setFormat(
        tr("run %1 of %2").arg(std::min(event.run_index + 1, event.run_count)).arg(event.run_count));
  }
  if (!cancel_->isEnabled()) return;  // stopping: that line stays
  QString text = oneLine(event.subject, 60);
  if (!event.problem.empty()) text = tr("%1 on %2").arg(text, oneLine(event.problem, 80));
  if (event.kind == Kind::kStep) text += QStringLiteral(": ") + oneLine(event.step, 60);
  if (event.kind == Kind::kStep && event.total > 0) text += tr(" %1 of %2").arg(event.done).arg(event.total);
  if (event.kind == Kind::kRunFinished) text += tr(": done");
  if (event.kind == Kind::kRunSkipped) text += tr(": skipped, %1").arg(oneLine(event.text, 200));
  if (event.kind == Kind::kSession) text = tr("Session %1").arg(event.session_id);
  if (event.kind == Kind::kNote) text = oneLine(event.text, 300);
  step_->setText(text);
  step_->show();
}

void ProfilePanel::showDone(const QString& text) {
  step_->setText(text);
  setRunning(false);
}

void ProfilePanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) refresh();
}

}  // namespace flashcore::gui
