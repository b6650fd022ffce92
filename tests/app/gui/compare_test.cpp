// The base of comparison: chosen in a real window, shown in the tree's last column and in the head line.
#include <gtest/gtest.h>

#include <QAction>
#include <QHeaderView>
#include <QMenu>
#include <QMenuBar>

#include "app/gui/models/theme.h"
#include "app/gui/models/verdict_text.h"
#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

// Two sessions of baseline and wmma on mission: in the second one wmma is a fifth slower.
struct TwoSessions {
  core::RowId before = 0, after = 0;
  std::vector<core::RowId> first, second;  // baseline, wmma
};

TwoSessions writeTwo(const QString& path) {
  auto store = store::Store::open(path.toStdString());
  EXPECT_TRUE(store);
  TwoSessions ids;
  for (const double wmma : {40.0, 48.0}) {
    core::SessionRecord session = makeSession();
    auto& runs = wmma < 45 ? ids.first : ids.second;
    for (const auto& [phase, rung, us] : {std::tuple{"baseline", 1, 200.0}, std::tuple{"wmma", 2, wmma}}) {
      core::RunRecord run = makeRun({.phase = phase, .rung = rung, .p50_us = us});
      EXPECT_TRUE(store->write_run(session, run));
      runs.push_back(run.id);
    }
    (wmma < 45 ? ids.before : ids.after) = session.id;
  }
  return ids;
}

class CompareTest : public WindowTest {
 protected:
  void openTwo() {
    makeWindow();
    ids_ = writeTwo(file("two.db"));
    openFile("two.db");
    for (const core::RowId session : {ids_.before, ids_.after})
      rowOfRun(session, session == ids_.before ? ids_.first.front() : ids_.second.front());
  }
  QString verdict(core::RowId run) const {
    return window_->sessions()
        ->indexOfRun(run)
        .siblingAtColumn(SessionModel::VerdictColumn)
        .data()
        .toString();
  }
  QString heading() const {
    return window_->sessions()->headerData(SessionModel::VerdictColumn, Qt::Horizontal).toString();
  }
  bool columnShown() const { return !tree()->isColumnHidden(SessionModel::VerdictColumn); }
  // Picks an entry of the Compare menu, as it is for what is selected.
  void pick(const QString& start) {
    auto* menu = child<QMenu>("compareMenu");
    ASSERT_NE(menu, nullptr);
    Q_EMIT menu->aboutToShow();
    for (QAction* action : menu->actions()) {
      if (!action->text().remove(QLatin1Char('&')).startsWith(start)) continue;
      ASSERT_TRUE(action->isEnabled()) << start.toStdString();
      action->trigger();
      return;
    }
    FAIL() << "no entry " << start.toStdString();
  }

  TwoSessions ids_;
};

TEST_F(CompareTest, WithoutABaseThereIsNoColumn) {
  openTwo();
  EXPECT_FALSE(columnShown());
  EXPECT_TRUE(labelText("runVerdict").isEmpty());
}

TEST_F(CompareTest, ASessionIsTheBaseOfTheOthers) {
  openTwo();
  showRun(ids_.before, ids_.first[1]);
  pick(QStringLiteral("Compare with session #%1").arg(ids_.before));
  EXPECT_TRUE(columnShown());
  EXPECT_EQ(heading(), QStringLiteral("Against session #%1").arg(ids_.before));
  EXPECT_EQ(verdict(ids_.first[1]), QStringLiteral("base"));
  ASSERT_TRUE(wait([&] { return !verdict(ids_.second[1]).isEmpty(); }));
  EXPECT_EQ(verdict(ids_.second[1]), QStringLiteral("SLOWER 20.0 %"));
  // One process a side of equal times: never a change, however sure that is.
  EXPECT_FALSE(verdict(ids_.second[0]).isEmpty());
  EXPECT_FALSE(verdict(ids_.second[0]).contains(QStringLiteral("ER ")))
      << verdict(ids_.second[0]).toStdString();
  showRun(ids_.after, ids_.second[1]);
  EXPECT_TRUE(labelText("runVerdict").contains(QStringLiteral("SLOWER")))
      << labelText("runVerdict").toStdString();
  EXPECT_TRUE(labelText("runVerdict").startsWith(QStringLiteral("Against session #%1").arg(ids_.before)));
}

TEST_F(CompareTest, ARunIsTheBaseOfTheOtherPhases) {
  openTwo();
  showRun(ids_.before, ids_.first[0]);
  pick(QStringLiteral("Compare with run %1").arg(ids_.first[0]));
  EXPECT_EQ(verdict(ids_.first[0]), QStringLiteral("base"));
  ASSERT_TRUE(wait([&] { return !verdict(ids_.first[1]).isEmpty(); }));
  EXPECT_EQ(verdict(ids_.first[1]), QStringLiteral("FASTER 80.0 %"));
  EXPECT_EQ(labelText("runVerdict"), QStringLiteral("The base of comparison"));
  pick(QStringLiteral("Compare with nothing"));
  EXPECT_FALSE(columnShown());
  EXPECT_TRUE(verdict(ids_.first[1]).isEmpty());
  EXPECT_TRUE(labelText("runVerdict").isEmpty());
}

TEST_F(CompareTest, WhatCannotBeComparedSaysWhy) {
  openTwo();
  core::RowId other = 0;
  {
    auto store = store::Store::open(file("two.db").toStdString());
    ASSERT_TRUE(store);
    core::SessionRecord session = makeSession();
    core::RunRecord run = makeRun({.phase = "wmma", .problem = "tiny"});
    ASSERT_TRUE(store->write_run(session, run));
    other = session.id;
  }
  window_->database()->reload(window_->sessions()->openedSessions());
  ASSERT_TRUE(wait([&] { return window_->sessions()->session(other) != nullptr; }));
  window_->setBase(other, 0);
  ASSERT_TRUE(wait([&] { return !window_->sessions()->verdictReason(ids_.after).isEmpty(); }));
  EXPECT_TRUE(verdict(ids_.second[1]).isEmpty());
  const QString tip = window_->sessions()
                          ->indexOfRun(ids_.second[1])
                          .siblingAtColumn(SessionModel::VerdictColumn)
                          .data(Qt::ToolTipRole)
                          .toString();
  EXPECT_FALSE(tip.isEmpty());
  EXPECT_TRUE(window_->banner()->message().isEmpty()) << window_->banner()->message().toStdString();
}

TEST_F(CompareTest, AnotherFileForgetsTheBase) {
  openTwo();
  window_->setBase(ids_.before, 0);
  EXPECT_TRUE(columnShown());
  writeSample(file("runs.db").toStdString());
  openFile("runs.db");
  EXPECT_FALSE(columnShown());
}

TEST(VerdictText, SaysTheWordAndTheChange) {
  const auto text = [](analysis::Verdict verdict, std::optional<double> change) {
    return verdictText({1, verdict, change, ""}).toStdString();
  };
  EXPECT_EQ(text(analysis::Verdict::kFaster, -0.0212), "FASTER 2.1 %");
  EXPECT_EQ(text(analysis::Verdict::kSlower, 0.5), "SLOWER 50.0 %");
  EXPECT_EQ(text(analysis::Verdict::kSame, 0.001), "SAME");
  EXPECT_EQ(text(analysis::Verdict::kAmbiguous, 0.02), "AMBIGUOUS");
}

}  // namespace
}  // namespace flashcore::gui::test
