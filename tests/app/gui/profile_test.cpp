// Profiling from the window: what may be pressed when, and helpers good and bad.
#include <QFileInfo>
#include <QListWidget>
#include <QPushButton>

#include "store/recording.h"
#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

class ProfileTest : public WindowTest {
 protected:
  static QString badWorker() { return QStringLiteral(FLASHCORE_BUILD_DIR "/tests/misbehaving_worker"); }
  static QString realWorker() { return QStringLiteral(FLASHCORE_BUILD_DIR "/bin/flashcore-profile"); }

  // A click on the box of the row that stands for `id`.
  void tick(const char* list, const QString& id) {
    auto* widget = child<QListWidget>(list);
    for (int row = 0; row < widget->count(); ++row) {
      if (widget->item(row)->data(Qt::UserRole).toString() != id) continue;
      const QRect rect = widget->visualItemRect(widget->item(row));
      QTest::mouseClick(widget->viewport(), Qt::LeftButton, {}, QPoint(rect.left() + 10, rect.center().y()));
      return;
    }
    FAIL() << "no row " << id.toStdString();
  }

  void runMisbehaving(const char* way) {
    qputenv("MISBEHAVIOUR", way);
    makeWindow(machineWithGpu, badWorker());
    openSample();
    QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
    QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
    ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  }

  void expectAlive() {
    EXPECT_TRUE(window_->isVisible());
    EXPECT_TRUE(QTest::qWaitFor([&] { return child<QPushButton>("runButton")->isEnabled(); }, kWaitMs));
    EXPECT_FALSE(child<QWidget>("progress")->isVisible());
    click(window_->sessions()->indexOfSession(ids_.live));
    EXPECT_TRUE(QTest::qWaitFor([&] { return window_->view()->session()->id == ids_.live; }, kWaitMs));
  }
};

TEST_F(ProfileTest, WithoutAGpuTheButtonIsOffAndSaysWhy) {
  makeWindow();
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  EXPECT_TRUE(child<QLabel>("profileReason")->isVisible());
  EXPECT_TRUE(labelText("profileReason").contains(QStringLiteral("libcuda.so.1 is not installed")));
  EXPECT_TRUE(labelText("profileReason").contains(QStringLiteral("install the NVIDIA driver")));
  EXPECT_TRUE(child<QPushButton>("replayButton")->isVisible());
}

TEST_F(ProfileTest, TheWindowIsThereBeforeTheDriverHasAnswered) {
  std::atomic<bool> go{false};
  MainWindowOptions options;
  options.remember = false;
  options.defaultDatabase = file("default.db");
  options.examine = [&go] {
    while (!go) QThread::msleep(5);
    return machineWithGpu();
  };
  MainWindow window(options);
  QSignalSpy known(&window, &MainWindow::machineKnown);
  window.show();
  EXPECT_TRUE(QTest::qWaitForWindowExposed(&window));
  EXPECT_EQ(known.count(), 0);
  EXPECT_TRUE(
      window.findChild<QLabel*>(QStringLiteral("profileReason"))->text().contains(QStringLiteral("Looking")));
  go = true;
  EXPECT_TRUE(known.wait(kWaitMs));
  EXPECT_TRUE(window.findChild<QPushButton*>(QStringLiteral("runButton"))->isEnabled());
}

TEST_F(ProfileTest, TicksMakeTheRequest) {
  makeWindow(machineWithGpu);
  auto before = window_->panel()->request();
  ASSERT_FALSE(before.profile.phases.empty());
  EXPECT_EQ(before.shapes, std::vector<std::string>{"mission"});
  tick("phaseTicks", QString::fromStdString(before.profile.phases.front()));
  tick("shapeTicks", QStringLiteral("tiny"));
  QTest::mouseClick(child<QWidget>("causal"), Qt::LeftButton, {},
                    QPoint(8, child<QWidget>("causal")->height() / 2));
  QTest::keyClicks(child<QLineEdit>("otherShape"), QStringLiteral("2,8,128,512,64"));
  const auto after = window_->panel()->request();
  EXPECT_EQ(after.profile.phases.size(), before.profile.phases.size() - 1);
  EXPECT_EQ(after.shapes, (std::vector<std::string>{"tiny", "mission", "2,8,128,512,64"}));
  EXPECT_TRUE(after.causal);
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
}

TEST_F(ProfileTest, AShapeThatBreaksARuleTurnsTheButtonOffWithTheRule) {
  makeWindow(machineWithGpu);
  QTest::keyClicks(child<QLineEdit>("otherShape"), QStringLiteral("1,8,512,80"));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  EXPECT_TRUE(labelText("profileReason").contains(QStringLiteral("64")))
      << labelText("profileReason").toStdString();
  child<QLineEdit>("otherShape")->clear();
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
  tick("shapeTicks", QStringLiteral("mission"));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
}

TEST_F(ProfileTest, ACrashingHelperTakesNothingWithIt) {
  runMisbehaving("abort");
  EXPECT_TRUE(window_->banner()->isVisible());
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("ended unexpectedly")));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("SIGABRT")));
  EXPECT_TRUE(window_->banner()->hint().contains(QStringLiteral("Runs finished before")));
  expectAlive();
}

TEST_F(ProfileTest, AnExitingHelperSaysItsCode) {
  runMisbehaving("exit");
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("exit code 7")));
  expectAlive();
}

TEST_F(ProfileTest, LinesThatAreNoMessagesAreSurvivedAndErrorsAreShown) {
  runMisbehaving("chatty");
  EXPECT_EQ(window_->banner()->message(), QStringLiteral("the launch failed"));
  EXPECT_EQ(window_->banner()->hint(), QStringLiteral("look again"));
  expectAlive();
}

TEST_F(ProfileTest, AHelperThatIsNotThereSaysSo) {
  makeWindow(machineWithGpu, file("no-such-program"));
  openSample();
  QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
  QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
  ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("could not be started")));
  expectAlive();
}

TEST_F(ProfileTest, CancelStopsTheHelper) {
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

TEST_F(ProfileTest, ClosingTheWindowEndsAHungHelper) {
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

TEST_F(ProfileTest, ReplaysARecordingThroughTheRealHelper) {
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
  EXPECT_EQ(window_->view()->session()->runs.size(), 6U);
  EXPECT_TRUE(child<QLabel>("recordingBadge")->isVisible());
}

}  // namespace
}  // namespace flashcore::gui::test
