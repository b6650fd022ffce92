// RooflineView: the roofline of a run and those beside it, log-log, with the ceilings of the chosen run's
// device at its clock.
//
// Owns: its plot. Shows the points of the chosen problem with their names (of several runs of one subject
// that of the newest), those of other problems, devices and cache states faintly. One point a run, by the
// bytes of the memory that is chosen. Ceilings that limit nothing (a definition, one kind of instruction
// below another) are dashed; their labels never touch one another. Hovering a point or a ceiling
// tells its values, a click on a point chooses its run, the wheel zooms, a double click shows everything
// again. Threads: the GUI's. Errors: what is
// missing is said in the plot.
#pragma once

#include <QLabel>
#include <QRectF>
#include <QStringList>
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

  QString memory() const { return memory_; }  // "dram", "l2" or "l1"
  void setMemory(const QString& memory);

  // Where a run's point is drawn, in the plot's pixels; nothing where it has none.
  std::optional<QPoint> pointPosition(core::RowId run) const;
  QCustomPlot* plot() const { return plot_; }
  // What the tool tip of a run's point says, plain.
  QString pointText(core::RowId run) const;
  // What the tool tip of a ceiling says, where its line or its label is; empty where none is.
  QString ceilingText(const QPoint& position) const;

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
    QStringList texts;  // the longest first: shorter ones where the plot is too narrow
    double x, y;        // what it names, in plot coordinates
    bool alongLine;     // a bandwidth ceiling's: turned with its line
    double fromX, toX;  // where a ceiling's line begins and ends
    QString tip;
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
  void placeCeiling(const Label& label);
  bool placeAlong(const Label& label);
  bool placeLevel(const Label& label);
  bool isFree(const std::vector<QRectF>& boxes, const Label& label) const;
  void placeName(const Label& label);
  QPointF pixel(double x, double y) const;
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
  std::vector<QRectF> taken_, faint_;  // while labels are placed: what none may cover, what one rather not
  double lowX_ = 0.1, highX_ = 1e4, lowY_ = 1e9, highY_ = 1e15;  // what shows everything
  QString axisName_, axisNote_;                                  // the note only where there is room for it
  QPoint pressed_;
  QCustomPlot* plot_;
  QLabel* empty_;
  std::vector<QToolButton*> memories_;
};

}  // namespace flashcore::gui
