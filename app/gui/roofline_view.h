// RooflineView: the roofline of a run and those beside it, log-log, with the ceilings of the chosen run's
// device at its clock.
//
// Owns: its plot. Shows the points of the chosen problem with their names (of several runs of one subject
// that of the newest), those of other problems faintly. Hovering a point tells its values, a click chooses
// its run, the wheel zooms, a double click shows everything again. Threads: the GUI's. Errors: what is
// missing is said in the plot.
#pragma once

#include <QLabel>
#include <QToolButton>
#include <QWidget>
#include <optional>
#include <vector>

#include "app/gui/loaded_run.h"
#include "app/gui/models/theme.h"

class QCustomPlot;
class QCPItemText;
class QMouseEvent;

namespace flashcore::gui {

class RooflineView final : public QWidget {
  Q_OBJECT

 public:
  explicit RooflineView(QWidget* parent = nullptr);

  // The run, its peers and others; null: nothing. A zoom is kept while the run stays the same.
  void setRun(const LoadedRunPtr& run);

  QString memory() const { return memory_; }  // "dram" or "l2"
  void setMemory(const QString& memory);

  // Where a run's point is drawn, in the plot's pixels; nothing where it has none.
  std::optional<QPoint> pointPosition(core::RowId run) const;
  QCustomPlot* plot() const { return plot_; }
  // What the tool tip of a run's point says, plain.
  QString pointText(core::RowId run) const;

 Q_SIGNALS:
  void runClicked(flashcore::core::RowId run);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct Mark {
    const store::RunSummary* run;
    analysis::RooflinePoint point;
    bool ofProblem;  // of the chosen run's problem and device
    bool named;
  };
  struct Label {
    QCPItemText* item;
    QString full, brief;  // brief: where the plot is too narrow for all
    double x, y;          // what it names, in plot coordinates
    bool alongLine;       // a bandwidth ceiling's: turned with its line
  };

  void rebuild();
  void collectMarks();
  void addCeilings(const Theme& theme);
  void addCeilingLine(const analysis::Ceiling& ceiling, double fromX, double toX, const Theme& theme);
  void addMarks(const Theme& theme);
  void addName(const Mark& mark, bool chosen, const Theme& theme);
  void chooseRanges();
  void resetRanges();
  void placeLabels();
  void sayNothingToShow(const QString& reason);
  void sayWhyNoPoint();
  const Mark* markAt(const QPoint& position) const;
  bool isChosen(const Mark& mark) const { return mark.run->id == loaded_->summary.id; }
  void mouseMoved(QMouseEvent* event);
  void mouseReleased(QMouseEvent* event);

  LoadedRunPtr loaded_;
  bool keepRanges_ = false;  // the same run with more points: a zoom stays
  QString memory_ = QStringLiteral("dram");
  std::vector<Mark> marks_;
  std::vector<Label> markLabels_, ceilingLabels_;
  double lowX_ = 0.1, highX_ = 1e4, lowY_ = 1e9, highY_ = 1e15;  // what shows everything
  QString axisName_, axisNote_;                                  // the note only where there is room for it
  QPoint pressed_;
  QCustomPlot* plot_;
  QLabel* empty_;
  QToolButton* dram_;
  QToolButton* l2_;
};

}  // namespace flashcore::gui
