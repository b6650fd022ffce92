// The window and its helper process: ones that crash, hang and leave, and the real one.
#include <QDropEvent>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QMimeData>
#include <QPushButton>
#include <csignal>

#include "profile_fixture.h"
#include "store/recording.h"

namespace flashcore::gui::test {
namespace {

using HelperTest = ProfileTest;

TEST_F(HelperTest, ACrashingHelperTakesNothingWithIt) {
  runMisbehaving("abort");
  EXPECT_TRUE(window_->banner()->isVisible());
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("ended unexpectedly")));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("SIGABRT")));
  EXPECT_TRUE(window_->banner()->hint().contains(QStringLiteral("What was taken before")));
  expectAlive();
}

TEST_F(HelperTest, ACrashFailsOnlyItsRequest) {
  // The first helper answers one request and dies of the second; the next one starts over.
  runMisbehaving("well,abort");
  EXPECT_FALSE(window_->banner()->isVisible());
  runAgain();
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("SIGABRT")));
  runAgain();
  EXPECT_FALSE(window_->banner()->isVisible()) << window_->banner()->message().toStdString();
  EXPECT_EQ(noted(),
            QStringList({QStringLiteral("start"), QStringLiteral("request 1"), QStringLiteral("request 2"),
                         QStringLiteral("start"), QStringLiteral("request 3")}));
}

TEST_F(HelperTest, OneHelperServesManyRequests) {
  runMisbehaving("well");
  const qint64 process = window_->worker()->processId();
  EXPECT_NE(process, 0);
  for (int i = 0; i < 4; ++i) runAgain();
  EXPECT_EQ(window_->worker()->processId(), process);
  EXPECT_EQ(noted().count(QStringLiteral("start")), 1);
  EXPECT_EQ(noted().size(), 6);
}

TEST_F(HelperTest, AHelperThatLeftIsStartedAnewWithoutAWord) {
  runMisbehaving("leave");
  ASSERT_TRUE(wait([&] { return window_->worker()->processId() == 0; }));
  runAgain();
  EXPECT_FALSE(window_->banner()->isVisible()) << window_->banner()->message().toStdString();
  EXPECT_EQ(noted().count(QStringLiteral("start")), 2);
}

TEST_F(HelperTest, ARequestThatMeetsADyingHelperGoesToANewOne) {
  qputenv("MISBEHAVIOUR", "well");
  WorkerProcess worker(badWorker());
  QSignalSpy finished(&worker, &WorkerProcess::finished), failed(&worker, &WorkerProcess::failed);
  worker.start(session::WorkerRequest{});
  ASSERT_TRUE(finished.wait(kWaitMs));
  ASSERT_EQ(::kill(static_cast<pid_t>(worker.processId()), SIGKILL), 0);
  const auto second = worker.start(session::WorkerRequest{});  // nobody has noticed yet
  ASSERT_TRUE(finished.wait(kWaitMs)) << failed.count();
  EXPECT_EQ(finished.last()[0].toLongLong(), second);
  EXPECT_EQ(failed.count(), 0);
}

TEST_F(HelperTest, ASilentHelperIsEndedAndFailsOnlyItsRequest) {
  qputenv("MISBEHAVIOUR", "silent");
  makeWindow(machineWithGpu, badWorker());
  openSample();
  window_->worker()->setSilenceLimit(300);
  runAgain();
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("said nothing")))
      << window_->banner()->message().toStdString();
  qputenv("MISBEHAVIOUR", "well");
  runAgain();
  EXPECT_FALSE(window_->banner()->isVisible());
}

TEST_F(HelperTest, AnAnswerToSomethingElseIsNoAnswer) {
  runMisbehaving("late");
  EXPECT_FALSE(window_->banner()->isVisible()) << window_->banner()->message().toStdString();
  EXPECT_TRUE(labelText("profileStep").contains(QStringLiteral("Done")));
}

TEST_F(HelperTest, RequestsWaitForOneAnother) {
  qputenv("MISBEHAVIOUR", "cancellable,well");
  WorkerProcess worker(badWorker());
  QSignalSpy finished(&worker, &WorkerProcess::finished), failed(&worker, &WorkerProcess::failed);
  QSignalSpy event(&worker, &WorkerProcess::event);
  const auto first = worker.start(session::WorkerRequest{});
  const auto second = worker.start(session::WorkerImport{});
  EXPECT_NE(first, second);
  ASSERT_TRUE(event.wait(kWaitMs));
  // A cancel stops the one at hand; those that wait have not begun.
  worker.cancel();
  ASSERT_TRUE(finished.count() > 0 || finished.wait(kWaitMs));
  EXPECT_EQ(finished[0][0].toLongLong(), first);
  ASSERT_EQ(failed.count(), 1);
  EXPECT_EQ(failed[0][0].toLongLong(), second);
  EXPECT_EQ(failed[0][1].value<core::Error>().code, core::ErrorCode::kCancelled);
  EXPECT_FALSE(worker.isBusy());
  const auto third = worker.start(session::WorkerImport{});
  ASSERT_TRUE(finished.wait(kWaitMs));
  EXPECT_EQ(finished.last()[0].toLongLong(), third);
}

TEST_F(HelperTest, AnExitingHelperSaysItsCode) {
  runMisbehaving("exit");
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("exit code 7")));
  expectAlive();
}

TEST_F(HelperTest, LinesThatAreNoMessagesAreSurvivedAndErrorsAreShown) {
  runMisbehaving("chatty");
  EXPECT_EQ(window_->banner()->message(), QStringLiteral("the launch failed"));
  EXPECT_EQ(window_->banner()->hint(), QStringLiteral("look again"));
  expectAlive();
}

TEST_F(HelperTest, AHelperThatIsNotThereSaysSo) {
  makeWindow(machineWithGpu, file("no-such-program"));
  openSample();
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
  ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("could not be started")));
  expectAlive();
}

TEST_F(HelperTest, CancelStopsTheHelper) {
  qputenv("MISBEHAVIOUR", "cancellable");
  makeWindow(machineWithGpu, badWorker());
  openSample();
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
  ASSERT_TRUE(QTest::qWaitFor(
      [&] { return labelText("profileStep").contains(QStringLiteral("wmma on mission")); }, kWaitMs));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  QTest::mouseClick(child<QPushButton>("cancelButton"), Qt::LeftButton);
  EXPECT_FALSE(child<QPushButton>("cancelButton")->isEnabled());
  ASSERT_TRUE(ended.wait(kWaitMs));
  EXPECT_TRUE(labelText("profileStep").contains(QStringLiteral("Cancelled")));
  expectAlive();
}

TEST_F(HelperTest, ClosingTheWindowEndsAHungHelper) {
  qputenv("MISBEHAVIOUR", "hang");
  makeWindow(machineWithGpu, badWorker());
  QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
  ASSERT_TRUE(QTest::qWaitFor(
      [&] { return labelText("profileStep").contains(QStringLiteral("wmma on mission")); }, kWaitMs));
  QElapsedTimer timer;
  timer.start();
  window_.reset();
  EXPECT_LT(timer.elapsed(), 8000);
}

TEST_F(HelperTest, ReplaysARecordingThroughTheRealHelper) {
  if (!QFileInfo(realWorker()).isExecutable()) GTEST_SKIP() << "flashcore-profile is not built";
  {
    writeSample(file("source.db").toStdString());
    auto store = store::Store::open(file("source.db").toStdString());
    ASSERT_TRUE(store.has_value());
    ASSERT_TRUE(store::write_recording(*store, file("sample.db.zst").toStdString()).has_value());
  }
  makeWindow(machineWithoutGpu, realWorker(), file("sample.db.zst"));
  ASSERT_TRUE(child<QPushButton>("replayButton")->isEnabled()) << labelText("recordingNote").toStdString();
  EXPECT_TRUE(labelText("recordingNote").contains(QStringLiteral("H200")));
  EXPECT_TRUE(child<QPushButton>("emptyReplay")->isVisible());  // where the eye is
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  QTest::mouseClick(child<QPushButton>("replayButton"), Qt::LeftButton);
  ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  ASSERT_TRUE(shown.count() > 0 || shown.wait(kWaitMs)) << window_->banner()->message().toStdString();
  EXPECT_EQ(window_->database()->path(), file("default.db"));
  const core::RowId first = window_->view()->currentSession();
  EXPECT_EQ(window_->sessions()->session(first)->run_count, 7);
  EXPECT_TRUE(child<QLabel>("originBadge")->isVisible());
  // Once more, by the same helper, into the database that is open by now.
  const qint64 process = window_->worker()->processId();
  QTest::mouseClick(child<QPushButton>("replayButton"), Qt::LeftButton);
  ASSERT_TRUE(ended.wait(kWaitMs));
  ASSERT_TRUE(wait([&] { return window_->view()->currentSession() > first; }))
      << window_->banner()->message().toStdString();
  EXPECT_EQ(window_->worker()->processId(), process);
}

TEST_F(HelperTest, RunsGoToTheDatabaseThatIsStillLoading) {
  if (!QFileInfo(realWorker()).isExecutable()) GTEST_SKIP() << "flashcore-profile is not built";
  writeSample(file("source.db").toStdString());
  writeSample(file("asked.db").toStdString());
  makeWindow(machineWithoutGpu, realWorker(), file("source.db"));
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  window_->openDatabase(file("asked.db"));
  ASSERT_TRUE(window_->database()->isLoading());
  QTest::mouseClick(child<QPushButton>("replayButton"), Qt::LeftButton);
  ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  EXPECT_FALSE(QFile::exists(file("default.db")));
  ASSERT_TRUE(wait([&] { return window_->sessions()->sessionCount() == 3; }))
      << window_->banner()->message().toStdString();
  EXPECT_EQ(window_->database()->path(), file("asked.db"));
  EXPECT_TRUE(wait([&] { return window_->view()->currentSession() == 3; }));
}

TEST_F(HelperTest, ADroppedCsvIsImportedIntoTheOpenDatabase) {
  if (!QFileInfo(realWorker()).isExecutable()) GTEST_SKIP() << "flashcore-profile is not built";
  makeWindow(machineWithoutGpu, realWorker());
  openSample();
  // As `ncu --csv --page raw` writes it: a row of names, a row of units, a row a kernel.
  writeFile("axpy.csv",
            "\"ID\",\"Process ID\",\"Process Name\",\"Host Name\",\"Kernel Name\",\"Context\",\"Stream\","
            "\"Block Size\",\"Grid Size\",\"Device\",\"CC\",\"gpu__time_duration.sum\"\n"
            "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"nsecond\"\n"
            "\"0\",\"1\",\"a.out\",\"127.0.0.1\",\"axpy(float *)\",\"1\",\"7\",\"(128, 1, 1)\","
            "\"(64, 1, 1)\",\"0\",\"9.0\",\"12,345\"\n");
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(file("axpy.csv"))});
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(window_.get(), &enter);
  QDropEvent dropped(QPointF(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(window_.get(), &dropped);
  ASSERT_TRUE(ended.wait(kWaitMs));
  ASSERT_TRUE(wait([&] { return window_->sessions()->sessionCount() == 3; }))
      << window_->banner()->message().toStdString();
  ASSERT_TRUE(wait([&] { return labelText("runTitle").startsWith(QStringLiteral("axpy")); }))
      << labelText("runTitle").toStdString();
  EXPECT_TRUE(labelText("originBadge").contains(QStringLiteral("axpy.csv")));
  EXPECT_TRUE(labelText("runTime").contains(QStringLiteral("12.3"))) << labelText("runTime").toStdString();
  EXPECT_EQ(window_->database()->path(), file("runs.db"));
}

TEST_F(HelperTest, AFileThatIsNoProfileSaysWhy) {
  if (!QFileInfo(realWorker()).isExecutable()) GTEST_SKIP() << "flashcore-profile is not built";
  makeWindow(machineWithoutGpu, realWorker());
  openSample();
  writeFile("notes.csv", "milk,eggs\nbread");
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  window_->importFiles({file("notes.csv")});
  ASSERT_TRUE(ended.wait(kWaitMs));
  EXPECT_TRUE(window_->banner()->isVisible());
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("notes.csv")))
      << window_->banner()->message().toStdString();
  EXPECT_EQ(window_->sessions()->sessionCount(), 2);
}

}  // namespace
}  // namespace flashcore::gui::test
