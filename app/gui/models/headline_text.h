// What the head of a run says beside its time: the share of its problem's limit, the floor of the machine,
// the kernels of its launch, the busiest unit.
//
// Owns: nothing. Threads: pure functions. Errors: none; what is missing is said with its reason. The text is
// plain and on one line; tips may have several.
#pragma once

#include <QString>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::gui {

// "3.7 % of the limit 0.55 µs, by exponentials"; "limit 0.55 µs, by exponentials" where the run has no time
// to compare; empty where nothing is known of a limit.
QString limitText(const analysis::ProblemLimit& limit);
// Each term with its time and where its rate comes from, and why there is no share.
QString limitTip(const analysis::ProblemLimit& limit);

// "an empty kernel takes 0.55 µs here", where the run's p50 is so small that it matters (under twenty times
// of it), else empty.
QString floorText(const analysis::RunAnalysis& run);

// "softmax 52.1 %, 7.8 µs", of one kernel of a launch; "missing" with the reason where it was not counted.
QString kernelText(const analysis::KernelShare& kernel);

// "63 %", "4.2 %"; "missing".
QString percentText(const analysis::ShownValue& share);
// "Tensor: 63.4 % of its own peak, the busiest unit"; "Tensor: missing".
QString unitText(const analysis::SpeedBar& bar);
// Where a value came from, or why it is missing.
QString noteText(const analysis::ShownValue& value);

}  // namespace flashcore::gui
