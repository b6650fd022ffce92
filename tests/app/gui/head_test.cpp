// What the window says of a run before any detail: limit, floor, kernels, caches, strip and chart.
#include <QAbstractButton>

#include "app/gui/kernel_shares_bar.h"
#include "app/gui/memory_chart_view.h"
#include "app/gui/models/headline_text.h"
#include "app/gui/phase_bars_view.h"
#include "app/gui/speed_strip_view.h"
#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

using HeadTest = WindowTest;

TEST_F(HeadTest, TheShareOfTheLimitStandsInTheHead) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmma);
  const auto& limit = window_->view()->loaded()->run->limit;
  ASSERT_TRUE(limit.share.has_value()) << limit.missing;
  const auto* binding = limit.term(limit.binding);
  ASSERT_NE(binding, nullptr);
  const QString text = labelText("runLimit");
  EXPECT_TRUE(text.contains(QStringLiteral("% of the limit"))) << text.toStdString();
  EXPECT_TRUE(text.contains(QString::fromStdString(binding->title))) << text.toStdString();
  for (const auto& term : limit.terms) {
    EXPECT_TRUE(child<QLabel>("runLimit")->toolTip().contains(QString::fromStdString(term.title)));
  }
  // Of a wrong answer there is no share.
  showRun(ids_.recording, ids_.wrong);
  EXPECT_FALSE(labelText("runLimit").contains(QStringLiteral("% of")));
}

TEST_F(HeadTest, TheFloorIsToldWhereItMatters) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmmaTiny);
  EXPECT_TRUE(child<QLabel>("runFloor")->isVisible());
  EXPECT_TRUE(labelText("runFloor").contains(QStringLiteral("empty kernel takes 1.25")))
      << labelText("runFloor").toStdString();
  showRun(ids_.live, ids_.wmma);
  EXPECT_FALSE(child<QLabel>("runFloor")->isVisible());
}

TEST(FloorText, IsForTimesUnderTwentyFloors) {
  analysis::RunAnalysis run;
  EXPECT_TRUE(floorText(run).isEmpty());
  run.floor_ns = 1000;
  run.graph_ns.emplace().p50 = 19'900;
  EXPECT_FALSE(floorText(run).isEmpty());
  run.graph_ns->p50 = 20'100;
  EXPECT_TRUE(floorText(run).isEmpty());
}

TEST_F(HeadTest, TheKernelsOfALaunchShareItsTime) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.cublas);
  const auto* kernels = child<KernelSharesBar>("kernelShares");
  ASSERT_NE(kernels, nullptr);
  EXPECT_TRUE(kernels->isVisible());
  ASSERT_EQ(kernels->shares().size(), 3U);
  EXPECT_NEAR(kernels->shares()[0], 6.0 / 11, 1e-9);  // 1, 1/2 and 1/3 of the first one's time
  for (const char* name : {"attention_cublas_0", "attention_cublas_1", "attention_cublas_2", "54.5 %"}) {
    EXPECT_TRUE(kernels->toolTip().contains(QLatin1String(name))) << kernels->toolTip().toStdString();
  }
  showRun(ids_.live, ids_.wmma);
  EXPECT_FALSE(kernels->isVisible());
}

TEST_F(HeadTest, ColdCachesAreSaidAndComparedWithNothingElse) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmmaCold);
  EXPECT_EQ(labelText("runTitle"), QStringLiteral("wmma on mission, cold caches"));
  EXPECT_TRUE(labelText("runFacts").contains(QStringLiteral("cold caches")));
  EXPECT_EQ(window_->view()->bars()->names(), QStringList{QStringLiteral("wmma")});
  const auto row = window_->sessions()->indexOfRun(ids_.wmmaCold);
  EXPECT_EQ(row.siblingAtColumn(SessionModel::ProblemColumn).data().toString(),
            QStringLiteral("mission, cold"));
  const auto loaded = window_->view()->loaded();
  EXPECT_EQ(loaded->peers.size(), 1U);
  EXPECT_EQ(loaded->others.size(), 4U);
  showRun(ids_.live, ids_.wmma);
  EXPECT_FALSE(labelText("runTitle").contains(QStringLiteral("cold")));
  EXPECT_EQ(window_->view()->loaded()->peers.size(), 3U);
}

TEST_F(HeadTest, ASessionOpensWithAWarmRunAlsoWhereAColdOneIsFaster) {
  makeWindow();
  auto store = *store::Store::open(file("both.db").toStdString());
  auto session = makeSession();
  auto warm = makeRun({.p50_us = 60}), cold = makeRun({.p50_us = 50, .cache = core::CacheState::kCold});
  ASSERT_TRUE(store.write_run(session, warm).has_value());
  ASSERT_TRUE(store.write_run(session, cold).has_value());
  openFile("both.db");
  EXPECT_EQ(window_->view()->currentRun(), warm.id);
}

TEST_F(HeadTest, TheStripOpensTheMemoryChartAndClosesIt) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmma);
  auto* chart = window_->view()->chart();
  EXPECT_TRUE(window_->view()->strip()->isVisible());
  EXPECT_FALSE(chart->isVisible());
  auto* first = window_->view()->strip()->bars().front();
  QTest::mouseClick(first, Qt::LeftButton);
  EXPECT_TRUE(chart->isVisible());
  EXPECT_EQ(chart->plan().boxes.size(), 5U);
  // It stays while runs are looked through, with the next run's values.
  const QString before = chart->accessibleDescription();
  showRun(ids_.recording, ids_.wrong);
  EXPECT_TRUE(chart->isVisible());
  EXPECT_NE(chart->accessibleDescription(), before);
  EXPECT_TRUE(chart->plan().boxes.empty());  // nothing was counted there
  showRun(ids_.live, ids_.wmma);
  EXPECT_EQ(chart->accessibleDescription(), before);
  QTest::mouseClick(first, Qt::LeftButton);
  EXPECT_FALSE(chart->isVisible());
  QTest::keyClick(window_.get(), Qt::Key_M, Qt::ControlModifier);
  EXPECT_TRUE(chart->isVisible());
  QTest::keyClick(window_.get(), Qt::Key_3, Qt::ControlModifier);
  EXPECT_FALSE(chart->isVisible());
  EXPECT_TRUE(child<QAbstractButton>("memoryL1")->isChecked());
}

TEST_F(HeadTest, ChartAndStripFollowThePalette) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmma);
  window_->view()->toggleChart();
  const QPalette before = QApplication::palette();
  const auto look = [&](const QPalette& palette) {
    QApplication::setPalette(palette);
    QTest::qWait(20);
    return std::make_pair(window_->view()->chart()->grab().toImage().pixelColor(2, 2),
                          window_->view()->strip()->bars()[0]->grab().toImage().pixelColor(40, 6));
  };
  const auto dark = look(darkPalette()), light = look(lightPalette());
  QApplication::setPalette(before);
  EXPECT_LT(dark.first.lightnessF(), 0.3);
  EXPECT_GT(light.first.lightnessF(), 0.7);
  EXPECT_NE(dark.second, light.second);
}

}  // namespace
}  // namespace flashcore::gui::test
