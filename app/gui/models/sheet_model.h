// SheetModel: one sheet of a run (analysis/sheet.h) as a tree of two levels: sections, and rows of named
// values.
//
// Owns: its sheet. Threads: the GUI's. Errors: none; a missing value is a row with its reason. Text is made
// safe here: plain, on one line, cut.
#pragma once

#include <QAbstractItemModel>

#include "analysis/sheet.h"

namespace flashcore::gui {

class SheetModel final : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column { NameColumn, ValueColumn, NoteColumn, ColumnCount };

  using QAbstractItemModel::QAbstractItemModel;

  void setSheet(analysis::Sheet sheet);
  const analysis::Sheet& sheet() const { return sheet_; }

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  analysis::Sheet sheet_;
};

}  // namespace flashcore::gui
