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
  std::string problem = "mission";
  double p50_us = 40;
  bool correct = true;
  bool checked = true;
  bool counters = true;
  core::CacheState cache = core::CacheState::kWarm;
  int kernels = 1;      // of a launch; each with its counted time, the first the longest
  double floor_us = 0;  // what an empty kernel takes; 0: not taken
  core::Origin origin = core::Origin::kLive;
};

// A run of an H200-like device. Counters are those of the catalogue's examples.
core::RunRecord makeRun(const RunOptions& options);

// A kernel of a foreign program, as an import of another profiler's file makes it: no problem, no model, no
// device, nothing to check; one counted duration.
core::RunRecord makeImport(const std::string& kernel, double duration_us);

core::SessionRecord makeSession(core::Origin origin = core::Origin::kLive);

// Two sessions: the older with baseline, wmma (from warm and from cold caches) and cublas (three
// kernels) on mission and wmma on tiny (live), the newer one a
// replayed recording with a wrong answer in it. Aborts the test program where it cannot be written.
struct SampleIds {
  core::RowId live = 0, recording = 0;
  core::RowId baseline = 0, wmma = 0, cublas = 0, wmmaTiny = 0, wmmaCold = 0, wrong = 0;
};
SampleIds writeSample(const std::filesystem::path& path);

// A database that once held a run and holds none any more.
void writeEmpty(const std::filesystem::path& path);

// `sessions` sessions of `runs` runs each: three phases on the named problems in turn, small runs.
void writeMany(const std::filesystem::path& path, int sessions, int runs);

// One more run in a session of its own, by a connection of its own; the session's id.
core::RowId addRun(const std::filesystem::path& path, const RunOptions& options);
core::RowId addImport(const std::filesystem::path& path, const std::string& file);

}  // namespace flashcore::gui::test
