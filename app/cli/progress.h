// ProgressLine: one line on a terminal that says what is being done, or what is waited for; nothing where
// standard error is no terminal.
//
// Owns: the line while it is shown; the destructor clears it. Threads: one. Text from outside is made safe,
// and the line is cut by what it takes on the terminal.
#pragma once

#include <functional>
#include <string>

#include "app/session/measure_pair.h"
#include "app/session/profile.h"

namespace flashcore::cli {

class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const session::ProfileEvent& event);
  void clear();

 private:
  bool on_ = false;
  bool shown_ = false;
};

// The line for an event, without the bar: at most `width` cells, nothing in it steers a terminal.
std::string progress_text(const session::ProfileEvent& event, int width);

// What a command does with the events of a use case: skipped runs and notes as lines on standard error,
// the rest on the progress line.
session::OnEvent tell_on(ProgressLine& line);

// The same for a measurement in turns: all of it on the progress line, the verdict so far after the turn.
std::function<void(const session::MeasureEvent&)> tell_turns_on(ProgressLine& line);

}  // namespace flashcore::cli
