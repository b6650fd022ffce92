// One turn of a measurement: a fresh process of a side's flashcore-profile times its phases, alone, into a
// database of its own, which is read and gone when the turn is over.
//
// Owns: the process; the caller owns the folder. Threads: blocks the caller. Errors: those that the process
// told by its exit code, with its own words; kExternalTool where it was ended by a signal or took too long;
// kDatabase where what it wrote cannot be read; kCancelled.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "app/session/measure_sides.h"
#include "core/cancel.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::session {

struct TurnRequest {
  std::vector<core::Problem> problems;
  int iterations = 100;
  int device = 0;
  std::filesystem::path folder;  // for the turn's database
  std::chrono::milliseconds limit{0};
};

struct Turn {
  std::vector<core::RunRecord> runs;   // in the order taken, without numbers of their own
  std::optional<core::Error> trouble;  // with a wrong answer there are runs all the same
};

core::Result<Turn> take_turn(const Side& side, const TurnRequest& request, const core::CancelToken& cancel);

}  // namespace flashcore::session
