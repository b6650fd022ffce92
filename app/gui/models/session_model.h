// SessionModel: the sessions of a database with their runs below, as a tree.
//
// Owns: its summaries. Threads: the GUI's. Errors: none; a run whose answer is wrong or unchecked
// says so where its time would stand.
#pragma once

#include <QAbstractItemModel>
#include <vector>

#include "store/store.h"

namespace flashcore::gui {

class SessionModel final : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column { NameColumn, ProblemColumn, TimeColumn, ColumnCount };
  enum Role { SessionIdRole = Qt::UserRole + 1, RunIdRole };  // qlonglong; RunIdRole is 0 on a session

  using QAbstractItemModel::QAbstractItemModel;

  void setContent(std::vector<store::SessionSummary> sessions, std::vector<store::RunSummary> runs);
  int sessionCount() const { return static_cast<int>(sessions_.size()); }

  QModelIndex indexOfSession(core::RowId id) const;
  QModelIndex indexOfRun(core::RowId id) const;

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  struct Session {
    store::SessionSummary summary;
    std::vector<store::RunSummary> runs;  // in the order taken
  };
  QVariant sessionData(const Session& session, int column, int role) const;
  QVariant runData(const store::RunSummary& run, int column, int role) const;

  std::vector<Session> sessions_;  // newest first
};

}  // namespace flashcore::gui
