// PhaseBarsView: the time of each subject on one problem and one device, from caches in one state, with
// values and speed-ups.
//
// Owns: its plot. A run whose answer is wrong or unchecked has no bar: its line says why. Of many runs the
// newest of each subject is shown, and the chosen one; the title says so.
// Threads: the GUI's. Errors: what is missing is said in the plot.
#pragma once

#include <QLabel>
#include <QSharedPointer>
#include <QStringList>
#include <QWidget>
#include <vector>

#include "app/gui/loaded_run.h"

class QCPAxisTickerText;
class QCustomPlot;
class QMouseEvent;

namespace flashcore::gui {

class PhaseBarsView final : public QWidget {
  Q_OBJECT

 public:
  explicit PhaseBarsView(QWidget* parent = nullptr);

  // The run and its peers, with its bar marked; null: nothing.
  void setRun(const LoadedRunPtr& run);

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
  double fitNames();
  void addBar(std::size_t row, double scale);
  void setTitle();
  QString nameText(const store::RunSummary& run) const;
  QString valueText(const store::RunSummary& run) const;
  void mouseReleased(QMouseEvent* event);

  LoadedRunPtr loaded_;
  std::vector<const store::RunSummary*> runs_;   // top to bottom
  std::vector<analysis::RunAnalysis> compared_;  // the peers, as far as speed-ups need them
  QStringList names_, values_;
  QSharedPointer<QCPAxisTickerText> ticker_;
  QString axisUnit_;
  QStringList sources_;  // of the times that are shown, each once
  int digits_ = 3;       // in which the times that are shown can be told apart
  double scale_ = 1e-3;  // the axis' unit for a nanosecond
  double longest_ = 0;   // in the axis' unit
  QPoint pressed_;
  QLabel* title_;
  QCustomPlot* plot_;
};

}  // namespace flashcore::gui
