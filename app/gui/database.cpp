#include "app/gui/database.h"

#include <QDir>
#include <QFileInfo>
#include <QTimer>

#include "app/gui/models/text.h"
#include "app/session/library.h"
#include "store/recording.h"

namespace flashcore::gui {
namespace {

struct Lists {
  std::vector<store::SessionSummary> sessions;
  std::vector<store::RunSummary> runs;
};

struct Opened {
  std::shared_ptr<store::Store> store;
  bool recordingFile = false;
  Lists lists;
};

core::Result<Lists> readLists(const store::Store& store) {
  auto sessions = store.sessions();
  if (!sessions) return core::fail(sessions.error());
  auto runs = store.runs();
  if (!runs) return core::fail(runs.error());
  return Lists{std::move(*sessions), std::move(*runs)};
}

core::Result<Opened> openFile(const std::filesystem::path& path) {
  const bool recording = path.extension() == ".zst";
  auto store = recording ? store::open_recording(path) : store::Store::open(path, store::Mode::kReadOnly);
  if (!store) return core::fail(store.error());
  auto lists = readLists(*store);
  if (!lists) return core::fail(lists.error());
  return Opened{std::make_shared<store::Store>(std::move(*store)), recording, std::move(*lists)};
}

core::Result<analysis::Catalogue> readCatalogue() {
  const QString folder = qEnvironmentVariable("FLASHCORE_CATALOGUE");
  if (folder.isEmpty()) return analysis::Catalogue::builtin();
  return analysis::Catalogue::with_folder(folder.toStdString());
}

}  // namespace

Database::Database(QObject* parent) : QObject(parent) {
  auto catalogue = readCatalogue();
  if (!catalogue) {
    const core::Error error = catalogue.error();
    // Said once somebody listens.
    QTimer::singleShot(0, this, [this, error] { Q_EMIT failed(error); });
    catalogue = analysis::Catalogue::builtin();
  }
  catalogue_ =
      std::make_shared<const analysis::Catalogue>(catalogue ? std::move(*catalogue) : analysis::Catalogue());
}

void Database::open(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  const int request = ++openRequests_;
  background_.run([file = std::filesystem::path(absolute.toStdString())] { return openFile(file); },
                  [this, absolute, request](core::Result<Opened> opened) {
                    if (request != openRequests_) return;
                    if (!opened) {
                      Q_EMIT failed(opened.error());
                      return;
                    }
                    store_ = opened->store;
                    recordingFile_ = opened->recordingFile;
                    path_ = absolute;
                    wanted_ = 0;
                    Q_EMIT this->opened(path_);
                    Q_EMIT listsLoaded(opened->lists.sessions, opened->lists.runs);
                  });
}

void Database::reload() {
  if (!store_) return;
  background_.run([store = store_] { return readLists(*store); },
                  [this, store = store_](core::Result<Lists> lists) {
                    if (store != store_) return;
                    if (!lists) {
                      Q_EMIT failed(lists.error());
                      return;
                    }
                    Q_EMIT listsLoaded(lists->sessions, lists->runs);
                  });
}

void Database::loadSession(core::RowId id) {
  if (!store_) return;
  wanted_ = id;
  background_.run(
      [store = store_, catalogue = catalogue_, id] { return session::load_session(*store, id, *catalogue); },
      [this, store = store_, id](core::Result<std::vector<analysis::RunAnalysis>> runs) {
        if (store != store_ || id != wanted_) return;
        if (!runs) {
          Q_EMIT failed(runs.error());
          return;
        }
        Q_EMIT sessionLoaded(
            std::make_shared<const LoadedSession>(LoadedSession{catalogue_, id, std::move(*runs)}));
      });
}

}  // namespace flashcore::gui
