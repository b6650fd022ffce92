// Databases for the desktop app's tests, written through the store like real ones.
#pragma once

#include <filesystem>
#include <string>

#include "core/records.h"
#include "store/store.h"

namespace flashcore::gui::test {

struct RunOptions {
  std::string phase = "wmma";
  int rung = 2;
  bool reference = false;
  std::string shape = "mission";
  double p50_us = 40;
  bool correct = true;
  bool checked = true;
  bool counters = true;
  core::Origin origin = core::Origin::kLive;
};

// A run of an H200-like device. Counters are those of the catalogue's examples.
core::RunRecord makeRun(const RunOptions& options);

core::SessionRecord makeSession(core::Origin origin = core::Origin::kLive);

// Two sessions: the older with baseline, wmma and cublas on mission and tiny (live), the newer one a
// replayed recording with a wrong answer in it. Aborts the test program where it cannot be written.
struct SampleIds {
  core::RowId live = 0, recording = 0;
  core::RowId baseline = 0, wmma = 0, cublas = 0, wmmaTiny = 0, wrong = 0;
};
SampleIds writeSample(const std::filesystem::path& path);

}  // namespace flashcore::gui::test
