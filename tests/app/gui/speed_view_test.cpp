// The strip of bars by itself, drawn and with real keys and clicks.
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include "app/gui/models/headline_text.h"
#include "app/gui/models/theme.h"
#include "app/gui/speed_strip_view.h"
#include "loaded_sample.h"

namespace flashcore::gui::test {
namespace {

void showView(SpeedStripView& view, const analysis::SpeedOfLight& speed, int width = 900) {
  view.setSpeed(speed);
  view.resize(width, view.heightForWidth(width));
  view.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
}

int pixelsOf(QWidget& widget, const QColor& colour) {
  const QImage image = widget.grab().toImage();
  int found = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) found += image.pixelColor(x, y) == colour ? 1 : 0;
  }
  return found;
}

TEST(SpeedStripView, ShowsEveryUnitAndMarksTheBusiest) {
  const auto speed = loadedRun({{}})->run->speed_of_light;
  ASSERT_EQ(speed.bars.size(), 8U);
  const auto* busiest = speed.binding();
  ASSERT_NE(busiest, nullptr);
  SpeedStripView view;
  showView(view, speed);
  ASSERT_EQ(view.bars().size(), 8U);
  const QColor mark = themeOf(view.palette()).busiest;
  for (std::size_t i = 0; i < speed.bars.size(); ++i) {
    auto* bar = view.bars()[i];
    EXPECT_TRUE(bar->isVisible());
    ASSERT_TRUE(speed.bars[i].share.value.has_value()) << speed.bars[i].id;
    // L1 holds what shared memory moves and stands above it, be the mark the part's.
    if (speed.bars[i].id != "l1") {
      EXPECT_LE(*speed.bars[i].share.value, *busiest->share.value);
    }
    const QString value = QString::fromStdString(speed.bars[i].share.text);
    EXPECT_TRUE(bar->accessibleName().contains(value)) << bar->accessibleName().toStdString();
    EXPECT_TRUE(bar->toolTip().contains(value));
    EXPECT_TRUE(bar->text().startsWith(QString::fromStdString(speed.bars[i].title)));
    EXPECT_EQ(bar->accessibleName().contains(QStringLiteral("busiest")), speed.bars[i].binding);
    EXPECT_EQ(pixelsOf(*bar, mark) > 20, speed.bars[i].binding) << speed.bars[i].id;
  }
  const auto* named = view.findChild<QLabel*>(QStringLiteral("speedBusiest"));
  EXPECT_EQ(named->text(), QStringLiteral("busiest: %1 %2")
                               .arg(QString::fromStdString(busiest->title), percentText(busiest->share)));
}

// A bar is as long as its share.
TEST(SpeedStripView, LongerBarsForLargerShares) {
  auto speed = loadedRun({{}})->run->speed_of_light;
  for (auto& bar : speed.bars) bar.binding = false;
  speed.bars[0].share.value = 80.0;
  speed.bars[1].share.value = 20.0;
  speed.bars[2].binding = true;
  SpeedStripView view;
  showView(view, speed);
  const QColor fill = themeOf(view.palette()).ladder;
  const double longer = pixelsOf(*view.bars()[0], fill), shorter = pixelsOf(*view.bars()[1], fill);
  EXPECT_NEAR(longer / shorter, 4.0, 0.5);
}

TEST(SpeedStripView, AMissingUnitSaysWhyAndIsNoZero) {
  auto speed = loadedRun({{}})->run->speed_of_light;
  speed.bars[1].share.value.reset();
  speed.bars[1].share.text = "missing";
  speed.bars[1].share.note = "this <chip> does not count it";
  SpeedStripView view;
  showView(view, speed);
  const auto* bar = view.bars()[1];
  EXPECT_TRUE(bar->text().endsWith(QStringLiteral("missing")));
  EXPECT_TRUE(bar->accessibleName().endsWith(QStringLiteral("missing")));
  EXPECT_TRUE(bar->accessibleDescription().contains(QStringLiteral("does not count it")));
  EXPECT_TRUE(bar->toolTip().contains(QStringLiteral("this &lt;chip&gt; does not count it")));
  EXPECT_FALSE(bar->text().contains(QLatin1Char('0')));
}

TEST(SpeedStripView, WithoutCountersOneSentenceSaysWhy) {
  const auto speed = loadedRun({{.counters = false}})->run->speed_of_light;
  ASSERT_FALSE(speed.reason.empty());
  SpeedStripView view;
  showView(view, speed);
  for (const auto* bar : view.bars()) EXPECT_FALSE(bar->isVisible());
  EXPECT_EQ(view.caption(), QStringLiteral("No speed of light"));
  EXPECT_EQ(view.findChild<QLabel*>(QStringLiteral("speedBusiest"))->text(),
            QString::fromStdString(speed.reason));
  // The next run has them again.
  view.setSpeed(loadedRun({{}})->run->speed_of_light);
  EXPECT_TRUE(view.bars()[7]->isVisible());
}

TEST(SpeedStripView, BarsFindRoomAtEveryWidth) {
  SpeedStripView view;
  showView(view, loadedRun({{}})->run->speed_of_light);
  for (const int width : {420, 520, 700, 1200}) {
    view.resize(width, view.heightForWidth(width));
    QTest::qWait(1);
    std::vector<QRect> boxes;
    for (const auto* bar : view.bars()) {
      EXPECT_GE(bar->width(), bar->sizeHint().width()) << width;
      boxes.emplace_back(bar->mapTo(&view, QPoint(0, 0)), bar->size());
      EXPECT_TRUE(view.rect().contains(boxes.back())) << width;
    }
    for (std::size_t a = 0; a < boxes.size(); ++a) {
      for (std::size_t b = a + 1; b < boxes.size(); ++b) EXPECT_FALSE(boxes[a].intersects(boxes[b])) << width;
    }
  }
}

TEST(SpeedStripView, MouseAndKeyboardAskForWhatIsBehindIt) {
  SpeedStripView view;
  showView(view, loadedRun({{}})->run->speed_of_light);
  QSignalSpy asked(&view, &SpeedStripView::activated);
  QTest::mouseClick(view.bars()[3], Qt::LeftButton);
  EXPECT_EQ(asked.count(), 1);
  view.activateWindow();
  view.bars()[0]->setFocus();
  QTest::keyClick(view.bars()[0], Qt::Key_Space);
  EXPECT_EQ(asked.count(), 2);
  QTest::keyClick(view.bars()[0], Qt::Key_Right);
  EXPECT_EQ(view.focusWidget(), view.bars()[1]);
}

}  // namespace
}  // namespace flashcore::gui::test
