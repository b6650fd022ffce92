#include "app/gui/models/session_model.h"

#include <QFont>
#include <QGuiApplication>
#include <algorithm>
#include <unordered_map>

#include "analysis/units.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

// A session's index has internal id 0; a run's has its session's row + 1.
constexpr quintptr kSessionLevel = 0;

enum class Answer { kRight, kWrong, kUnchecked };

Answer answerOf(const store::RunSummary& run) {
  if (!run.checked) return Answer::kUnchecked;
  return run.correct ? Answer::kRight : Answer::kWrong;
}

QString timeText(const store::RunSummary& run) {
  switch (answerOf(run)) {
    case Answer::kWrong: return SessionModel::tr("wrong answer");
    case Answer::kUnchecked: return SessionModel::tr("unchecked");
    case Answer::kRight: break;
  }
  const auto p50 = run.graph_p50_ns ? run.graph_p50_ns : run.launch_p50_ns;
  return p50 ? toText(analysis::format_duration_ns(*p50)) : SessionModel::tr("no timing");
}

QString runToolTip(const store::RunSummary& run) {
  QString text = oneLine(run.phase_title, 200) + QLatin1Char('\n');
  text += oneLine(core::problem_label(run.problem)) + SessionModel::tr(" on ") + oneLine(run.device);
  text += SessionModel::tr("\nRun %1, taken %2 UTC").arg(run.id).arg(shortTime(run.taken_at));
  if (run.origin == core::Origin::kRecording) text += SessionModel::tr(" (a recording)");
  text += SessionModel::tr("\n%1 counter values").arg(run.counter_count);
  if (answerOf(run) == Answer::kWrong) {
    text += SessionModel::tr("\nThe kernel's answer is wrong: its timing is not shown.");
  } else if (answerOf(run) == Answer::kUnchecked) {
    text += SessionModel::tr("\nThe kernel's answer was not checked: its timing is not shown.");
  }
  return plainToolTip(text);
}

}  // namespace

void SessionModel::setContent(std::vector<store::SessionSummary> sessions,
                              std::vector<store::RunSummary> runs) {
  beginResetModel();
  sessions_.clear();
  std::unordered_map<core::RowId, std::size_t> rows;
  for (auto& summary : sessions) {
    rows.emplace(summary.session.id, sessions_.size());
    sessions_.push_back({std::move(summary), {}});
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (auto& run : runs) {
    if (const auto found = rows.find(run.session_id); found != rows.end()) {
      sessions_[found->second].runs.push_back(std::move(run));
    }
  }
  endResetModel();
}

QModelIndex SessionModel::indexOfSession(core::RowId id) const {
  for (int row = 0; row < sessionCount(); ++row) {
    if (sessions_[static_cast<std::size_t>(row)].summary.session.id == id) {
      return createIndex(row, 0, kSessionLevel);
    }
  }
  return {};
}

QModelIndex SessionModel::indexOfRun(core::RowId id) const {
  for (std::size_t s = 0; s < sessions_.size(); ++s) {
    const auto& runs = sessions_[s].runs;
    for (std::size_t r = 0; r < runs.size(); ++r) {
      if (runs[r].id == id) return createIndex(static_cast<int>(r), 0, static_cast<quintptr>(s + 1));
    }
  }
  return {};
}

QModelIndex SessionModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  if (!parent.isValid()) return createIndex(row, column, kSessionLevel);
  return createIndex(row, column, static_cast<quintptr>(parent.row() + 1));
}

QModelIndex SessionModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == kSessionLevel) return {};
  return createIndex(static_cast<int>(child.internalId()) - 1, 0, kSessionLevel);
}

int SessionModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return sessionCount();
  if (parent.internalId() != kSessionLevel || parent.column() != 0) return 0;
  return static_cast<int>(sessions_[static_cast<std::size_t>(parent.row())].runs.size());
}

int SessionModel::columnCount(const QModelIndex&) const {
  return ColumnCount;
}

QVariant SessionModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (index.internalId() == kSessionLevel) {
    return sessionData(sessions_[static_cast<std::size_t>(index.row())], index.column(), role);
  }
  const Session& session = sessions_[index.internalId() - 1];
  return runData(session.runs[static_cast<std::size_t>(index.row())], index.column(), role);
}

QVariant SessionModel::sessionData(const Session& session, int column, int role) const {
  const auto& record = session.summary.session;
  const bool recording = record.origin == core::Origin::kRecording;
  switch (role) {
    case SessionIdRole: return static_cast<qlonglong>(record.id);
    case RunIdRole: return qlonglong{0};
    case Qt::DisplayRole:
      // One text over all columns (the tree spans it): what matters most stays when it is cut.
      if (column != NameColumn) return {};
      return tr("#%1  %2%3  %4")
          .arg(record.id)
          .arg(shortTime(record.started_at), recording ? tr("  RECORDING") : QString(),
               countOf(session.summary.run_count, "run", "runs"));
    case Qt::ToolTipRole: {
      QString text = tr("Session %1, %2 UTC").arg(record.id).arg(shortTime(record.started_at));
      text += tr("\nDevices: %1\nPhases: %2")
                  .arg(oneLine(session.summary.devices, 200), oneLine(session.summary.phases, 200));
      text += tr("\nCommand: %1").arg(oneLine(record.command, 300));
      if (recording) text += tr("\nReplayed from the recording %1").arg(oneLine(record.recording));
      for (const auto& [key, value] : record.tags) {
        text += tr("\nTag %1 = %2").arg(oneLine(key, 60), oneLine(value, 120));
      }
      return plainToolTip(text);
    }
    case Qt::FontRole:
      if (column == NameColumn) {
        QFont font;
        font.setBold(true);
        return font;
      }
      return {};
    case Qt::ForegroundRole:
      if (recording) return themeOf(QGuiApplication::palette()).warning;
      return {};
    default: return {};
  }
}

QVariant SessionModel::runData(const store::RunSummary& run, int column, int role) const {
  switch (role) {
    case SessionIdRole: return static_cast<qlonglong>(run.session_id);
    case RunIdRole: return static_cast<qlonglong>(run.id);
    case Qt::DisplayRole:
      if (column == NameColumn) return oneLine(run.phase);
      if (column == ProblemColumn) return oneLine(core::problem_label(run.problem));
      return timeText(run);
    case Qt::ToolTipRole: return runToolTip(run);
    case Qt::FontRole:
      if (column == NameColumn && run.reference) {
        QFont font;
        font.setItalic(true);
        return font;
      }
      return {};
    case Qt::ForegroundRole:
      if (column == TimeColumn && answerOf(run) == Answer::kWrong) {
        return themeOf(QGuiApplication::palette()).bad;
      }
      if (column == TimeColumn && answerOf(run) == Answer::kUnchecked) {
        return themeOf(QGuiApplication::palette()).warning;
      }
      return {};
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
    default: return {};
  }
}

}  // namespace flashcore::gui
