// The models by themselves: structure under QAbstractItemModelTester, and what they say.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <cmath>

#include "app/gui/models/run_text.h"
#include "app/gui/models/session_model.h"
#include "app/gui/models/sheet_model.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "loaded_sample.h"

namespace flashcore::gui::test {
namespace {

using Mode = QAbstractItemModelTester::FailureReportingMode;

store::SessionSummary session(core::RowId id, int runs = 2) {
  store::SessionSummary summary;
  summary.session = makeSession();
  summary.session.id = id;
  summary.run_count = runs;
  return summary;
}

store::RunSummary run(core::RowId id, core::RowId session_id = 1) {
  store::RunSummary summary;
  summary.id = id;
  summary.session_id = session_id;
  summary.subject = "wmma";
  summary.device = "NVIDIA H200";
  summary.answer = core::Answer::kRight;
  summary.graph_p50_ns = 60'000.0;
  return summary;
}

// A model with one session whose runs are all there.
void fill(SessionModel& model, const std::vector<store::RunSummary>& runs) {
  model.setSessions({{session(1, static_cast<int>(runs.size()))}, false});
  model.fetchMore(model.index(0, 0));
  model.appendRuns(1, {runs, false});
}

QString shown(const QAbstractItemModel& model, const QModelIndex& index, int column) {
  return model.data(index.siblingAtColumn(column)).toString();
}

TEST(SessionModel, KeepsTheRulesOfAModelWhilePagesCome) {
  SessionModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  model.setSessions({{session(5), session(4, 3)}, true});
  EXPECT_EQ(model.rowCount(), 2);
  EXPECT_EQ(model.rowCount(model.index(1, 0)), 0);
  EXPECT_TRUE(model.hasChildren(model.index(1, 0)));
  model.nextPage(model.index(1, 0));
  model.appendRuns(4, {{run(1, 4), run(2, 4)}, true});
  model.nextPage(model.index(1, 0));
  model.appendRuns(4, {{run(3, 4)}, false});
  EXPECT_EQ(model.rowCount(model.index(1, 0)), 3);
  const QPersistentModelIndex kept = model.indexOfRun(2);
  model.appendSessions({{session(3)}, false});
  model.updateSessions({{session(6), session(5), session(4, 3)}, true});
  EXPECT_EQ(model.rowCount(), 4);
  EXPECT_EQ(kept.data(SessionModel::RunIdRole).toLongLong(), 2);
  EXPECT_EQ(kept.parent(), model.indexOfSession(4));
  EXPECT_EQ(kept.parent().row(), 2);
  model.setSessions({{session(9)}, false});
  EXPECT_FALSE(kept.isValid());
  model.setSessions({});
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(SessionModel, AsksForOnePageAtATime) {
  SessionModel model;
  std::vector<std::pair<core::RowId, core::RowId>> asked;
  int sessionsAsked = 0;
  QObject::connect(&model, &SessionModel::runsWanted,
                   [&](core::RowId session, core::RowId after) { asked.emplace_back(session, after); });
  QObject::connect(&model, &SessionModel::sessionsWanted, [&](core::RowId before) {
    ++sessionsAsked;
    EXPECT_EQ(before, 4);
  });
  model.setSessions({{session(5, 300), session(4)}, true});
  const QModelIndex top = model.index(0, 0);
  EXPECT_TRUE(model.canFetchMore(top));
  model.fetchMore(top);
  model.fetchMore(top);
  model.nextPage(top);
  EXPECT_EQ(asked.size(), 1U);  // the answer has not come yet
  model.appendRuns(5, {{run(1, 5), run(2, 5)}, true});
  EXPECT_FALSE(model.canFetchMore(top));  // what a layout of the view would call again and again
  model.nextPage(top);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[1], std::make_pair(core::RowId{5}, core::RowId{2}));
  EXPECT_FALSE(model.canFetchMore({}));
  model.nextPage({});
  model.nextPage({});
  EXPECT_EQ(sessionsAsked, 1);
  model.fetchFailed();
  model.nextPage({});
  EXPECT_EQ(sessionsAsked, 2);
}

TEST(SessionModel, ANewerPageBringsWhatIsThereUpToDate) {
  SessionModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  fill(model, {run(1), run(2)});
  auto changed = run(2);
  changed.answer = core::Answer::kWrong;
  model.updateRuns(1, {{changed, run(3)}, true});
  EXPECT_EQ(model.rowCount(model.index(0, 0)), 3);
  EXPECT_EQ(shown(model, model.indexOfRun(2), SessionModel::TimeColumn), QStringLiteral("wrong answer"));
  // A page that does not reach back to what is here leaves a gap, which is fetched and not skipped.
  model.updateRuns(1, {{run(8), run(9)}, true});
  EXPECT_EQ(model.rowCount(model.index(0, 0)), 3);
  core::RowId after = 0;
  QObject::connect(&model, &SessionModel::runsWanted, [&](core::RowId, core::RowId from) { after = from; });
  model.nextPage(model.index(0, 0));
  EXPECT_EQ(after, 3);
}

TEST(SessionModel, MoreNewSessionsThanAPageStartItAnew) {
  SessionModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  fill(model, {run(1)});
  model.updateSessions({{session(60), session(59)}, true});
  EXPECT_EQ(model.rowCount(), 2);
  EXPECT_FALSE(model.indexOfSession(1).isValid());
}

TEST(SessionModel, WrongAndUncheckedRunsShowNoTime) {
  auto wrong = run(2), unchecked = run(3), import = run(4), none = run(5);
  wrong.answer = core::Answer::kWrong;
  unchecked.answer = core::Answer::kUnchecked;
  import.answer = core::Answer::kDoesNotApply;
  import.graph_p50_ns.reset();
  import.counted_ns = 7'000.0;
  none.graph_p50_ns.reset();
  SessionModel model;
  fill(model, {run(1), wrong, unchecked, import, none});
  const auto time = [&](core::RowId id) {
    return shown(model, model.indexOfRun(id), SessionModel::TimeColumn);
  };
  EXPECT_TRUE(time(1).contains(QStringLiteral("60")));
  EXPECT_EQ(time(2), QStringLiteral("wrong answer"));
  EXPECT_EQ(time(3), QStringLiteral("unchecked"));
  EXPECT_TRUE(time(4).contains(QStringLiteral("7"))) << time(4).toStdString();
  EXPECT_EQ(time(5), QStringLiteral("no timing"));
}

TEST(SessionModel, SaysWhatWasImportedAndWhatReplayed) {
  auto import = session(2), recording = session(1);
  import.session = makeSession(core::Origin::kImport);
  import.session.id = 2;
  recording.session = makeSession(core::Origin::kRecording);
  recording.session.id = 1;
  SessionModel model;
  model.setSessions({{import, recording}, false});
  EXPECT_TRUE(shown(model, model.index(0, 0), 0).contains(QStringLiteral("IMPORT")));
  EXPECT_TRUE(model.index(0, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("kernels.csv")));
  EXPECT_TRUE(shown(model, model.index(1, 0), 0).contains(QStringLiteral("RECORDING")));
}

TEST(SessionModel, HostileNamesStayTextOnOneLine) {
  auto hostile = run(1);
  hostile.subject = "<script>alert(1)</script>\n" + std::string(10'000, 'x');
  SessionModel model;
  fill(model, {hostile});
  const QString name = shown(model, model.indexOfRun(1), SessionModel::NameColumn);
  EXPECT_LE(name.size(), 200);
  EXPECT_FALSE(name.contains(QLatin1Char('\n')));
  hostile.subject_title = hostile.subject;
  fill(model, {hostile});
  EXPECT_FALSE(model.indexOfRun(1).data(Qt::ToolTipRole).toString().contains(QStringLiteral("<script>")));
}

TEST(SheetModel, KeepsTheRulesOfAModelThroughResets) {
  SheetModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  const auto loaded = loadedRun({{}});
  for (const auto& sheet : *loaded->sheets) {
    model.setSheet(sheet);
    EXPECT_GT(model.rowCount(), 0) << sheet.id;
    const QModelIndex first = model.index(0, 0);
    if (model.rowCount(first) == 0) {
      const QString none = QString::fromStdString(sheet.sections[0].description);
      EXPECT_FALSE(none.isEmpty()) << sheet.id;
      EXPECT_TRUE(first.data().toString().endsWith(none)) << sheet.id;
    }
  }
  model.setSheet({});
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(SheetModel, ShowsRowsWithReasonsInTheirColours) {
  analysis::Sheet sheet{"x", "X", {{"s", "Section", "About it", {}}}};
  sheet.sections[0].rows.push_back(
      {"a", "First", "missing", "nobody took it", "", analysis::RowState::kMissing});
  sheet.sections[0].rows.push_back({"b", "<b>Second</b>\n", "1\x1b[31m", "", "<i>tip</i>", {}});
  SheetModel model;
  model.setSheet(sheet);
  const QModelIndex first = model.index(0, 0, model.index(0, 0)), second = first.siblingAtRow(1);
  EXPECT_EQ(shown(model, first, SheetModel::ValueColumn), QStringLiteral("missing"));
  EXPECT_EQ(shown(model, first, SheetModel::NoteColumn), QStringLiteral("nobody took it"));
  EXPECT_TRUE(first.siblingAtColumn(SheetModel::ValueColumn).data(Qt::ForegroundRole).isValid());
  EXPECT_FALSE(second.siblingAtColumn(SheetModel::ValueColumn).data(Qt::ForegroundRole).isValid());
  EXPECT_FALSE(shown(model, second, SheetModel::NameColumn).contains(QLatin1Char('\n')));
  EXPECT_FALSE(shown(model, second, SheetModel::ValueColumn).contains(QLatin1Char('\x1b')));
  EXPECT_FALSE(second.data(Qt::ToolTipRole).toString().contains(QStringLiteral("<i>tip")));
}

TEST(RunText, SaysForEveryAnswerWhetherItsTimeIsShown) {
  for (const auto& [answer, name] : core::kNames<core::Answer>) {
    auto summary = run(1);
    summary.answer = answer;
    EXPECT_EQ(shownTime(summary).has_value(), core::times_are_results(answer)) << name;
    EXPECT_EQ(answerObjection(answer).isEmpty(), core::times_are_results(answer)) << name;
    EXPECT_FALSE(answerText(answer).isEmpty()) << name;
  }
}

TEST(RunText, RunsStandBesideThoseOfTheirProblemAndDevice) {
  auto a = run(1), b = run(2), c = run(3);
  EXPECT_TRUE(sameGroup(a, b));  // neither names a problem
  b.problem = *core::parse_problem("mission");
  EXPECT_FALSE(sameGroup(a, b));
  a.problem = *core::parse_problem("1,8,512,64");
  EXPECT_TRUE(sameGroup(a, b));
  a.problem = *core::parse_problem("mission,bf16");
  EXPECT_FALSE(sameGroup(a, b));
  c.device = "another";
  EXPECT_FALSE(sameGroup(run(1), c));
  auto warm = run(1), cold = run(2), unknown = run(3);
  warm.cache = core::CacheState::kWarm;
  cold.cache = core::CacheState::kCold;
  EXPECT_FALSE(sameGroup(warm, cold));
  EXPECT_FALSE(sameGroup(warm, unknown));
  EXPECT_TRUE(sameGroup(cold, cold));
}

TEST(RunText, ColdCachesAreSaidWithTheProblem) {
  auto cold = run(1);
  cold.problem = *core::parse_problem("mission,causal");
  cold.cache = core::CacheState::kCold;
  EXPECT_EQ(problemText(cold.problem, cold.cache), QStringLiteral("mission,causal, cold caches"));
  EXPECT_EQ(problemText(cold.problem, core::CacheState::kWarm), QStringLiteral("mission,causal"));
  EXPECT_EQ(problemText(cold.problem, std::nullopt), QStringLiteral("mission,causal"));
  SessionModel model;
  fill(model, {cold, run(2)});
  EXPECT_EQ(shown(model, model.indexOfRun(1), SessionModel::ProblemColumn),
            QStringLiteral("mission,causal, cold"));
  EXPECT_TRUE(model.indexOfRun(1).data(Qt::ToolTipRole).toString().contains(QStringLiteral("cold caches")));
  EXPECT_FALSE(model.indexOfRun(2).data(Qt::ToolTipRole).toString().contains(QStringLiteral("cold")));
}

TEST(Text, LinesAreCutAndCleaned) {
  EXPECT_EQ(oneLine(std::string_view("a\tb\x1b[0m")), QStringLiteral("a b [0m"));
  EXPECT_EQ(oneLine(std::string_view("0123456789"), 5).size(), 5);
  EXPECT_EQ(oneLine(std::string_view("\xff\xfe")).size(), 2);  // no UTF-8: replaced, not lost
  EXPECT_EQ(shortTime("2026-01-31T12:00:00Z"), QStringLiteral("2026-01-31 12:00"));
  EXPECT_EQ(shortTime("yesterday"), QStringLiteral("yesterday"));
}

double luminance(const QColor& colour) {
  const auto channel = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * channel(colour.redF()) + 0.7152 * channel(colour.greenF()) +
         0.0722 * channel(colour.blueF());
}

double contrast(const QColor& a, const QColor& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(Theme, TextColoursCanBeReadInLightAndDark) {
  for (const QPalette& palette : {lightPalette(), darkPalette()}) {
    const Theme theme = themeOf(palette);
    for (const QColor& colour : {theme.text, theme.muted, theme.compute, theme.bandwidth, theme.busiest,
                                 theme.good, theme.warning, theme.bad}) {
      EXPECT_GE(contrast(colour, theme.base), 4.5) << colour.name().toStdString();
    }
    EXPECT_GE(contrast(theme.recordingText, theme.recording), 4.5);
    for (const QColor& mark : {theme.ladder, theme.reference}) EXPECT_GE(contrast(mark, theme.base), 3.0);
  }
  EXPECT_TRUE(themeOf(darkPalette()).dark);
  EXPECT_FALSE(themeOf(lightPalette()).dark);
}

}  // namespace
}  // namespace flashcore::gui::test
