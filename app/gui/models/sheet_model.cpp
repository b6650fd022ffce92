#include "app/gui/models/sheet_model.h"

#include <QFont>
#include <QGuiApplication>

#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

// A section's index has internal id 0; a row's has its section's row + 1.
constexpr quintptr kSectionLevel = 0;

using analysis::RowState;
using analysis::SheetRow;
using analysis::SheetSection;

constexpr qsizetype kLongestCell = 400;

QVariant colourOf(const SheetRow& row, int column) {
  const Theme theme = themeOf(QGuiApplication::palette());
  if (column == SheetModel::NoteColumn) return theme.muted;
  if (column != SheetModel::ValueColumn) return {};
  switch (row.state) {
    case RowState::kPlain: return {};
    case RowState::kMissing: return theme.muted;
    case RowState::kGood: return theme.good;
    case RowState::kWarning: return theme.warning;
    case RowState::kBad: return theme.bad;
  }
  return {};
}

QString toolTipOf(const SheetRow& row, int column) {
  if (column == SheetModel::NoteColumn) return toText(row.note);
  if (!row.tip.empty()) return toText(row.tip);
  // What the cell may have cut.
  if (column == SheetModel::ValueColumn && row.value.size() > 40) return toText(row.value);
  return toText(row.note);
}

QVariant sectionData(const SheetSection& section, int column, int role) {
  if (role == Qt::DisplayRole && column == SheetModel::NameColumn) {
    // A section without rows says so itself, where it can be seen.
    if (section.rows.empty() && !section.description.empty()) {
      return oneLine(section.title + ": " + section.description, kLongestCell);
    }
    return oneLine(section.title);
  }
  if (role == Qt::ToolTipRole) return plainToolTip(toText(section.description));
  if (role == Qt::FontRole) {
    QFont font;
    font.setBold(true);
    return font;
  }
  return {};
}

}  // namespace

void SheetModel::setSheet(analysis::Sheet sheet) {
  beginResetModel();
  sheet_ = std::move(sheet);
  endResetModel();
}

QModelIndex SheetModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  if (!parent.isValid()) return createIndex(row, column, kSectionLevel);
  return createIndex(row, column, static_cast<quintptr>(parent.row() + 1));
}

QModelIndex SheetModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == kSectionLevel) return {};
  return createIndex(static_cast<int>(child.internalId()) - 1, 0, kSectionLevel);
}

int SheetModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(sheet_.sections.size());
  if (parent.internalId() != kSectionLevel || parent.column() != 0) return 0;
  return static_cast<int>(sheet_.sections[static_cast<std::size_t>(parent.row())].rows.size());
}

int SheetModel::columnCount(const QModelIndex&) const {
  return ColumnCount;
}

QVariant SheetModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (index.internalId() == kSectionLevel) {
    return sectionData(sheet_.sections[static_cast<std::size_t>(index.row())], index.column(), role);
  }
  const SheetRow& row = sheet_.sections[index.internalId() - 1].rows[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      if (index.column() == NameColumn) return oneLine(row.name, kLongestCell);
      return oneLine(index.column() == ValueColumn ? row.value : row.note, kLongestCell);
    case Qt::ToolTipRole: return plainToolTip(toolTipOf(row, index.column()));
    case Qt::ForegroundRole: return colourOf(row, index.column());
    default: return {};
  }
}

QVariant SheetModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case NameColumn: return tr("Name");
    case ValueColumn: return tr("Value");
    case NoteColumn: return tr("Source, or why it is missing");
    default: return {};
  }
}

}  // namespace flashcore::gui
