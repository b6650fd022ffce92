// What the rows of the session tree say.
#include <QFont>
#include <QGuiApplication>

#include "app/gui/models/run_text.h"
#include "app/gui/models/session_model.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/gui/models/verdict_text.h"

namespace flashcore::gui {
namespace {

QString runToolTip(const store::RunSummary& run) {
  QString text = run.subject_title.empty() ? oneLine(run.subject, 300) : oneLine(run.subject_title, 200);
  text += QLatin1Char('\n') + problemText(run.problem, run.cache) + SessionModel::tr(" on ") +
          deviceText(run.device);
  text += SessionModel::tr("\nRun %1, taken %2 UTC").arg(run.id).arg(shortTime(run.taken_at));
  if (run.origin == core::Origin::kRecording) text += SessionModel::tr(" (a recording)");
  if (run.origin == core::Origin::kImport) text += SessionModel::tr(" (an import)");
  if (const auto time = shownTime(run)) {
    text += SessionModel::tr("\n%1, %2").arg(timeText(run), time->source);
  }
  text += SessionModel::tr("\n%1 counter values").arg(run.counter_count);
  if (run.answer == core::Answer::kWrong) {
    text += SessionModel::tr("\nThe kernel's answer is wrong: its timing is not shown.");
  } else if (run.answer == core::Answer::kUnchecked) {
    text += SessionModel::tr("\nThe kernel's answer was not checked: its timing is not shown.");
  }
  return plainToolTip(text);
}

QString sessionToolTip(const store::SessionSummary& summary) {
  const auto& record = summary.session;
  QString text = SessionModel::tr("Session %1, %2 UTC").arg(record.id).arg(shortTime(record.started_at));
  text += SessionModel::tr("\nDevices: %1\nSubjects: %2")
              .arg(oneLine(summary.devices, 200), oneLine(summary.subjects, 200));
  text += SessionModel::tr("\nCommand: %1").arg(oneLine(record.command, 300));
  if (record.origin == core::Origin::kRecording) {
    text += SessionModel::tr("\nReplayed from the recording %1").arg(oneLine(record.source));
  } else if (record.origin == core::Origin::kImport) {
    text += SessionModel::tr("\nImported from %1").arg(oneLine(record.source));
  }
  for (const auto& [key, value] : record.tags) {
    text += SessionModel::tr("\nTag %1 = %2").arg(oneLine(key, 60), oneLine(value, 120));
  }
  return plainToolTip(text);
}

QFont fontWith(void (QFont::*set)(bool)) {
  QFont font;
  (font.*set)(true);
  return font;
}

}  // namespace

QVariant SessionModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (const Session* session = at(index)) return sessionData(*session, index.column(), role);
  const auto* session = static_cast<const Session*>(index.internalPointer());
  return runData(session->runs[static_cast<std::size_t>(index.row())], index.column(), role);
}

QVariant SessionModel::sessionData(const Session& session, int column, int role) const {
  const auto& record = session.summary.session;
  const QString badge = originBadge(record.origin);
  switch (role) {
    case SessionIdRole: return static_cast<qlonglong>(record.id);
    case RunIdRole: return qlonglong{0};
    case Qt::DisplayRole:
      // One text over all columns (the tree spans it): what matters most stays when it is cut.
      if (column != NameColumn) return {};
      return tr("#%1  %2%3  %4")
          .arg(record.id)
          .arg(shortTime(record.started_at), badge.isEmpty() ? QString() : QStringLiteral("  ") + badge,
               countOf(session.summary.run_count, "run", "runs"));
    case Qt::ToolTipRole: return sessionToolTip(session.summary);
    case Qt::FontRole: return column == NameColumn ? QVariant(fontWith(&QFont::setBold)) : QVariant();
    case Qt::ForegroundRole:
      if (badge.isEmpty()) return {};
      return themeOf(QGuiApplication::palette()).warning;
    default: return {};
  }
}

bool SessionModel::isBase(const store::RunSummary& run) const {
  return base_.run != 0 ? run.id == base_.run : base_.session != 0 && run.session_id == base_.session;
}

QVariant SessionModel::verdictData(const store::RunSummary& run, int role) const {
  if (baseName_.isEmpty()) return {};
  const Theme theme = themeOf(QGuiApplication::palette());
  const RunVerdict* known = isBase(run) ? nullptr : verdict(run.id);
  switch (role) {
    case Qt::DisplayRole:
      if (isBase(run)) return tr("base");
      return known ? QVariant(verdictText(*known)) : QVariant();
    case Qt::ForegroundRole: return known ? verdictColour(known->verdict, theme) : theme.muted;
    case Qt::ToolTipRole: {
      if (isBase(run)) return plainToolTip(tr("What the other runs are compared with."));
      if (known) return plainToolTip(tr("Against %1: %2").arg(baseName_, oneLine(known->sentence, 400)));
      const QString reason = verdictReason(run.session_id);
      return plainToolTip(
          reason.isEmpty()
              ? tr("The base (%1) holds nothing that this run can be compared with.").arg(baseName_)
              : reason);
    }
    default: return {};
  }
}

QVariant SessionModel::runData(const store::RunSummary& run, int column, int role) const {
  if (column == VerdictColumn && role < Qt::UserRole) return verdictData(run, role);
  switch (role) {
    case SessionIdRole: return static_cast<qlonglong>(run.session_id);
    case RunIdRole: return static_cast<qlonglong>(run.id);
    case Qt::DisplayRole:
      if (column == NameColumn) return oneLine(run.subject);
      if (column == ProblemColumn) return shortProblemText(run);
      return timeText(run);
    case Qt::ToolTipRole: return runToolTip(run);
    case Qt::FontRole:
      if (column != NameColumn || !run.ladder || !run.ladder->reference) return {};
      return fontWith(&QFont::setItalic);
    case Qt::ForegroundRole:
      if (column != TimeColumn || answerObjection(run.answer).isEmpty()) return {};
      return answerColour(run.answer, themeOf(QGuiApplication::palette()));
    case Qt::TextAlignmentRole:
      if (column == TimeColumn) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
      return {};
    default: return {};
  }
}

QVariant SessionModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case NameColumn: return tr("Session, run (UTC)");
    case ProblemColumn: return tr("Problem");
    case TimeColumn: return tr("p50");
    case VerdictColumn: return baseName_.isEmpty() ? tr("Verdict") : tr("Against %1").arg(baseName_);
    default: return {};
  }
}

}  // namespace flashcore::gui
