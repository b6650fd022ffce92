#include "app/gui/main_window.h"

#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QMimeData>
#include <QSettings>

#include "app/gui/banner.h"
#include "app/gui/models/text.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"
#include "app/session/library.h"

namespace flashcore::gui {
namespace {

// Increased when docks change so much that an old layout would hide something.
constexpr int kLayoutVersion = 1;

QStringList droppedFiles(const QMimeData* data) {
  QStringList files;
  for (const QUrl& url : data->urls()) {
    if (url.isLocalFile()) files << url.toLocalFile();
  }
  return files;
}

// What other profilers write; everything else is taken for a database, which says so where it is none.
bool isImport(const QString& file) {
  for (const char* end : {".csv", ".json", ".ncu-rep"}) {
    if (file.endsWith(QLatin1String(end), Qt::CaseInsensitive)) return true;
  }
  return false;
}

Examine examineOf(const MainWindowOptions& options) {
  if (options.examine) return options.examine;
  return [] { return session::examine(0); };
}

}  // namespace

MainWindow::MainWindow(MainWindowOptions options)
    : options_(std::move(options)),
      worker_(options_.worker.isEmpty() ? WorkerProcess::defaultProgram() : options_.worker),
      probe_(examineOf(options_), options_.recording),
      sessions_(new SessionModel(this)) {
  setWindowTitle(tr("FlashCore"));
  setAcceptDrops(true);
  resize(1440, 900);
  makeCentre();
  makeDocks();
  makeMenus();
  makeStatusBar();
  connectDatabase();
  connectWorker();
  connect(&probe_, &MachineProbe::found, this, [this](const MachineState& state) {
    panel_->setMachine(state);
    canProfile_ = state.canProfile;
    emptyReplay_->setVisible(!state.canProfile && state.canReplay);
    updateEmptyPage();
    Q_EMIT machineKnown();
  });
  if (options_.remember) restore();
  updateState();
  probe_.start();
}

MainWindow::~MainWindow() = default;

void MainWindow::openAtStart(const QString& path) {
  if (!path.isEmpty()) {
    openDatabase(path);
    return;
  }
  const QString last =
      options_.remember ? QSettings().value(QStringLiteral("lastDatabase")).toString() : QString();
  // One that is gone since is no error: nobody asked for it now.
  for (const QString& candidate : {last, profileTarget()}) {
    if (candidate.isEmpty() || !QFileInfo(candidate).isFile()) continue;
    openDatabase(candidate);
    return;
  }
}

void MainWindow::openDatabase(const QString& path) {
  wantedSession_ = 0;
  banner_->hide();
  database_.open(path);
}

void MainWindow::saveReport(const QString& path) {
  if (view_->currentSession() == 0) {
    banner_->show({core::ErrorCode::kUsage,
                   tr("There is no session to report on.").toStdString(),
                   tr("Choose a session at the left first.").toStdString(),
                   {}});
    return;
  }
  database_.saveReport(view_->currentSession(), path);
}

QString MainWindow::profileTarget() const {
  const QString& asked = database_.requestedPath();
  if (!asked.isEmpty() && !Database::isRecordingPath(asked)) return asked;
  if (!options_.defaultDatabase.isEmpty()) return options_.defaultDatabase;
  const auto path = session::default_database();
  return path ? QString::fromStdString(path->string()) : QString();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (options_.remember) remember();
  QMainWindow::closeEvent(event);
}

void MainWindow::restore() {
  const QSettings settings;
  restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray());
  restoreState(settings.value(QStringLiteral("windowState")).toByteArray(), kLayoutVersion);
  view_->restoreState(settings.value(QStringLiteral("viewState")).toByteArray());
  const QString cache = settings.value(QStringLiteral("profile/cache")).toString();
  if (const auto state = core::named<core::CacheState>(cache.toStdString())) panel_->setCache(*state);
}

void MainWindow::remember() {
  QSettings settings;
  settings.setValue(QStringLiteral("geometry"), saveGeometry());
  settings.setValue(QStringLiteral("windowState"), saveState(kLayoutVersion));
  settings.setValue(QStringLiteral("viewState"), view_->saveState());
  settings.setValue(QStringLiteral("profile/cache"), oneLine(core::name_of(panel_->cache()), 20));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!droppedFiles(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QStringList files = droppedFiles(event->mimeData());
  if (files.isEmpty()) return;
  event->acceptProposedAction();
  QStringList imports;
  QString database;
  for (const QString& file : files) {
    if (isImport(file)) {
      imports << file;
    } else if (database.isEmpty()) {
      database = file;
    }
  }
  // A database first: what is dropped with it goes into it.
  if (!database.isEmpty()) openDatabase(database);
  if (!imports.isEmpty()) importFiles(imports);
}

}  // namespace flashcore::gui
