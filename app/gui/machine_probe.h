// MachineProbe: what this machine offers for profiling, found out in the background: asking the
// driver may take seconds, and the window is there at once.
//
// Owns: its thread. Threads: the GUI's. Errors: none; what is missing is in the answer.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/gui/background.h"
#include "app/session/findings.h"

namespace flashcore::gui {

struct MachineState {
  bool canProfile = false;
  QString device;          // the GPU's name, where there is one
  QString reason, remedy;  // why not
  QString counters;        // why the driver gives no counters; empty where it does
  // By id of a finding, which for a tool is that of its collector: what stands against it.
  std::map<std::string, QString> troubles;
  bool canReplay = false;
  QString recording;  // what the shipped recording is, or why there is none
};

using Examine = std::function<std::vector<session::Finding>()>;

// Reads the findings; the part that does not need a thread.
MachineState machineStateOf(const std::vector<session::Finding>& findings);

class MachineProbe final : public QObject {
  Q_OBJECT

 public:
  // `examine` is session::examine(0), or what a test puts in its place.
  // `recording`: what could be replayed; empty: the recording that ships with the program.
  MachineProbe(Examine examine, QString recording, QObject* parent = nullptr);
  void start();

 Q_SIGNALS:
  void found(const flashcore::gui::MachineState& state);

 private:
  Examine examine_;
  QString recording_;
  Background background_;
};

}  // namespace flashcore::gui
