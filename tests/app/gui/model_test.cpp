// The models by themselves: structure under QAbstractItemModelTester, and what they say.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <cmath>

#include "app/gui/models/run_sheets.h"
#include "app/gui/models/session_model.h"
#include "app/gui/models/sheet_model.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "loaded_sample.h"

namespace flashcore::gui::test {
namespace {

using Mode = QAbstractItemModelTester::FailureReportingMode;

store::SessionSummary session(core::RowId id) {
  store::SessionSummary summary;
  summary.session = makeSession();
  summary.session.id = id;
  return summary;
}

store::RunSummary run(core::RowId id, core::RowId session_id) {
  store::RunSummary summary;
  summary.id = id;
  summary.session_id = session_id;
  summary.phase = "wmma";
  summary.device = "NVIDIA H200";
  summary.checked = summary.correct = true;
  summary.graph_p50_ns = 60'000.0;
  return summary;
}

QString shown(const QAbstractItemModel& model, const QModelIndex& index, int column) {
  return model.data(index.siblingAtColumn(column)).toString();
}

TEST(SessionModel, KeepsTheRulesOfAModelThroughResets) {
  SessionModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  model.setContent({session(2), session(1)}, {run(3, 2), run(2, 1), run(1, 1)});
  EXPECT_EQ(model.rowCount(), 2);
  EXPECT_EQ(model.rowCount(model.index(1, 0)), 2);
  model.setContent({}, {});
  EXPECT_EQ(model.rowCount(), 0);
  model.setContent({session(1)}, {run(1, 1), run(9, 77)});  // a run without its session is left out
  EXPECT_EQ(model.rowCount(model.index(0, 0)), 1);
}

TEST(SessionModel, FindsRunsAndSessions) {
  SessionModel model;
  model.setContent({session(2), session(1)}, {run(3, 2), run(2, 1), run(1, 1)});
  EXPECT_EQ(model.indexOfRun(2).data(SessionModel::RunIdRole).toLongLong(), 2);
  EXPECT_EQ(model.indexOfRun(2).parent(), model.indexOfSession(1));
  EXPECT_EQ(model.indexOfRun(1).row(), 0);  // in the order taken
  EXPECT_FALSE(model.indexOfRun(99).isValid());
}

TEST(SessionModel, WrongAndUncheckedRunsShowNoTime) {
  auto right = run(1, 1), wrong = run(2, 1), unchecked = run(3, 1);
  wrong.correct = false;
  unchecked.checked = unchecked.correct = false;
  SessionModel model;
  model.setContent({session(1)}, {right, wrong, unchecked});
  EXPECT_TRUE(shown(model, model.indexOfRun(1), SessionModel::TimeColumn).contains(QStringLiteral("60")));
  EXPECT_EQ(shown(model, model.indexOfRun(2), SessionModel::TimeColumn), QStringLiteral("wrong answer"));
  EXPECT_EQ(shown(model, model.indexOfRun(3), SessionModel::TimeColumn), QStringLiteral("unchecked"));
}

TEST(SessionModel, HostileNamesStayTextOnOneLine) {
  auto hostile = run(1, 1);
  hostile.phase = "<script>alert(1)</script>\n" + std::string(10'000, 'x');
  SessionModel model;
  model.setContent({session(1)}, {hostile});
  const QString name = shown(model, model.indexOfRun(1), SessionModel::NameColumn);
  EXPECT_LE(name.size(), 200);
  EXPECT_FALSE(name.contains(QLatin1Char('\n')));
  hostile.phase_title = hostile.phase;
  model.setContent({session(1)}, {hostile});
  EXPECT_FALSE(model.indexOfRun(1).data(Qt::ToolTipRole).toString().contains(QStringLiteral("<script>")));
}

TEST(SheetModel, KeepsTheRulesOfAModelThroughResets) {
  SheetModel model;
  QAbstractItemModelTester tester(&model, Mode::Fatal);
  const auto loaded = loadedSession({{}});
  model.setSheet(metricSheet(loaded->runs[0], *loaded->catalogue));
  EXPECT_GT(model.rowCount(), 1);
  model.setSheet({});
  EXPECT_EQ(model.rowCount(), 0);
  model.setSheet(environmentSheet(loaded->runs[0]));
  EXPECT_GT(model.rowCount(model.index(0, 0)), 0);
}

const SheetRow* findRow(const Sheet& sheet, const QString& name) {
  for (const auto& section : sheet) {
    for (const auto& row : section.rows) {
      if (row.name == name) return &row;
    }
  }
  return nullptr;
}

TEST(RunSheets, EveryMetricIsThereWithAValueOrAReason) {
  const auto loaded = loadedSession({{.counters = false}});
  const Sheet sheet = metricSheet(loaded->runs[0], *loaded->catalogue);
  int missing = 0;
  for (const auto& metric : loaded->catalogue->metrics()) {
    const SheetRow* row = findRow(sheet, oneLine(metric.title));
    ASSERT_NE(row, nullptr) << metric.id;
    EXPECT_FALSE(row->toolTip.isEmpty()) << metric.id;
    if (row->state != SheetState::Missing) continue;
    ++missing;
    EXPECT_FALSE(row->note.isEmpty()) << metric.id;
    EXPECT_EQ(row->value, QStringLiteral("missing"));
  }
  EXPECT_GT(missing, 0);
}

TEST(RunSheets, AWrongAnswerShowsItsErrorAndNoTiming) {
  const auto loaded = loadedSession({{.correct = false}});
  const Sheet sheet = timingSheet(loaded->runs[0]);
  EXPECT_EQ(findRow(sheet, QStringLiteral("p50")), nullptr);
  ASSERT_NE(findRow(sheet, QStringLiteral("Timing")), nullptr);
  EXPECT_TRUE(findRow(sheet, QStringLiteral("Timing"))->note.contains(QStringLiteral("wrong")));
  EXPECT_EQ(findRow(sheet, QStringLiteral("Seed 42"))->state, SheetState::Bad);
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
    for (const QColor& colour :
         {theme.text, theme.muted, theme.compute, theme.bandwidth, theme.good, theme.warning, theme.bad}) {
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
