#include "app/gui/models/session_model.h"

#include <algorithm>

#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

auto runAt(std::vector<store::RunSummary>& runs, core::RowId id) {
  return std::lower_bound(runs.begin(), runs.end(), id,
                          [](const store::RunSummary& run, core::RowId wanted) { return run.id < wanted; });
}

bool sameShown(const store::SessionSummary& a, const store::SessionSummary& b) {
  return a.run_count == b.run_count && a.devices == b.devices && a.subjects == b.subjects;
}

}  // namespace

// A session's index has no pointer, a run's that of its session, which stays where it is when others come.
SessionModel::Session* SessionModel::at(const QModelIndex& index) const {
  if (!index.isValid() || index.internalPointer() != nullptr) return nullptr;
  return sessions_[static_cast<std::size_t>(index.row())].get();
}

SessionModel::Session* SessionModel::find(core::RowId id) const {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [id](const auto& session) { return session->summary.session.id == id; });
  return found == sessions_.end() ? nullptr : found->get();
}

const store::SessionSummary* SessionModel::session(core::RowId id) const {
  const Session* found = find(id);
  return found ? &found->summary : nullptr;
}

std::vector<core::RowId> SessionModel::openedSessions() const {
  std::vector<core::RowId> ids;
  for (const auto& session : sessions_) {
    if (session->opened) ids.push_back(session->summary.session.id);
  }
  return ids;
}

void SessionModel::setSessions(const store::SessionPage& first) {
  beginResetModel();
  sessions_.clear();
  verdicts_.clear();
  for (const auto& summary : first.sessions) {
    auto session = std::make_unique<Session>();
    session->summary = summary;
    session->row = sessionCount();
    sessions_.push_back(std::move(session));
  }
  more_ = first.more;
  fetching_ = false;
  endResetModel();
}

void SessionModel::insertSessions(int row, const std::vector<const store::SessionSummary*>& summaries) {
  if (summaries.empty()) return;
  beginInsertRows({}, row, row + static_cast<int>(summaries.size()) - 1);
  std::vector<std::unique_ptr<Session>> fresh;
  for (const auto* summary : summaries) {
    fresh.push_back(std::make_unique<Session>());
    fresh.back()->summary = *summary;
  }
  sessions_.insert(sessions_.begin() + row, std::make_move_iterator(fresh.begin()),
                   std::make_move_iterator(fresh.end()));
  for (int i = 0; i < sessionCount(); ++i) sessions_[static_cast<std::size_t>(i)]->row = i;
  endInsertRows();
}

void SessionModel::bringUpToDate(Session& session, const store::SessionSummary& summary) {
  if (sameShown(session.summary, summary)) return;
  const bool firstRun = session.summary.run_count == 0 && summary.run_count > 0;
  if (session.opened && summary.run_count > static_cast<int>(session.runs.size())) session.more = true;
  session.summary = summary;
  const QModelIndex changed = createIndex(session.row, 0, nullptr);
  Q_EMIT dataChanged(changed, changed.siblingAtColumn(ColumnCount - 1));
  // A view asks for children once; that it may be opened now is a matter of layout.
  if (firstRun) Q_EMIT layoutChanged();
}

void SessionModel::updateSessions(const store::SessionPage& first) {
  std::vector<const store::SessionSummary*> fresh;
  bool meets = sessions_.empty() && !first.more;
  for (const auto& summary : first.sessions) {
    if (Session* known = find(summary.session.id)) {
      bringUpToDate(*known, summary);
      meets = true;
    } else if (sessions_.empty() || summary.session.id > sessions_.front()->summary.session.id) {
      fresh.push_back(&summary);
    }
  }
  if (!meets) {
    setSessions(first);
    return;
  }
  insertSessions(0, fresh);
}

void SessionModel::appendSessions(const store::SessionPage& next) {
  fetching_ = false;
  more_ = next.more;
  std::vector<const store::SessionSummary*> fresh;
  for (const auto& summary : next.sessions) {
    if (!find(summary.session.id)) fresh.push_back(&summary);
  }
  insertSessions(sessionCount(), fresh);
}

void SessionModel::appendRuns(core::RowId id, const store::RunPage& next) {
  Session* session = find(id);
  if (!session) return;
  session->fetching = false;
  session->more = next.more;
  const core::RowId last = session->runs.empty() ? 0 : session->runs.back().id;
  std::vector<store::RunSummary> fresh;
  std::copy_if(next.runs.begin(), next.runs.end(), std::back_inserter(fresh),
               [last](const auto& run) { return run.id > last; });
  if (fresh.empty()) return;
  const int from = static_cast<int>(session->runs.size());
  beginInsertRows(createIndex(session->row, 0, nullptr), from, from + static_cast<int>(fresh.size()) - 1);
  std::move(fresh.begin(), fresh.end(), std::back_inserter(session->runs));
  endInsertRows();
}

void SessionModel::updateRuns(core::RowId id, const store::RunPage& newest) {
  Session* session = find(id);
  if (!session || !session->opened || session->fetching || newest.runs.empty()) return;
  for (const auto& run : newest.runs) {
    const auto known = runAt(session->runs, run.id);
    if (known == session->runs.end() || known->id != run.id) continue;
    *known = run;
    const int row = static_cast<int>(known - session->runs.begin());
    Q_EMIT dataChanged(createIndex(row, 0, session), createIndex(row, ColumnCount - 1, session));
  }
  const core::RowId last = session->runs.empty() ? 0 : session->runs.back().id;
  // Where the page does not reach back to what is here, the runs between are fetched in their turn.
  if (newest.more && newest.runs.front().id > last) {
    session->more = true;
    return;
  }
  appendRuns(id, {newest.runs, false});
}

void SessionModel::fetchFailed() {
  fetching_ = false;
  for (auto& session : sessions_) {
    session->fetching = false;
    if (session->runs.empty()) session->opened = false;
  }
}

void SessionModel::verdictsChanged(const Session& session) {
  if (session.runs.empty()) return;
  const int last = static_cast<int>(session.runs.size()) - 1;
  Q_EMIT dataChanged(createIndex(0, VerdictColumn, &session), createIndex(last, VerdictColumn, &session));
}

void SessionModel::setBase(const QString& name, const ComparisonBase& base) {
  baseName_ = name;
  base_ = base;
  verdicts_.clear();
  for (const auto& known : sessions_) verdictsChanged(*known);
  Q_EMIT headerDataChanged(Qt::Horizontal, VerdictColumn, VerdictColumn);
}

void SessionModel::setVerdicts(const SessionVerdicts& verdicts) {
  if (baseName_.isEmpty()) return;
  verdicts_.insert_or_assign(verdicts.session, verdicts);
  if (const Session* session = find(verdicts.session)) verdictsChanged(*session);
}

const RunVerdict* SessionModel::verdict(core::RowId run) const {
  for (const auto& [session, verdicts] : verdicts_) {
    const auto found =
        std::lower_bound(verdicts.runs.begin(), verdicts.runs.end(), run,
                         [](const RunVerdict& known, core::RowId wanted) { return known.run < wanted; });
    if (found != verdicts.runs.end() && found->run == run) return &*found;
  }
  return nullptr;
}

QString SessionModel::verdictReason(core::RowId session) const {
  const auto known = verdicts_.find(session);
  return known == verdicts_.end() ? QString() : oneLine(known->second.reason, 400);
}

QModelIndex SessionModel::indexOfSession(core::RowId id) const {
  const Session* session = find(id);
  return session ? createIndex(session->row, 0, nullptr) : QModelIndex();
}

QModelIndex SessionModel::indexOfRun(core::RowId id) const {
  for (const auto& session : sessions_) {
    const auto run = runAt(session->runs, id);
    if (run == session->runs.end() || run->id != id) continue;
    return createIndex(static_cast<int>(run - session->runs.begin()), 0, session.get());
  }
  return {};
}

QModelIndex SessionModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, at(parent));
}

QModelIndex SessionModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalPointer() == nullptr) return {};
  return createIndex(static_cast<const Session*>(child.internalPointer())->row, 0, nullptr);
}

int SessionModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return sessionCount();
  const Session* session = at(parent);
  return session && parent.column() == 0 ? static_cast<int>(session->runs.size()) : 0;
}

int SessionModel::columnCount(const QModelIndex&) const {
  return ColumnCount;
}

bool SessionModel::hasChildren(const QModelIndex& parent) const {
  if (!parent.isValid()) return !sessions_.empty();
  const Session* session = at(parent);
  // Before its runs have been read a session says by its count that it can be opened.
  return session && parent.column() == 0 && (!session->runs.empty() || session->summary.run_count > 0);
}

bool SessionModel::canFetchMore(const QModelIndex& parent) const {
  const Session* session = at(parent);
  return session && !session->opened && session->summary.run_count > 0;
}

void SessionModel::fetchMore(const QModelIndex& parent) {
  if (canFetchMore(parent)) nextPage(parent);
}

void SessionModel::nextPage(const QModelIndex& parent) {
  if (!parent.isValid()) {
    if (!more_ || fetching_) return;
    fetching_ = true;
    Q_EMIT sessionsWanted(sessions_.empty() ? 0 : sessions_.back()->summary.session.id);
    return;
  }
  Session* session = at(parent);
  if (!session || !session->more || session->fetching) return;
  session->fetching = true;
  session->opened = true;
  Q_EMIT runsWanted(session->summary.session.id, session->runs.empty() ? 0 : session->runs.back().id);
}

}  // namespace flashcore::gui
