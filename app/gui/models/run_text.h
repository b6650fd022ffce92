// What is said of a run in few words: its answer, its time, where it comes from. Tree, head line and plots
// say it through these.
//
// Owns: nothing. Threads: pure functions. Errors: none; what is missing is said.
#pragma once

#include <QColor>
#include <QString>
#include <optional>

#include "app/gui/models/theme.h"
#include "core/records.h"
#include "store/store.h"

namespace flashcore::gui {

// "wrong answer", "unchecked"; empty where nothing stands against the run's times.
QString answerObjection(core::Answer answer);
// For the head line: "answer right", "WRONG ANSWER: no timing shown", ...
QString answerText(core::Answer answer);
QColor answerColour(core::Answer answer, const Theme& theme);

// The time that stands for a run in lists and bars; nothing where its times are no result or there are none.
struct ShownTime {
  double ns = 0;
  QString source;        // "graph p50"
  bool counted = false;  // by a counter pass or as another tool reported it: shown, not compared
};
std::optional<ShownTime> shownTime(const store::RunSummary& run);
// "12.3 µs", or why there is none: "wrong answer".
QString timeText(const store::RunSummary& run);

// "cold caches"; empty for warm ones and where it is not known.
QString cacheText(std::optional<core::CacheState> cache);
// "mission,causal", "mission, cold caches"; "no problem" for a run without one.
QString problemText(const std::optional<core::Problem>& problem, std::optional<core::CacheState> cache);
// "mission, cold": for a narrow column; empty for warm caches and no problem.
QString shortProblemText(const store::RunSummary& run);
// The device's name; "device unknown".
QString deviceText(const std::string& name);

// "RECORDING", "IMPORT"; empty for a live run.
QString originBadge(core::Origin origin);

// Runs of one problem on one class of device, from caches in one state, stand beside one another in the
// plots.
bool sameGroup(const store::RunSummary& a, const store::RunSummary& b);
// By ladder, references after it, then what is on no ladder in the order taken.
bool ladderLess(const store::RunSummary& a, const store::RunSummary& b);

}  // namespace flashcore::gui
