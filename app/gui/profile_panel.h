// ProfilePanel: what to profile, the button that does it, and how far it is.
//
// Owns: its widgets; the work is done elsewhere (runRequested and friends). Without a GPU the Run
// button is off and the panel says why. Threads: the GUI's.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QWidget>
#include <vector>

#include "app/gui/machine_probe.h"
#include "app/session/collectors.h"
#include "app/session/worker_protocol.h"

namespace flashcore::gui {

class ProfilePanel final : public QWidget {
  Q_OBJECT

 public:
  explicit ProfilePanel(QWidget* parent = nullptr);

  void setMachine(const MachineState& state);
  // Where results go; shown under the buttons.
  void setTarget(const QString& database, bool recordingIsOpen);

  // What the caches hold when a launch begins: of the next request.
  core::CacheState cache() const;
  void setCache(core::CacheState cache);

  // What is ticked; number and database are the caller's to fill in.
  session::WorkerRequest request() const;

  void setRunning(bool running);
  void showProgress(const session::ProfileEvent& event);
  void showDone(const QString& text);

 Q_SIGNALS:
  void runRequested();
  void replayRequested();
  void cancelRequested();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct CollectorTick {
    session::CollectorInfo info;
    QCheckBox* box;
  };
  void fillLists();
  QWidget* makeChoices();
  QWidget* makeCollectors();
  QWidget* makeActions();
  void refresh();
  void showReason();
  QString whatIsMissing() const;  // of the choices; empty where a run can start
  QString troubles() const;       // of what is ticked; empty where there are none
  core::Result<std::vector<core::Problem>> problems() const;

  MachineState machine_;
  bool machineKnown_ = false;
  bool running_ = false;
  QListWidget* phases_;
  QListWidget* shapes_;
  QLineEdit* otherProblem_;
  QCheckBox* causal_;
  QComboBox* cache_;
  QComboBox* set_;
  QLineEdit* seed_;
  QCheckBox* strict_;
  std::vector<CollectorTick> collectors_;
  QLabel* reason_;
  QPushButton* run_;
  QPushButton* replay_;
  QLabel* recording_;
  QProgressBar* progress_;
  QLabel* step_;
  QPushButton* cancel_;
  QLabel* target_;
};

}  // namespace flashcore::gui
