// LoadedRun: a run with everything that is shown of it, and the runs that stand beside it in the plots.
//
// Owns: its values, never changed once they are handed out; keeps the catalogue alive that the analysis
// points to. Threads: read-only from any.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "analysis/run_analysis.h"
#include "analysis/sheet.h"
#include "store/store.h"

namespace flashcore::gui {

// A run as the plots show it.
struct PlotRun {
  store::RunSummary summary;
  // Nothing until its counters have been read, which comes later than its time.
  std::optional<std::vector<analysis::RooflinePoint>> points;
};

struct LoadedRun {
  std::shared_ptr<const analysis::Catalogue> catalogue;
  core::SessionRecord session;
  store::RunSummary summary;
  std::shared_ptr<const analysis::RunAnalysis> run;
  std::shared_ptr<const std::vector<analysis::Sheet>> sheets;
  std::vector<PlotRun> peers;   // same problem, class of device and cache state, this run among them
  std::vector<PlotRun> others;  // of other problems, devices or cache states of the session
  bool peersLeftOut = false;    // there are more than kMostPeers
  bool othersLeftOut = false;   // there are more than kMostOthers
  bool complete = false;        // every peer and other has been read

  static constexpr int kMostPeers = 200;
  static constexpr int kMostOthers = 200;
};
using LoadedRunPtr = std::shared_ptr<const LoadedRun>;

}  // namespace flashcore::gui
