// Sides of a measurement: what a word on the command line names.
//
//   wmma              a phase of this build
//   . or this         this build, whatever phases are asked for
//   build-other       a folder with bin/flashcore-profile (a build, a prefix, an unpacked bundle), or the
//   program HEAD~3, v1.2      a git revision in the working folder, built apart fused@HEAD~3      a phase of
//   any of these
// The first of them that fits is taken, in this order; `./wmma` is a path whatever phases there are.
//
// Owns: its strings. Threads: any. Errors: kUsage with what is near; kExternalTool where git is needed and
// missing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/session/measure_pair.h"
#include "core/result.h"

namespace flashcore::session {

struct Side {
  std::string word;   // as typed
  std::string build;  // "this build", "/x/bin/flashcore-profile", "1a2b3c4d5e (HEAD~3)"
  std::vector<std::string> phases;
  std::filesystem::path program;  // of a revision empty until it is built
  std::string revision;           // whole SHA; empty where it is a program

  std::string sentence() const;  // "fused of 1a2b3c4d5e (HEAD~3)"
};

struct Sides {
  Side base, now;
  bool one_phase_each = false;  // these two are compared, whatever their names; else equal names
};

core::Result<Sides> resolve_sides(const MeasureRequest& request);

}  // namespace flashcore::session
