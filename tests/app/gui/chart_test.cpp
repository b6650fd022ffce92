// The memory chart by itself: what it says, where it says it, and that nothing covers anything.
#include <gtest/gtest.h>

#include <QTest>

#include "app/gui/memory_chart_view.h"
#include "loaded_sample.h"

namespace flashcore::gui::test {
namespace {

std::shared_ptr<analysis::RunAnalysis> sampleRun(const RunOptions& options = {}) {
  return std::make_shared<analysis::RunAnalysis>(*loadedRun({options})->run);
}

void showView(MemoryChartView& view, const std::shared_ptr<analysis::RunAnalysis>& run,
              const QSize& size = {900, 320}) {
  view.resize(size);
  view.setRun(run);
  view.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
}

QString all(const MemoryChartPlan& plan) {
  QStringList texts;
  for (const auto& text : plan.texts) texts << text.text;
  return texts.join(QLatin1Char('\n'));
}

const ChartArrow* find(const MemoryChartPlan& plan, std::string_view from, std::string_view to) {
  for (const auto& arrow : plan.arrows) {
    if (arrow.arrow->from == from && arrow.arrow->to == to) return &arrow;
  }
  return nullptr;
}

TEST(MemoryChart, ShowsEveryNodeAndArrowWithItsValues) {
  const auto run = sampleRun();
  const auto& speed = run->speed_of_light;
  MemoryChartView view;
  showView(view, run);
  EXPECT_EQ(view.plan().boxes.size(), 5U);
  EXPECT_EQ(view.plan().arrows.size(), speed.arrows.size());
  const QString texts = all(view.plan());
  for (const auto& node : speed.nodes) {
    EXPECT_TRUE(texts.contains(QString::fromStdString(node.title)));
    if (!node.hit_rate.metric.empty()) {
      EXPECT_TRUE(texts.contains(QStringLiteral("hit rate ") + QString::fromStdString(node.hit_rate.text)))
          << node.id;
    }
  }
  for (const auto& arrow : speed.arrows) {
    ASSERT_TRUE(arrow.bytes.value && arrow.throughput.value) << arrow.from << arrow.to;
    const QString moved = QString::fromStdString(arrow.title + " " + arrow.bytes.text);
    EXPECT_TRUE(texts.contains(moved)) << moved.toStdString();
    EXPECT_TRUE(texts.contains(QString::fromStdString(arrow.throughput.text)));
    EXPECT_TRUE(view.accessibleDescription().contains(QString::fromStdString(arrow.throughput.text)));
  }
}

TEST(MemoryChart, ArrowsPointWhereTheBytesGoAndAreThickerTheMoreTheyAre) {
  const auto run = sampleRun();
  for (auto& arrow : run->speed_of_light.arrows) arrow.bytes.value = 1e6;
  const auto bytes = [&](const char* from, const char* to, double value) {
    for (auto& arrow : run->speed_of_light.arrows) {
      if (arrow.from == from && arrow.to == to) arrow.bytes.value = value;
    }
  };
  bytes("dram", "l2", 4e8);
  bytes("l2", "dram", 1e8);
  MemoryChartView view;
  showView(view, run);
  const auto *reads = find(view.plan(), "dram", "l2"), *writes = find(view.plan(), "l2", "dram");
  ASSERT_TRUE(reads && writes);
  EXPECT_LT(reads->tip.x(), reads->tail.x());
  EXPECT_GT(writes->tip.x(), writes->tail.x());
  EXPECT_GT(reads->weight, writes->weight);
  EXPECT_GT(writes->weight, find(view.plan(), "l1", "sm")->weight);
}

TEST(MemoryChart, WordsCoverNothingAtAnySize) {
  const auto run = sampleRun();
  for (const QSize size : {QSize(480, 150), QSize(520, 190), QSize(700, 260), QSize(1200, 500)}) {
    MemoryChartView view;
    showView(view, run, size);
    const auto& plan = view.plan();
    // Every arrow keeps its bytes, however small the chart.
    EXPECT_GE(plan.texts.size(), run->speed_of_light.arrows.size() + 5) << size.width();
    for (std::size_t a = 0; a < plan.texts.size(); ++a) {
      EXPECT_TRUE(QRectF(view.rect()).contains(plan.texts[a].box)) << plan.texts[a].text.toStdString();
      for (std::size_t b = a + 1; b < plan.texts.size(); ++b) {
        EXPECT_FALSE(plan.texts[a].box.intersects(plan.texts[b].box))
            << plan.texts[a].text.toStdString() << " covers " << plan.texts[b].text.toStdString() << " at "
            << size.width() << "x" << size.height();
      }
      const bool ofArrow =
          plan.texts[a].kind == ChartText::Kind::kMoved || plan.texts[a].kind == ChartText::Kind::kPace;
      for (const auto& box : plan.boxes) {
        EXPECT_FALSE(ofArrow && box.box.intersects(plan.texts[a].box)) << plan.texts[a].text.toStdString();
      }
    }
  }
}

TEST(MemoryChart, WhatIsMissingSaysWhyAndIsNoZero) {
  const auto run = sampleRun();
  for (auto* value : {&run->speed_of_light.arrows[0].bytes, &run->speed_of_light.nodes[1].hit_rate}) {
    value->value.reset();
    value->text = "missing";
    value->note = "the driver refused it";
  }
  MemoryChartView view;
  showView(view, run);
  const auto missing =
      std::count_if(view.plan().texts.begin(), view.plan().texts.end(), [](const auto& text) {
        return text.kind == ChartText::Kind::kMissing && text.text.contains(QStringLiteral("missing"));
      });
  EXPECT_EQ(missing, 2);
  const auto* arrow = &view.plan().arrows[0];
  EXPECT_TRUE(view.tipAt((arrow->tail + arrow->tip) / 2).contains(QStringLiteral("the driver refused it")))
      << view.tipAt((arrow->tail + arrow->tip) / 2).toStdString();
  EXPECT_TRUE(
      view.tipAt(view.plan().boxes[1].box.center()).contains(QStringLiteral("the driver refused it")));
  EXPECT_TRUE(view.tipAt(QPointF(1, 1)).isEmpty());
}

TEST(MemoryChart, WithoutCountersASentenceSaysWhy) {
  const auto run = sampleRun({.counters = false});
  MemoryChartView view;
  showView(view, run);
  EXPECT_TRUE(view.plan().boxes.empty());
  ASSERT_EQ(view.words().size(), 1);
  EXPECT_TRUE(view.words().front().contains(QString::fromStdString(run->speed_of_light.reason)));
}

// A catalogue of one's own may draw what it likes.
TEST(MemoryChart, OddCataloguesDoNoHarm) {
  const auto run = sampleRun();
  auto& speed = run->speed_of_light;
  const std::size_t drawn = speed.arrows.size();
  analysis::MemoryArrow odd = speed.arrows[0];
  odd.from = "nowhere";
  speed.arrows.push_back(odd);
  odd.from = odd.to = "sm";
  speed.arrows.push_back(odd);
  MemoryChartView view;
  showView(view, run);
  EXPECT_EQ(view.plan().arrows.size(), drawn);
  const auto alone = sampleRun();
  alone->speed_of_light.nodes.resize(1);
  view.setRun(alone);
  EXPECT_EQ(view.plan().boxes.size(), 1U);
  EXPECT_TRUE(view.plan().arrows.empty());
  alone->speed_of_light.nodes.clear();
  MemoryChartView none;
  showView(none, alone);
  EXPECT_TRUE(none.plan().boxes.empty());
}

TEST(MemoryChart, IsPlannedAnewOnlyForAnotherRun) {
  const auto run = sampleRun();
  MemoryChartView view;
  showView(view, run);
  const auto* before = view.plan().boxes.data();
  view.setRun(run);
  EXPECT_EQ(view.plan().boxes.data(), before);
}

}  // namespace
}  // namespace flashcore::gui::test
