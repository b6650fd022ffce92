// SessionView: what is known of one run and those beside it. On top its head (time, answer, share of the
// problem's limit) and the strip of its units; below them, in tabs, the plots (roofline, bars) and the memory
// chart; then one table for each of its sheets.
//
// Owns: its views. Threads: the GUI's. Errors: none; values that are missing say why.
#pragma once

#include <QColor>
#include <QLabel>
#include <QTabWidget>
#include <QTreeView>
#include <QWidget>
#include <vector>

#include "app/gui/loaded_run.h"
#include "app/gui/models/sheet_model.h"

class QSplitter;

namespace flashcore::gui {

class KernelSharesBar;
class MemoryChartView;
class PhaseBarsView;
class RooflineView;
class SpeedStripView;

class SessionView final : public QWidget {
  Q_OBJECT

 public:
  explicit SessionView(QWidget* parent = nullptr);

  // Shows the run; null: nothing. Where it is the one that is shown, only what has changed is drawn anew.
  void setRun(const LoadedRunPtr& run);
  // What the shown run is against the base of comparison; an empty text: there is none.
  void setVerdict(const QString& text, const QColor& colour);
  const LoadedRunPtr& loaded() const { return loaded_; }
  core::RowId currentSession() const { return loaded_ ? loaded_->session.id : 0; }
  core::RowId currentRun() const { return loaded_ ? loaded_->summary.id : 0; }

  RooflineView* roofline() const { return roofline_; }
  PhaseBarsView* bars() const { return bars_; }
  SpeedStripView* strip() const { return strip_; }
  MemoryChartView* chart() const { return chart_; }
  // Between the plots and the memory chart, which is behind the strip.
  void toggleChart();
  // The plots, with the roofline by the bytes of that memory.
  void showRoofline(const QString& memory);
  // The table of a sheet by its id ("metrics"); null where the run has no such sheet.
  const SheetModel* table(std::string_view sheet) const;

  QByteArray saveState() const;
  void restoreState(const QByteArray& state);

 Q_SIGNALS:
  void runChosen(flashcore::core::RowId run);  // by a click in a plot

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct Table {
    std::string sheet;  // its id
    QTreeView* view;
    SheetModel* model;
    bool stale = false;  // filled when its tab is looked at
  };
  QWidget* makeHead();
  void addTable(const analysis::Sheet& sheet);
  void showTables();
  void fillTable(int tab);
  void showHead();
  void showLimit();
  void showBadge();
  void restyle();

  LoadedRunPtr loaded_;
  QLabel* title_;
  QLabel* time_;
  QLabel* answer_;
  QLabel* badge_;
  QLabel* facts_;
  QLabel* verdict_;
  QLabel* limit_;
  QLabel* floor_;
  KernelSharesBar* kernels_;
  SpeedStripView* strip_;
  RooflineView* roofline_;
  PhaseBarsView* bars_;
  MemoryChartView* chart_;
  QSplitter* plots_;
  QTabWidget* views_;  // the plots, the memory chart
  QSplitter* halves_;
  QTabWidget* tabs_;
  std::vector<Table> tables_;  // by tab
};

}  // namespace flashcore::gui
