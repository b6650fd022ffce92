// The plots by themselves, with real mouse events.
#include <gtest/gtest.h>
#include <qcustomplot.h>

#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "app/gui/phase_bars_view.h"
#include "app/gui/roofline_view.h"
#include "loaded_sample.h"

namespace flashcore::gui::test {
namespace {

LoadedRunPtr ladder(std::size_t chosen = 1) {
  return loadedRun({{.phase = "baseline", .rung = 1, .p50_us = 900},
                    {.phase = "wmma", .rung = 2, .p50_us = 60},
                    {.phase = "broken", .rung = 3, .p50_us = 1, .correct = false},
                    {.phase = "cublas", .rung = 100, .reference = true, .p50_us = 35}},
                   chosen);
}

template <typename View>
void showView(View& view, const LoadedRunPtr& run) {
  view.resize(700, 500);
  view.setRun(run);
  view.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
  view.plot()->replot();
}

QStringList labels(QCustomPlot* plot) {
  QStringList texts;
  for (int i = 0; i < plot->itemCount(); ++i) {
    if (const auto* text = qobject_cast<QCPItemText*>(plot->item(i))) texts << text->text();
  }
  return texts;
}

TEST(RooflineView, DrawsPointsWithNamesUnderLabelledCeilings) {
  RooflineView view;
  showView(view, ladder());
  const QStringList texts = labels(view.plot());
  EXPECT_TRUE(texts.contains(QStringLiteral("baseline")));
  EXPECT_TRUE(texts.contains(QStringLiteral("wmma")));
  EXPECT_TRUE(texts.contains(QStringLiteral("cublas")));
  EXPECT_GE(texts.filter(QStringLiteral("FLOP/s")).size(), 1);
  EXPECT_EQ(texts.filter(QStringLiteral("B/s")).size(), 1);  // the chosen memory's alone
  EXPECT_FALSE(texts.contains(QStringLiteral("broken")));    // a wrong answer has no speed
  EXPECT_FALSE(view.pointPosition(3).has_value());
}

TEST(RooflineView, AClickOnAPointChoosesItsRun) {
  RooflineView view;
  showView(view, ladder());
  QSignalSpy chosen(&view, &RooflineView::runClicked);
  const auto at = view.pointPosition(2);
  ASSERT_TRUE(at.has_value());
  QTest::mouseClick(view.plot(), Qt::LeftButton, {}, *at);
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen[0][0].value<core::RowId>(), 2);
  QTest::mouseClick(view.plot(), Qt::LeftButton, {},
                    view.plot()->axisRect()->rect().topLeft() + QPoint(3, 3));
  EXPECT_EQ(chosen.count(), 1);
}

TEST(RooflineView, APointTellsItsValues) {
  RooflineView view;
  showView(view, ladder());
  const QString text = view.pointText(2);
  EXPECT_TRUE(text.contains(QStringLiteral("wmma on mission")));
  EXPECT_TRUE(text.contains(QStringLiteral("attainable")));
  EXPECT_TRUE(text.contains(QStringLiteral("graph p50")));
}

TEST(RooflineView, TheButtonsChangeTheMemory) {
  RooflineView view;
  showView(view, ladder());
  const QString dram = labels(view.plot()).filter(QStringLiteral("B/s")).join(QLatin1Char(' '));
  QTest::mouseClick(view.findChild<QToolButton*>(QStringLiteral("memoryL2")), Qt::LeftButton);
  EXPECT_EQ(view.memory(), QStringLiteral("l2"));
  EXPECT_TRUE(view.plot()->xAxis->label().contains(QStringLiteral("L2")));
  EXPECT_NE(labels(view.plot()).filter(QStringLiteral("B/s")).join(QLatin1Char(' ')), dram);
  QTest::mouseClick(view.findChild<QToolButton*>(QStringLiteral("memoryL1")), Qt::LeftButton);
  EXPECT_EQ(view.memory(), QStringLiteral("l1"));
  EXPECT_TRUE(view.plot()->xAxis->label().contains(QStringLiteral("L1")));
  EXPECT_TRUE(view.pointPosition(2).has_value());
  EXPECT_FALSE(view.findChild<QToolButton*>(QStringLiteral("memoryL2"))->isChecked());
  QTest::mouseClick(view.findChild<QToolButton*>(QStringLiteral("memoryDram")), Qt::LeftButton);
  EXPECT_EQ(view.memory(), QStringLiteral("dram"));
}

TEST(RooflineView, LabelsOfNeighboursDoNotCoverOneAnother) {
  RooflineView view;
  showView(view, loadedRun({{.phase = "first", .p50_us = 60, .counters = false},
                            {.phase = "second", .p50_us = 61, .counters = false},
                            {.phase = "third", .p50_us = 62, .counters = false}}));
  std::vector<QRectF> boxes;
  for (int i = 0; i < view.plot()->itemCount(); ++i) {
    const auto* text = qobject_cast<QCPItemText*>(view.plot()->item(i));
    if (!text || text->rotation() != 0 || !text->visible()) continue;
    boxes.emplace_back(text->topLeft->pixelPosition(), text->bottomRight->pixelPosition());
  }
  ASSERT_GE(boxes.size(), 3U);
  for (std::size_t a = 0; a < boxes.size(); ++a) {
    for (std::size_t b = a + 1; b < boxes.size(); ++b) EXPECT_FALSE(boxes[a].intersects(boxes[b])) << a << b;
  }
}

// The corners of a label, turned as it is drawn.
QPolygonF outline(const QCPItemText& text) {
  const QSizeF size = QFontMetricsF(text.font()).boundingRect(QRectF(0, 0, 2000, 200), 0, text.text()).size();
  QTransform turned;
  turned.translate(text.position->pixelPosition().x(), text.position->pixelPosition().y());
  turned.rotate(text.rotation());
  const QRectF box(-size.width() / 2, -size.height() / 2, size.width(), size.height());
  return turned.map(QPolygonF(box));
}

// In a window of 1024 the plot is some 280 pixels wide; wide ones are no excuse either.
TEST(RooflineView, LabelsOfCeilingsTouchNothingAtAnySize) {
  for (const QSize size : {QSize(290, 230), QSize(340, 260), QSize(520, 300), QSize(1000, 520)}) {
    for (const char* memory : {"dram", "l2", "l1"}) {
      RooflineView view;
      showView(view, ladder());
      view.resize(size);
      view.setMemory(QLatin1String(memory));
      view.plot()->replot();
      const Theme theme = themeOf(view.palette());
      std::vector<std::pair<QString, QPolygonF>> ceilings;
      for (int i = 0; i < view.plot()->itemCount(); ++i) {
        const auto* text = qobject_cast<QCPItemText*>(view.plot()->item(i));
        const bool ofCeiling = text && (text->color() == theme.compute || text->color() == theme.bandwidth);
        if (ofCeiling && text->visible()) ceilings.emplace_back(text->text(), outline(*text));
      }
      EXPECT_GE(ceilings.size(), 2U) << size.width() << memory;
      for (std::size_t a = 0; a < ceilings.size(); ++a) {
        EXPECT_TRUE(QRectF(view.plot()->axisRect()->rect()).contains(ceilings[a].second.boundingRect()))
            << ceilings[a].first.toStdString() << size.width() << memory;
        for (std::size_t b = a + 1; b < ceilings.size(); ++b) {
          EXPECT_TRUE(ceilings[a].second.intersected(ceilings[b].second).isEmpty())
              << ceilings[a].first.toStdString() << " touches " << ceilings[b].first.toStdString() << " at "
              << size.width() << memory;
        }
      }
    }
  }
}

// Also where there was no room for its name.
TEST(RooflineView, ACeilingsLineTellsWhatItIs) {
  RooflineView view;
  showView(view, ladder());
  const auto* tensor = view.plot()->graph(0);
  const double x = view.plot()->xAxis->range().upper * 0.8, y = tensor->data()->at(1)->value;
  const QPoint at(static_cast<int>(view.plot()->xAxis->coordToPixel(x)),
                  static_cast<int>(view.plot()->yAxis->coordToPixel(y)));
  EXPECT_TRUE(view.ceilingText(at).contains(QStringLiteral("FLOP/s"))) << view.ceilingText(at).toStdString();
  EXPECT_TRUE(view.ceilingText(at).contains(QStringLiteral("MHz"))) << view.ceilingText(at).toStdString();
  EXPECT_TRUE(view.ceilingText(view.plot()->axisRect()->rect().bottomRight() - QPoint(3, 3)).isEmpty());
}

TEST(RooflineView, WhatLimitsNothingIsDashed) {
  auto loaded = std::make_shared<LoadedRun>(*ladder());
  auto run = std::make_shared<analysis::RunAnalysis>(*loaded->run);
  run->roofline.ceilings = {{"tensor_f16", "Tensor", false, true, 1e15, "from a document"},
                            {"l2", "L2 by definition", true, false, 5e12, "a definition"}};
  loaded->run = run;
  RooflineView view;
  showView(view, loaded);
  const auto pens = [&] {
    std::pair<int, int> solidAndDashed;
    for (int i = 0; i < view.plot()->graphCount(); ++i) {
      if (view.plot()->graph(i)->lineStyle() == QCPGraph::lsNone) continue;
      ++(view.plot()->graph(i)->pen().style() == Qt::DashLine ? solidAndDashed.second : solidAndDashed.first);
    }
    return solidAndDashed;
  };
  EXPECT_EQ(pens(), std::make_pair(1, 0));  // by DRAM bytes: the definition of L2 is not drawn
  view.setMemory(QStringLiteral("l2"));
  EXPECT_EQ(pens(), std::make_pair(1, 1));
  EXPECT_EQ(labels(view.plot()).filter(QStringLiteral("no limit")).size(), 1)
      << labels(view.plot()).join(QLatin1Char(';')).toStdString();
}

TEST(RooflineView, PointsThatComeLaterLeaveAZoomAsItIs) {
  RooflineView view;
  auto early = std::make_shared<LoadedRun>(*ladder(2));
  for (auto& peer : early->peers) {
    if (peer.summary.id != 2) peer.points.reset();
  }
  showView(view, early);
  EXPECT_TRUE(view.pointPosition(2).has_value());
  EXPECT_FALSE(view.pointPosition(1).has_value());
  view.plot()->xAxis->setRange(10, 100);
  view.setRun(ladder(2));
  EXPECT_TRUE(view.pointPosition(1).has_value());
  EXPECT_EQ(view.plot()->xAxis->range(), QCPRange(10, 100));
  view.setRun(ladder(1));  // another run: everything is shown again
  EXPECT_NE(view.plot()->xAxis->range(), QCPRange(10, 100));
}

TEST(RooflineView, OfManyRunsOfAPhaseOneIsNamed) {
  std::vector<RunOptions> many(60, {.phase = "wmma", .p50_us = 60});
  many.push_back({.phase = "baseline", .rung = 1, .p50_us = 900});
  RooflineView view;
  showView(view, loadedRun(many, 7));
  EXPECT_EQ(labels(view.plot()).filter(QStringLiteral("wmma")).size(), 1);
  EXPECT_EQ(labels(view.plot()).filter(QStringLiteral("baseline")).size(), 1);
  EXPECT_TRUE(view.pointPosition(60).has_value());
}

TEST(RooflineView, SaysWhenThereIsNothing) {
  RooflineView view;
  showView(view, nullptr);
  EXPECT_TRUE(view.findChild<QLabel*>(QStringLiteral("rooflineEmpty"))->isVisible());
}

TEST(PhaseBarsView, ShowsValuesAndSpeedUps) {
  PhaseBarsView view;
  showView(view, ladder());
  ASSERT_EQ(view.names(), QStringList({QStringLiteral("baseline"), QStringLiteral("wmma"),
                                       QStringLiteral("broken"), QStringLiteral("cublas")}));
  EXPECT_TRUE(view.values()[0].endsWith(QStringLiteral("base")));
  EXPECT_TRUE(view.values()[1].endsWith(QStringLiteral("15.0x"))) << view.values()[1].toStdString();
  EXPECT_TRUE(view.values()[2].contains(QStringLiteral("wrong answer")));
  EXPECT_EQ(view.plot()->plottableCount(), 3);  // no bar for the wrong one
}

TEST(PhaseBarsView, RunsFromCachesInAnotherStateAreNoPeers) {
  const std::vector<RunOptions> runs{
      {.phase = "baseline", .rung = 1, .p50_us = 900},
      {.phase = "wmma", .rung = 2, .p50_us = 60},
      {.phase = "wmma", .rung = 2, .p50_us = 75, .cache = core::CacheState::kCold}};
  PhaseBarsView view;
  showView(view, loadedRun(runs, 2));
  EXPECT_EQ(view.names(), QStringList({QStringLiteral("baseline"), QStringLiteral("wmma")}));
  const auto* title = view.findChild<QLabel*>(QStringLiteral("barsTitle"));
  EXPECT_FALSE(title->text().contains(QStringLiteral("cold"))) << title->text().toStdString();
  showView(view, loadedRun(runs, 3));
  EXPECT_EQ(view.names(), QStringList({QStringLiteral("wmma")}));
  EXPECT_TRUE(title->text().contains(QStringLiteral("mission, cold caches"))) << title->text().toStdString();
  // A baseline from warm caches would make a speed-up of what is none.
  EXPECT_TRUE(view.values()[0].endsWith(QStringLiteral("base"))) << view.values()[0].toStdString();
}

// Faint, without a name, and told by the tip.
TEST(RooflineView, RunsFromCachesInAnotherStateStandBehind) {
  RooflineView view;
  showView(view, loadedRun({{.phase = "wmma", .rung = 2, .p50_us = 60},
                            {.phase = "fused", .rung = 3, .p50_us = 75, .cache = core::CacheState::kCold}}));
  EXPECT_TRUE(view.pointPosition(2).has_value());
  EXPECT_FALSE(labels(view.plot()).contains(QStringLiteral("fused")));
  EXPECT_TRUE(view.pointText(2).contains(QStringLiteral("fused on mission, cold caches")));
  EXPECT_FALSE(view.pointText(1).contains(QStringLiteral("cold")));
}

TEST(PhaseBarsView, TimesThatDifferAreToldApart) {
  PhaseBarsView view;
  showView(view, loadedRun({{.phase = "first", .rung = 1, .p50_us = 15.12},
                            {.phase = "second", .rung = 2, .p50_us = 15.14}}));
  EXPECT_NE(view.values()[0].section(QLatin1Char(' '), 0, 0),
            view.values()[1].section(QLatin1Char(' '), 0, 0));
}

TEST(PhaseBarsView, OfManyRunsTheNewestOfEachPhaseIsShownAndTheChosenOne) {
  std::vector<RunOptions> many;
  for (int i = 0; i < 60; ++i) {
    many.push_back({.phase = i % 2 ? "wmma" : "baseline", .rung = 1 + i % 2, .p50_us = 60.0 + i});
  }
  PhaseBarsView view;
  showView(view, loadedRun(many, 8));
  EXPECT_EQ(view.names(),
            QStringList({QStringLiteral("baseline"), QStringLiteral("wmma #8"), QStringLiteral("wmma #60")}))
      << view.names().join(QLatin1Char(' ')).toStdString();
  EXPECT_TRUE(
      view.findChild<QLabel*>(QStringLiteral("barsTitle"))->text().contains(QStringLiteral("3 of 60")));
}

TEST(PhaseBarsView, AnImportShowsItsTimeAndNoSpeedUp) {
  PhaseBarsView view;
  showView(view, loadedRecords({makeImport("axpy", 12.5), makeImport("reduce", 3)}));
  ASSERT_EQ(view.names(), QStringList({QStringLiteral("axpy"), QStringLiteral("reduce")}));
  EXPECT_TRUE(view.values()[0].startsWith(QStringLiteral("12.5"))) << view.values()[0].toStdString();
  EXPECT_FALSE(view.values().join(QLatin1Char(' ')).contains(QStringLiteral("x ")));
  EXPECT_EQ(view.plot()->plottableCount(), 2);
}

// Kernels of templates have names of any length: they are cut, their numbers stay, and the bars keep more
// than half of a narrow plot.
TEST(PhaseBarsView, LongNamesLeaveRoomForTheBars) {
  const std::string name = "nvjet_sm90_hss_128x128_64x6_2x1_v_bz_TNT";
  PhaseBarsView view;
  showView(view, loadedRecords({makeImport(name, 12.5), makeImport(name, 3)}));
  view.resize(190, 300);
  view.plot()->replot();
  view.plot()->replot();
  EXPECT_GT(view.plot()->axisRect()->width(), view.plot()->viewport().width() / 3);
  const auto ticker = view.plot()->yAxis->ticker().dynamicCast<QCPAxisTickerText>();
  ASSERT_TRUE(ticker);
  EXPECT_TRUE(ticker->ticks()[0].contains(QStringLiteral(" #"))) << ticker->ticks()[0].toStdString();
}

// Ceilings without a point under them leave a person asking.
TEST(RooflineView, AnImportWithoutAPointSaysWhy) {
  core::RunRecord run = makeImport("axpy", 12.5);
  run.device = makeRun({}).device;
  RooflineView view;
  showView(view, loadedRecords({run}));
  const auto* why = view.findChild<QLabel*>(QStringLiteral("rooflineEmpty"));
  EXPECT_TRUE(why->isVisible());
  EXPECT_TRUE(why->text().startsWith(QStringLiteral("no point: "))) << why->text().toStdString();
  showView(view, ladder());
  EXPECT_FALSE(why->isVisible());
}

TEST(PhaseBarsView, AClickOnABarChoosesItsRun) {
  PhaseBarsView view;
  showView(view, ladder());
  QSignalSpy chosen(&view, &PhaseBarsView::runClicked);
  const QPoint at(static_cast<int>(view.plot()->xAxis->coordToPixel(0)) + 4,
                  static_cast<int>(view.plot()->yAxis->coordToPixel(1)));
  QTest::mouseClick(view.plot(), Qt::LeftButton, {}, at);
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen[0][0].value<core::RowId>(), 2);
}

}  // namespace
}  // namespace flashcore::gui::test
