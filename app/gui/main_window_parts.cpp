// What the main window is made of: menus, docks, the page that is there before anything is open.
#include <QAction>
#include <QCoreApplication>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QHeaderView>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QStatusBar>
#include <QVBoxLayout>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/models/text.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"
#include "core/build_info.h"
#include "store/store.h"

namespace flashcore::gui {

void MainWindow::makeCentre() {
  auto* centre = new QWidget(this);
  banner_ = new Banner(centre);
  view_ = new SessionView(centre);
  pages_ = new QStackedWidget(centre);
  pages_->addWidget(makeEmptyPage());
  pages_->addWidget(view_);
  auto* layout = new QVBoxLayout(centre);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  auto* margin = new QVBoxLayout;
  margin->setContentsMargins(12, 6, 12, 0);
  margin->addWidget(banner_);
  layout->addLayout(margin);
  layout->addWidget(pages_, 1);
  setCentralWidget(centre);
}

QWidget* MainWindow::makeEmptyPage() {
  auto* page = new QWidget(this);
  emptyTitle_ = new QLabel(page);
  emptyTitle_->setObjectName(QStringLiteral("emptyTitle"));
  emptyText_ = new QLabel(page);
  emptyText_->setObjectName(QStringLiteral("emptyText"));
  for (auto* label : {emptyTitle_, emptyText_}) {
    label->setTextFormat(Qt::PlainText);
    label->setAlignment(Qt::AlignHCenter);
    label->setWordWrap(true);
  }
  QFont font = emptyTitle_->font();
  font.setBold(true);
  font.setPointSizeF(font.pointSizeF() * 1.4);
  emptyTitle_->setFont(font);
  auto* open = new QPushButton(tr("Open a database..."), page);
  open->setObjectName(QStringLiteral("emptyOpen"));
  connect(open, &QPushButton::clicked, this, &MainWindow::askForDatabase);
  emptyReplay_ = new QPushButton(tr("Replay the shipped recording"), page);
  emptyReplay_->setObjectName(QStringLiteral("emptyReplay"));
  emptyReplay_->hide();
  connect(emptyReplay_, &QPushButton::clicked, this, [this] { startProfile(true); });
  // A column of one width: wrapped labels under a centring alignment would be cut.
  auto* column = new QWidget(page);
  column->setMinimumWidth(380);
  column->setMaximumWidth(560);
  auto* lines = new QVBoxLayout(column);
  lines->setSpacing(14);
  emptyText_->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
  emptyText_->setMinimumHeight(4 * emptyText_->fontMetrics().lineSpacing());
  lines->addWidget(emptyTitle_);
  lines->addWidget(emptyText_);
  auto* buttons = new QHBoxLayout;
  buttons->addStretch();
  buttons->addWidget(emptyReplay_);
  buttons->addWidget(open);
  buttons->addStretch();
  lines->addLayout(buttons);
  auto* layout = new QVBoxLayout(page);
  layout->addStretch(2);
  auto* across = new QHBoxLayout;
  across->addStretch(1);
  across->addWidget(column, 100);
  across->addStretch(1);
  layout->addLayout(across);
  layout->addStretch(3);
  return page;
}

void MainWindow::makeStatusBar() {
  stateLine_ = new QLabel(this);
  stateLine_->setObjectName(QStringLiteral("stateLine"));
  stateLine_->setTextFormat(Qt::PlainText);
  // A long path is cut by the layout instead of widening the window.
  stateLine_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  stateLine_->setContentsMargins(6, 0, 6, 0);
  statusBar()->addWidget(stateLine_, 1);
  statusBar()->setSizeGripEnabled(false);
}

// What is open, what is being opened, and where new runs go.
void MainWindow::updateState() {
  const QString open = QDir::toNativeSeparators(database_.path());
  if (database_.isLoading()) {
    stateLine_->setText(tr("Opening %1 ...").arg(oneLine(database_.requestedPath(), 300)));
  } else if (database_.isOpen()) {
    stateLine_->setText(Database::isRecordingPath(database_.path())
                            ? tr("%1   a recording, read only").arg(oneLine(open, 300))
                            : oneLine(open, 300));
  } else {
    stateLine_->clear();
  }
  panel_->setTarget(profileTarget(), Database::isRecordingPath(database_.requestedPath()));
  updateEmptyPage();
}

void MainWindow::updateEmptyPage() {
  if (sessions_->sessionCount() > 0) return;
  pages_->setCurrentIndex(0);
  if (database_.isLoading()) {
    emptyTitle_->setText(
        tr("Opening %1 ...").arg(oneLine(QFileInfo(database_.requestedPath()).fileName(), 80)));
    emptyText_->setText(tr("New runs go to it already."));
    return;
  }
  if (database_.isOpen()) {
    emptyTitle_->setText(tr("This database holds no runs yet"));
    emptyText_->setText(
        canProfile_ ? tr("Tick phases and problems at the right and press Run.")
        : emptyReplay_->isHidden()
            ? tr("This machine cannot profile (the panel at the right says why). Open another "
                 "database, or import files of other profilers with flashcore-profile import.")
            : tr("This machine cannot profile (the panel at the right says why). Replay the "
                 "shipped recording to see everything at work."));
    return;
  }
  emptyTitle_->setText(tr("Nothing is open yet"));
  emptyText_->setText(
      canProfile_ ? tr("Tick phases and problems at the right and press Run. Or open a database that "
                       "flashcore-profile has written, or drop it here.")
      : emptyReplay_->isHidden()
          ? tr("This machine cannot profile (the panel at the right says why). Open a database that "
               "flashcore-profile has written, or drop it here.")
          : tr("This machine cannot profile (the panel at the right says why). Replay the recording that "
               "FlashCore ships, or open a database that flashcore-profile has written, or drop it here."));
}

void MainWindow::makeDocks() {
  tree_ = new QTreeView(this);
  tree_->setObjectName(QStringLiteral("sessionTree"));
  tree_->setAccessibleName(tr("Sessions and runs"));
  tree_->setModel(sessions_);
  tree_->setUniformRowHeights(true);
  tree_->setFrameShape(QFrame::NoFrame);
  tree_->setIndentation(14);
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(SessionModel::NameColumn, QHeaderView::Stretch);
  tree_->header()->setSectionResizeMode(SessionModel::ProblemColumn, QHeaderView::ResizeToContents);
  tree_->header()->setSectionResizeMode(SessionModel::TimeColumn, QHeaderView::ResizeToContents);
  tree_->header()->setSectionResizeMode(SessionModel::VerdictColumn, QHeaderView::ResizeToContents);
  tree_->setColumnHidden(SessionModel::VerdictColumn, true);  // until there is a base
  tree_->setContextMenuPolicy(Qt::CustomContextMenu);
  tree_->header()->setMinimumSectionSize(60);
  tree_->setMinimumWidth(230);  // a run's name and problem stay readable in a window of 1024
  connect(sessions_, &QAbstractItemModel::modelReset, tree_,
          [this] { spanSessions(0, sessions_->sessionCount() - 1); });
  connect(sessions_, &QAbstractItemModel::rowsInserted, tree_,
          [this](const QModelIndex& parent, int first, int last) {
            if (!parent.isValid()) spanSessions(first, last);
          });
  auto* left = new QDockWidget(tr("Sessions"), this);
  left->setObjectName(QStringLiteral("sessionsDock"));
  left->setWidget(tree_);
  addDockWidget(Qt::LeftDockWidgetArea, left);
  panel_ = new ProfilePanel(this);
  auto* right = new QDockWidget(tr("Profile"), this);
  right->setObjectName(QStringLiteral("profileDock"));
  right->setWidget(panel_);
  addDockWidget(Qt::RightDockWidgetArea, right);
  resizeDocks({left, right}, {350, 290}, Qt::Horizontal);
  tree_->setFocus();  // arrow keys walk through the runs from the start
  connect(panel_, &ProfilePanel::runRequested, this, [this] { startProfile(false); });
  connect(panel_, &ProfilePanel::replayRequested, this, [this] { startProfile(true); });
  connect(panel_, &ProfilePanel::cancelRequested, &worker_, &WorkerProcess::cancel);
}

void MainWindow::makeMenus() {
  auto* file = menuBar()->addMenu(tr("&File"));
  file->addAction(tr("&Open database..."), QKeySequence::Open, this, &MainWindow::askForDatabase);
  file->addAction(tr("&Reload"), QKeySequence(Qt::Key_F5), this,
                  [this] { database_.reload(sessions_->openedSessions()); });
  file->addAction(tr("&Import profiler files..."), QKeySequence(Qt::CTRL | Qt::Key_I), this,
                  &MainWindow::askForImport);
  file->addSeparator();
  saveReportAction_ =
      file->addAction(tr("&Save HTML report..."), QKeySequence::Save, this, &MainWindow::askForReport);
  saveReportAction_->setEnabled(false);
  file->addSeparator();
  file->addAction(tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), this, &QWidget::close);

  auto* view = menuBar()->addMenu(tr("&View"));
  for (auto* dock : findChildren<QDockWidget*>()) view->addAction(dock->toggleViewAction());
  view->addSeparator();
  view->addAction(tr("Roofline by &DRAM bytes"), QKeySequence(Qt::CTRL | Qt::Key_1), this,
                  [this] { view_->showRoofline(QStringLiteral("dram")); });
  view->addAction(tr("Roofline by &L2 bytes"), QKeySequence(Qt::CTRL | Qt::Key_2), this,
                  [this] { view_->showRoofline(QStringLiteral("l2")); });
  view->addAction(tr("Roofline by L&1 bytes"), QKeySequence(Qt::CTRL | Qt::Key_3), this,
                  [this] { view_->showRoofline(QStringLiteral("l1")); });
  view->addAction(tr("&Memory chart"), QKeySequence(Qt::CTRL | Qt::Key_M), this,
                  [this] { view_->toggleChart(); });

  auto* profile = menuBar()->addMenu(tr("&Profile"));
  const auto press = [this](const char* name) {
    // The button knows whether it may be pressed.
    return [this, name] { panel_->findChild<QPushButton*>(QLatin1String(name))->click(); };
  };
  profile->addAction(tr("&Run what is ticked"), QKeySequence(Qt::CTRL | Qt::Key_R), this, press("runButton"));
  profile->addAction(tr("Re&play the shipped recording"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R),
                     this, press("replayButton"));
  profile->addAction(tr("&Cancel"), QKeySequence(Qt::CTRL | Qt::Key_Period), this, press("cancelButton"));

  makeCompareMenu();

  auto* help = menuBar()->addMenu(tr("&Help"));
  help->addAction(tr("&About FlashCore"), this, &MainWindow::showAbout);
}

void MainWindow::askForDatabase() {
  auto* dialog =
      new QFileDialog(this, tr("Open a database"), QFileInfo(profileTarget()).path(),
                      tr("FlashCore databases and recordings (*.db *.sqlite *.db.zst);;All files (*)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openDatabase);
  dialog->open();
}

void MainWindow::askForImport() {
  auto* dialog = new QFileDialog(this, tr("Import files of other profilers"), QString(),
                                 tr("Profiler files (*.ncu-rep *.csv *.json);;All files (*)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFiles);
  connect(dialog, &QFileDialog::filesSelected, this, &MainWindow::importFiles);
  dialog->open();
}

void MainWindow::askForReport() {
  auto* dialog =
      new QFileDialog(this, tr("Save the session as an HTML report"), QString(), tr("HTML (*.html)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("html"));
  dialog->selectFile(QStringLiteral("flashcore-report.html"));
  connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::saveReport);
  dialog->open();
}

void MainWindow::showAbout() {
  const auto& build = core::build_info();
  const QString cuda = build.cuda_toolkit.empty() ? tr("none (viewer)") : oneLine(build.cuda_toolkit);
  auto* box = new QMessageBox(QMessageBox::Information, tr("About FlashCore"),
                              tr("FlashCore %1").arg(oneLine(build.version)), QMessageBox::Close, this);
  box->setObjectName(QStringLiteral("about"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setTextFormat(Qt::PlainText);
  box->setInformativeText(
      tr("A profiling and roofline workbench for CUDA kernels.\n\nCommit %1\nBuilt with CUDA "
         "toolkit: %2\nCompiler: %3\nDatabase schema: %4\nQt %5\n\nApache License 2.0. Plots by "
         "QCustomPlot (GPL), widgets by Qt (LGPL).")
          .arg(shortCommit(build.git_sha), cuda, oneLine(build.compiler))
          .arg(store::schema_version())
          .arg(QLatin1String(qVersion())));
  box->open();
}

}  // namespace flashcore::gui
