// SessionModel: the sessions of a database with their runs below, as a tree that is read in pages: a page of
// sessions at first, the next when the view comes to its end, the runs of a session when it is opened.
//
// Owns: the summaries that have been read. It reads nothing by itself: sessionsWanted() and runsWanted() ask,
// appendSessions() and appendRuns() answer; one question a place at a time. A tree view calls fetchMore() at
// every layout and would so read everything in the end: canFetchMore() is true for the first page of a
// session's runs only, and nextPage() is for who sees the end of what is there.
// Threads: the GUI's. Errors: none; a run whose answer is wrong or unchecked says so where its time would
// stand. fetchFailed() lets what was asked for be asked for again.
#pragma once

#include <QAbstractItemModel>
#include <memory>
#include <unordered_map>
#include <vector>

#include "app/gui/models/run_verdicts.h"
#include "store/store.h"

namespace flashcore::gui {

class SessionModel final : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column { NameColumn, ProblemColumn, TimeColumn, VerdictColumn, ColumnCount };
  enum Role { SessionIdRole = Qt::UserRole + 1, RunIdRole };  // qlonglong; RunIdRole is 0 on a session

  using QAbstractItemModel::QAbstractItemModel;

  // Another database: what was read before is forgotten.
  void setSessions(const store::SessionPage& first);
  // The first page once more: new sessions come on top, known ones are brought up to date, the rest stays as
  // it was. Where more have come than one page holds, everything starts anew.
  void updateSessions(const store::SessionPage& first);
  void appendSessions(const store::SessionPage& next);
  // Runs behind those that are there, in the order taken.
  void appendRuns(core::RowId session, const store::RunPage& next);
  // The newest runs of a session once more, in the order taken; `newest.more`: there are older ones.
  void updateRuns(core::RowId session, const store::RunPage& newest);
  // The page behind the last row of `parent`, where there is one.
  void nextPage(const QModelIndex& parent);
  void fetchFailed();

  // What the last column is against; empty: nothing, and all verdicts are forgotten. `name` is for people.
  void setBase(const QString& name, const ComparisonBase& base);
  void setVerdicts(const SessionVerdicts& verdicts);
  // Null where none has come.
  const RunVerdict* verdict(core::RowId run) const;
  QString verdictReason(core::RowId session) const;  // why there are none; empty where there is no reason

  int sessionCount() const { return static_cast<int>(sessions_.size()); }
  // The session's summary; null where it has not been read.
  const store::SessionSummary* session(core::RowId id) const;
  // Sessions whose runs have been asked for.
  std::vector<core::RowId> openedSessions() const;

  QModelIndex indexOfSession(core::RowId id) const;
  QModelIndex indexOfRun(core::RowId id) const;  // invalid where it has not been read

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  bool hasChildren(const QModelIndex& parent = {}) const override;
  bool canFetchMore(const QModelIndex& parent) const override;
  void fetchMore(const QModelIndex& parent) override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 Q_SIGNALS:
  void sessionsWanted(flashcore::core::RowId before);
  void runsWanted(flashcore::core::RowId session,
                  flashcore::core::RowId after);  // after: 0 for the first page

 private:
  struct Session {
    store::SessionSummary summary;
    std::vector<store::RunSummary> runs;  // in the order taken
    int row = 0;
    bool opened = false;    // runs have been asked for
    bool more = true;       // there are runs behind those that are here
    bool fetching = false;  // a page is on its way
  };
  Session* find(core::RowId id) const;
  Session* at(const QModelIndex& index) const;  // of a session's index
  void insertSessions(int row, const std::vector<const store::SessionSummary*>& summaries);
  void bringUpToDate(Session& session, const store::SessionSummary& summary);
  QVariant sessionData(const Session& session, int column, int role) const;
  QVariant runData(const store::RunSummary& run, int column, int role) const;
  QVariant verdictData(const store::RunSummary& run, int role) const;
  bool isBase(const store::RunSummary& run) const;
  void verdictsChanged(const Session& session);

  std::vector<std::unique_ptr<Session>> sessions_;  // newest first
  bool more_ = false;                               // sessions behind the last one
  QString baseName_;
  ComparisonBase base_;
  std::unordered_map<core::RowId, SessionVerdicts> verdicts_;  // by session
  bool fetching_ = false;
};

}  // namespace flashcore::gui
