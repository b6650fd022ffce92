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
  EXPECT_EQ(window_->view()->currentSession(), ids_.recording);  // the newest first
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_EQ(window_->view()->currentSession(), ids_.live);
  EXPECT_EQ(window_->view()->currentRun(), ids_.wmma);    // the fastest rung on mission
  EXPECT_EQ(window_->view()->bars()->names().size(), 3);  // mission's phases
  ASSERT_NE(window_->view()->table("metrics"), nullptr);
  EXPECT_GT(window_->view()->table("metrics")->rowCount(), 3);
}

TEST_F(WindowTest, AClickOnARunShowsThatRun) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmmaTiny);
  EXPECT_TRUE(labelText("runTitle").contains(QStringLiteral("wmma on tiny")));
  EXPECT_EQ(window_->view()->bars()->names().size(), 1);
  showRun(ids_.live, ids_.cublas);
  EXPECT_TRUE(labelText("runTitle").contains(QStringLiteral("cublas on mission")));
  // What was shown before is there at once.
  click(window_->sessions()->indexOfRun(ids_.wmmaTiny));
  EXPECT_EQ(window_->view()->currentRun(), ids_.wmmaTiny);
}

TEST_F(WindowTest, ATabForEverySheetThatIsFilledWhenItIsLookedAt) {
  makeWindow();
  openSample();
  showRun(ids_.live, ids_.wmma);
  const auto& sheets = *window_->view()->loaded()->sheets;
  auto* tabs = child<QTabWidget>("tables");
  ASSERT_EQ(tabs->count(), static_cast<int>(sheets.size()));
  for (std::size_t tab = 0; tab < sheets.size(); ++tab) {
    tabs->setCurrentIndex(static_cast<int>(tab));
    const auto* table = window_->view()->table(sheets[tab].id);
    ASSERT_NE(table, nullptr) << sheets[tab].id;
    EXPECT_EQ(table->rowCount(), static_cast<int>(sheets[tab].sections.size())) << sheets[tab].id;
  }
  // The tab stays, with the next run's values.
  showRun(ids_.live, ids_.baseline);
  EXPECT_EQ(tabs->currentIndex(), static_cast<int>(sheets.size()) - 1);
  EXPECT_EQ(window_->view()->table(sheets.back().id)->sheet().sections.size(), sheets.back().sections.size());
}

TEST_F(WindowTest, AClickOnADataPointSelectsTheRunInTheTree) {
  makeWindow();
  openSample();
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  const auto at = window_->view()->roofline()->pointPosition(ids_.wmma);
  ASSERT_TRUE(at.has_value());
  showRun(ids_.live, ids_.baseline);
  ASSERT_TRUE(wait([&] { return window_->view()->roofline()->pointPosition(ids_.wmma).has_value(); }));
  QTest::mouseClick(child<QWidget>("rooflinePlot"), Qt::LeftButton, {},
                    *window_->view()->roofline()->pointPosition(ids_.wmma));
  EXPECT_TRUE(wait([&] { return window_->view()->currentRun() == ids_.wmma; }));
  EXPECT_EQ(child<QTreeView>("sessionTree")->currentIndex().data(SessionModel::RunIdRole).toLongLong(),
            ids_.wmma);
}

TEST_F(WindowTest, ARecordingSaysThatItIsOne) {
  makeWindow();
  openSample();
  ASSERT_TRUE(child<QLabel>("originBadge")->isVisible());
  const QString badge = labelText("originBadge");
  EXPECT_TRUE(badge.contains(QStringLiteral("RECORDING")));
  EXPECT_TRUE(badge.contains(QStringLiteral("H200")));
  EXPECT_TRUE(badge.contains(QStringLiteral("2026-11-20")));
  EXPECT_TRUE(badge.contains(QStringLiteral("0123456789")));
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_FALSE(child<QLabel>("originBadge")->isVisible());
}

TEST_F(WindowTest, AWrongAnswerIsShownAsWrongWithoutTiming) {
  makeWindow();
  openSample();
  showRun(ids_.recording, ids_.wrong);
  EXPECT_FALSE(child<QLabel>("runTime")->isVisible());
  EXPECT_TRUE(labelText("runAnswer").contains(QStringLiteral("WRONG")));
  EXPECT_TRUE(
      window_->view()->bars()->values().join(QLatin1Char(' ')).contains(QStringLiteral("wrong answer")));
  EXPECT_FALSE(window_->view()->roofline()->pointPosition(ids_.wrong).has_value());
}

TEST_F(WindowTest, AnImportSaysWhereItComesFrom) {
  makeWindow();
  openSample();
  const core::RowId session = addImport(file("runs.db").toStdString(), "/tmp/kernels.csv");
  window_->openDatabase(file("runs.db"));
  ASSERT_TRUE(wait([&] { return window_->view()->currentSession() == session; }));
  ASSERT_TRUE(child<QLabel>("originBadge")->isVisible());
  EXPECT_TRUE(labelText("originBadge").contains(QStringLiteral("IMPORT")));
  EXPECT_TRUE(labelText("originBadge").contains(QStringLiteral("kernels.csv")));
  EXPECT_TRUE(labelText("runTitle").startsWith(QStringLiteral("axpy")));
  EXPECT_TRUE(labelText("runAnswer").contains(QStringLiteral("no answer to check")));
  ASSERT_TRUE(child<QLabel>("runTime")->isVisible());
  EXPECT_TRUE(labelText("runTime").contains(QStringLiteral("12.5")));
  EXPECT_TRUE(child<QLabel>("runTime")->toolTip().contains(QStringLiteral("gpu__time_duration")))
      << child<QLabel>("runTime")->toolTip().toStdString();
  EXPECT_EQ(window_->view()->bars()->names().size(), 2);
}

TEST_F(WindowTest, SavesTheReport) {
  makeWindow();
  openSample();
  QSignalSpy saved(window_->database(), &Database::reportSaved);
  window_->saveReport(file("report.html"));
  ASSERT_TRUE(saved.count() > 0 || saved.wait(kWaitMs)) << window_->banner()->message().toStdString();
  EXPECT_GT(QFileInfo(file("report.html")).size(), 1000);
  EXPECT_TRUE(window_->banner()->isVisible());
}

TEST_F(WindowTest, AReportThatCannotBeWrittenSaysWhy) {
  makeWindow();
  window_->saveReport(file("early.html"));  // nothing is chosen
  EXPECT_TRUE(window_->banner()->isVisible());
  openSample();
  for (const char* name : {"nowhere/report.html", "runs.db-wal"}) {
    const QByteArray before = [&] {
      QFile old(file(name));
      return old.open(QIODevice::ReadOnly) ? old.readAll() : QByteArray();
    }();
    QSignalSpy failed(window_->database(), &Database::failed);
    window_->saveReport(file(name));
    ASSERT_TRUE(failed.wait(kWaitMs)) << name;
    EXPECT_TRUE(window_->banner()->isVisible());
    EXPECT_FALSE(window_->banner()->message().isEmpty());
    QFile after(file(name));
    if (after.open(QIODevice::ReadOnly)) {
      EXPECT_EQ(after.readAll(), before) << name;
    }
  }
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
