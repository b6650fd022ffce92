// PhaseBarsView: p50 by phase for one problem on one device, with values and speed-ups.
//
// Owns: its plot. A run whose answer is wrong or unchecked has no bar: its line says why.
// Threads: the GUI's. Errors: what is missing is said in the plot.
#pragma once

#include <QLabel>
#include <QStringList>
#include <QWidget>
#include <vector>

#include "app/gui/database.h"

class QCustomPlot;
class QMouseEvent;

namespace flashcore::gui {

class PhaseBarsView final : public QWidget {
  Q_OBJECT

 public:
  explicit PhaseBarsView(QWidget* parent = nullptr);

  void setSession(const LoadedSessionPtr& session);
  // Shows the problem of this run, with its bar marked.
  void setCurrentRun(core::RowId run);

  // What stands beside the bars, top to bottom: "wmma", "12.3 µs   4.20x".
  QStringList names() const { return names_; }
  QStringList values() const { return values_; }
  QCustomPlot* plot() const { return plot_; }

 Q_SIGNALS:
  void runClicked(flashcore::core::RowId run);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void rebuild();
  void collectRuns();
  void fitRange();
  void addBar(std::size_t row, double scale);
  QString valueText(const analysis::RunAnalysis& run) const;
  void mouseReleased(QMouseEvent* event);

  LoadedSessionPtr session_;
  core::RowId current_ = 0;
  std::vector<const analysis::RunAnalysis*> runs_;  // top to bottom
  QStringList names_, values_;
  double scale_ = 1e-3;  // the axis' unit for a nanosecond
  double longest_ = 0;   // in the axis' unit
  QPoint pressed_;
  QLabel* title_;
  QCustomPlot* plot_;
};

}  // namespace flashcore::gui
