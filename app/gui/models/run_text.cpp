#include "app/gui/models/run_text.h"

#include <QCoreApplication>
#include <algorithm>
#include <tuple>

#include "analysis/units.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("flashcore::gui::RunText", text);
}

}  // namespace

QString answerObjection(core::Answer answer) {
  switch (answer) {
    case core::Answer::kWrong: return tr("wrong answer");
    case core::Answer::kUnchecked: return tr("unchecked");
    case core::Answer::kRight:
    case core::Answer::kDoesNotApply: break;
  }
  return {};
}

QString answerText(core::Answer answer) {
  switch (answer) {
    case core::Answer::kRight: return tr("answer right");
    case core::Answer::kWrong: return tr("WRONG ANSWER: no timing shown");
    case core::Answer::kUnchecked: return tr("answer unchecked: no timing shown");
    case core::Answer::kDoesNotApply: return tr("no answer to check");
  }
  return {};
}

QColor answerColour(core::Answer answer, const Theme& theme) {
  switch (answer) {
    case core::Answer::kRight: return theme.good;
    case core::Answer::kWrong: return theme.bad;
    case core::Answer::kUnchecked: return theme.warning;
    case core::Answer::kDoesNotApply: break;
  }
  return theme.muted;
}

std::optional<ShownTime> shownTime(const store::RunSummary& run) {
  if (!core::times_are_results(run.answer)) return std::nullopt;
  if (run.graph_p50_ns) return ShownTime{*run.graph_p50_ns, tr("graph p50"), false};
  if (run.launch_p50_ns) return ShownTime{*run.launch_p50_ns, tr("p50 of single launches"), false};
  if (run.counted_ns) return ShownTime{*run.counted_ns, tr("reported time"), true};
  return std::nullopt;
}

QString timeText(const store::RunSummary& run) {
  if (const QString objection = answerObjection(run.answer); !objection.isEmpty()) return objection;
  const auto time = shownTime(run);
  return time ? toText(analysis::format_duration_ns(time->ns)) : tr("no timing");
}

QString cacheText(std::optional<core::CacheState> cache) {
  return cache == core::CacheState::kCold ? tr("cold caches") : QString();
}

QString problemText(const std::optional<core::Problem>& problem, std::optional<core::CacheState> cache) {
  const QString text = problem ? oneLine(core::problem_label(*problem), 120) : tr("no problem");
  const QString caches = cacheText(cache);
  return caches.isEmpty() ? text : QStringLiteral("%1, %2").arg(text, caches);
}

QString shortProblemText(const store::RunSummary& run) {
  const QString text = run.problem ? oneLine(core::problem_label(*run.problem), 120) : QString();
  if (run.cache != core::CacheState::kCold) return text;
  return text.isEmpty() ? tr("cold") : tr("%1, cold").arg(text);
}

QString deviceText(const std::string& name) {
  return name.empty() ? tr("device unknown") : oneLine(name, 80);
}

QString originBadge(core::Origin origin) {
  switch (origin) {
    case core::Origin::kRecording: return tr("RECORDING");
    case core::Origin::kImport: return tr("IMPORT");
    case core::Origin::kLive: break;
  }
  return {};
}

bool sameGroup(const store::RunSummary& a, const store::RunSummary& b) {
  return a.problem == b.problem && a.device == b.device && a.cache == b.cache;
}

bool ladderLess(const store::RunSummary& a, const store::RunSummary& b) {
  const auto key = [](const store::RunSummary& run) {
    const core::LadderRecord ladder = run.ladder.value_or(core::LadderRecord{});
    return std::make_tuple(!run.ladder.has_value(), ladder.reference, ladder.rung, run.id);
  };
  return key(a) < key(b);
}

}  // namespace flashcore::gui
