// SessionView: what is known of one session: the chosen run's head line, roofline, phase bars and
// tables.
//
// Owns: its views. Threads: the GUI's. Errors: none; values that are missing say why.
#pragma once

#include <QLabel>
#include <QTabWidget>
#include <QTreeView>
#include <QWidget>

#include "app/gui/database.h"
#include "app/gui/models/sheet_model.h"

class QSplitter;

namespace flashcore::gui {

class PhaseBarsView;
class RooflineView;

class SessionView final : public QWidget {
  Q_OBJECT

 public:
  explicit SessionView(QWidget* parent = nullptr);

  // Shows `run` of the session, or the fastest rung on its main problem where it has none
  // of that id.
  void setSession(const LoadedSessionPtr& session, core::RowId run = 0);
  void setCurrentRun(core::RowId run);
  const LoadedSessionPtr& session() const { return session_; }
  core::RowId currentRun() const { return current_; }

  RooflineView* roofline() const { return roofline_; }
  PhaseBarsView* bars() const { return bars_; }
  const SheetModel& metrics() const { return *metrics_; }
  const SheetModel& timing() const { return *timing_; }

  QByteArray saveState() const;
  void restoreState(const QByteArray& state);

 Q_SIGNALS:
  void runChosen(flashcore::core::RowId run);  // by a click in a plot

 protected:
  void changeEvent(QEvent* event) override;

 private:
  SheetModel* addSheet(const QString& title, const char* name);
  QWidget* makeHead();
  void showRun();
  void showHead(const analysis::RunAnalysis& run);
  void restyle();

  LoadedSessionPtr session_;
  core::RowId current_ = 0;
  QLabel* title_;
  QLabel* answer_;
  QLabel* recording_;
  QLabel* facts_;
  RooflineView* roofline_;
  PhaseBarsView* bars_;
  QSplitter* plots_;
  QSplitter* halves_;
  QTabWidget* tabs_;
  SheetModel* metrics_;
  SheetModel* timing_;
  SheetModel* resources_;
  SheetModel* environment_;
  SheetModel* messages_;
};

}  // namespace flashcore::gui
