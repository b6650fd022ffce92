// Database: the file that the window shows. Lists and analyses are read on a thread of its own, so
// that a large file never holds the window up.
//
// Owns: the store (used on the background thread alone) and the catalogue. Threads: the GUI's.
// Errors: failed() with the store's own words; what was open before stays open.
#pragma once

#include <QObject>
#include <QString>
#include <memory>
#include <vector>

#include "analysis/run_analysis.h"
#include "app/gui/background.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::gui {

// A session with everything that is shown of it. Keeps the catalogue alive that its metrics point to.
struct LoadedSession {
  std::shared_ptr<const analysis::Catalogue> catalogue;
  core::RowId id = 0;
  std::vector<analysis::RunAnalysis> runs;
};
using LoadedSessionPtr = std::shared_ptr<const LoadedSession>;

class Database final : public QObject {
  Q_OBJECT

 public:
  explicit Database(QObject* parent = nullptr);

  // Opens a database or a recording (*.zst) for reading; never creates or changes one.
  void open(const QString& path);
  // Reads the lists again; another process may have written.
  void reload();
  void loadSession(core::RowId id);

  bool isOpen() const { return store_ != nullptr; }
  bool isRecordingFile() const { return recordingFile_; }
  const QString& path() const { return path_; }  // empty while nothing is open
  const std::shared_ptr<const analysis::Catalogue>& catalogue() const { return catalogue_; }

 Q_SIGNALS:
  void opened(const QString& path);
  void listsLoaded(const std::vector<flashcore::store::SessionSummary>& sessions,
                   const std::vector<flashcore::store::RunSummary>& runs);
  void sessionLoaded(const flashcore::gui::LoadedSessionPtr& session);
  void failed(const flashcore::core::Error& error);

 private:
  std::shared_ptr<const analysis::Catalogue> catalogue_;
  std::shared_ptr<store::Store> store_;
  QString path_;
  bool recordingFile_ = false;
  int openRequests_ = 0;    // an answer to an older request is dropped
  core::RowId wanted_ = 0;  // the session asked for last
  Background background_;
};

}  // namespace flashcore::gui
