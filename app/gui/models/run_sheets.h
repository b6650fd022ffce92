// The tables of one run: what an analysis holds, as sheets.
//
// Owns: nothing. Threads: pure functions. Errors: none; what is missing is a row with its reason.
#pragma once

#include "analysis/run_analysis.h"
#include "app/gui/models/sheet_model.h"

namespace flashcore::gui {

// Every metric by section, in the catalogue's order, then the roofline's point and ceilings.
Sheet metricSheet(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue);

// Graph and launch timing, correctness by seed.
Sheet timingSheet(const analysis::RunAnalysis& run);

// What compiler and driver allotted, by kernel.
Sheet resourceSheet(const analysis::RunAnalysis& run);

// Device, build, tools, tags.
Sheet environmentSheet(const analysis::RunAnalysis& run);

// What the collectors had to say.
Sheet messageSheet(const analysis::RunAnalysis& run);

// Why a run shows no timing, or an empty text where it does.
QString timingReason(const analysis::RunAnalysis& run);

}  // namespace flashcore::gui
