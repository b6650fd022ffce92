// SheetModel: sections of named values, as a tree of two levels: what the tables of a run show.
//
// Owns: its rows. Threads: the GUI's. Errors: none; a missing value is a row with its reason.
#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <vector>

namespace flashcore::gui {

enum class SheetState { Plain, Missing, Good, Warning, Bad };

struct SheetRow {
  QString name;
  QString value;
  QString note;     // where it came from, or why it is missing
  QString toolTip;  // plain text
  SheetState state = SheetState::Plain;
};

struct SheetSection {
  QString title;
  QString description;
  std::vector<SheetRow> rows;
};

using Sheet = std::vector<SheetSection>;

class SheetModel final : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column { NameColumn, ValueColumn, NoteColumn, ColumnCount };

  using QAbstractItemModel::QAbstractItemModel;

  void setSheet(Sheet sheet);
  const Sheet& sheet() const { return sheet_; }

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  Sheet sheet_;
};

}  // namespace flashcore::gui
