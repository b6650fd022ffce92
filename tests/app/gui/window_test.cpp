// The window on a real database, with real clicks.
#include <QFileInfo>

#include "app/gui/phase_bars_view.h"
#include "app/gui/roofline_view.h"
#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

TEST_F(WindowTest, AClickOnASessionShowsItsRuns) {
  makeWindow();
  openSample();
  EXPECT_EQ(window_->view()->session()->id, ids_.recording);  // the newest first
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_EQ(window_->view()->session()->id, ids_.live);
  EXPECT_EQ(window_->view()->currentRun(), ids_.wmma);    // the fastest rung on mission
  EXPECT_EQ(window_->view()->bars()->names().size(), 3);  // mission's phases
  EXPECT_GT(window_->view()->metrics().rowCount(), 3);
}

TEST_F(WindowTest, AClickOnARunShowsThatRun) {
  makeWindow();
  openSample();
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfRun(ids_.wmmaTiny));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_EQ(window_->view()->currentRun(), ids_.wmmaTiny);
  EXPECT_TRUE(labelText("runTitle").contains(QStringLiteral("wmma on tiny")));
  click(window_->sessions()->indexOfRun(ids_.cublas));  // of the same session: at once
  EXPECT_EQ(window_->view()->currentRun(), ids_.cublas);
}

TEST_F(WindowTest, AClickOnADataPointSelectsTheRunInTheTree) {
  makeWindow();
  openSample();
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  const auto at = window_->view()->roofline()->pointPosition(ids_.wmma);
  ASSERT_TRUE(at.has_value());
  QTest::mouseClick(child<QWidget>("rooflinePlot"), Qt::LeftButton, {}, *at);
  EXPECT_EQ(window_->view()->currentRun(), ids_.wmma);
  EXPECT_EQ(child<QTreeView>("sessionTree")->currentIndex().data(SessionModel::RunIdRole).toLongLong(),
            ids_.wmma);
}

TEST_F(WindowTest, ARecordingSaysThatItIsOne) {
  makeWindow();
  openSample();
  ASSERT_TRUE(child<QLabel>("recordingBadge")->isVisible());
  const QString badge = labelText("recordingBadge");
  EXPECT_TRUE(badge.contains(QStringLiteral("RECORDING")));
  EXPECT_TRUE(badge.contains(QStringLiteral("H200")));
  EXPECT_TRUE(badge.contains(QStringLiteral("2026-11-20")));
  EXPECT_TRUE(badge.contains(QStringLiteral("0123456789")));
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_FALSE(child<QLabel>("recordingBadge")->isVisible());
}

TEST_F(WindowTest, AWrongAnswerIsShownAsWrongWithoutTiming) {
  makeWindow();
  openSample();
  click(window_->sessions()->indexOfRun(ids_.wrong));
  EXPECT_EQ(window_->view()->currentRun(), ids_.wrong);
  EXPECT_TRUE(labelText("runAnswer").contains(QStringLiteral("WRONG")));
  EXPECT_TRUE(
      window_->view()->bars()->values().join(QLatin1Char(' ')).contains(QStringLiteral("wrong answer")));
  EXPECT_FALSE(window_->view()->roofline()->pointPosition(ids_.wrong).has_value());
}

TEST_F(WindowTest, SavesTheReport) {
  makeWindow();
  openSample();
  EXPECT_TRUE(window_->saveReport(file("report.html")));
  EXPECT_GT(QFileInfo(file("report.html")).size(), 1000);
  EXPECT_TRUE(window_->banner()->isVisible());
}

TEST_F(WindowTest, AReportThatCannotBeWrittenSaysWhy) {
  makeWindow();
  EXPECT_FALSE(window_->saveReport(file("early.html")));  // nothing is chosen
  openSample();
  EXPECT_FALSE(window_->saveReport(file("nowhere/report.html")));
  EXPECT_TRUE(window_->banner()->isVisible());
  EXPECT_FALSE(window_->banner()->message().isEmpty());
  EXPECT_FALSE(QFile::exists(file("nowhere/report.html")));
}

TEST_F(WindowTest, ThePaletteMayChangeWhileItIsOpen) {
  makeWindow();
  openSample();
  const QPalette before = QApplication::palette();
  QApplication::setPalette(before.color(QPalette::Base).lightnessF() > 0.5 ? QPalette(Qt::black)
                                                                           : QPalette(Qt::white));
  QTest::qWait(20);
  const QImage dark = child<QWidget>("rooflinePlot")->grab().toImage();
  QApplication::setPalette(before);
  QTest::qWait(20);
  const QImage light = child<QWidget>("rooflinePlot")->grab().toImage();
  EXPECT_NE(dark.pixelColor(2, 2), light.pixelColor(2, 2));
}

}  // namespace
}  // namespace flashcore::gui::test
