// ProgressLine: one line on a terminal that says what is being done; nothing where standard error
// is no terminal.
//
// Owns: the line while it is shown; the destructor clears it. Threads: one.
#pragma once

#include <string>

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

}  // namespace flashcore::cli
