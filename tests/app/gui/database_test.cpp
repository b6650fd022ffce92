// What the window does with files: good ones, bad ones, dropped ones.
#include <QDropEvent>
#include <QMimeData>

#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

class DatabaseTest : public WindowTest {
 protected:
  void expectRefusal(const QString& path) {
    QSignalSpy failed(window_->database(), &Database::failed);
    window_->openDatabase(path);
    ASSERT_TRUE(failed.wait(kWaitMs));
    EXPECT_TRUE(window_->banner()->isVisible());
    const auto error = failed[0][0].value<core::Error>();
    EXPECT_EQ(window_->banner()->message().toStdString(), error.message);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(window_->banner()->hint().toStdString(), error.hint);
  }

  void drop(const QString& path) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window_.get(), &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent dropped(QPointF(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window_.get(), &dropped);
  }
};

TEST_F(DatabaseTest, NothingOpenSaysWhatToDo) {
  makeWindow(machineWithGpu);
  EXPECT_TRUE(child<QLabel>("emptyTitle")->isVisible());
  EXPECT_TRUE(labelText("emptyText").contains(QStringLiteral("press Run")));
  EXPECT_FALSE(child<QPushButton>("emptyReplay")->isVisible());
  EXPECT_FALSE(QFile::exists(file("default.db")));
}

TEST_F(DatabaseTest, AJpegIsRefusedAndLeftAsItWas) {
  makeWindow();
  const QByteArray jpeg =
      QByteArray::fromHex("ffd8ffe000104a46494600010101004800480000") + QByteArray(4000, 'j');
  writeFile("photo.jpg", jpeg);
  expectRefusal(file("photo.jpg"));
  QFile after(file("photo.jpg"));
  ASSERT_TRUE(after.open(QIODevice::ReadOnly));
  EXPECT_EQ(after.readAll(), jpeg);
  EXPECT_FALSE(window_->database()->isOpen());
}

TEST_F(DatabaseTest, AMissingFileIsRefusedAndNotCreated) {
  makeWindow();
  expectRefusal(file("nowhere/runs.db"));
  expectRefusal(file("missing.db"));
  EXPECT_FALSE(QFile::exists(file("missing.db")));
}

TEST_F(DatabaseTest, ABadFileLeavesTheOldOneOpen) {
  makeWindow();
  openSample();
  writeFile("bad.db", "no database");
  expectRefusal(file("bad.db"));
  EXPECT_EQ(window_->database()->path(), file("runs.db"));
  EXPECT_EQ(window_->sessions()->sessionCount(), 2);
  QTest::mouseClick(child<QWidget>("bannerClose"), Qt::LeftButton);
  EXPECT_FALSE(window_->banner()->isVisible());
}

TEST_F(DatabaseTest, ADroppedDatabaseIsOpened) {
  makeWindow();
  writeSample(file("dropped.db").toStdString());
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  drop(file("dropped.db"));
  ASSERT_TRUE(shown.wait(kWaitMs));
  EXPECT_EQ(window_->database()->path(), file("dropped.db"));
  EXPECT_TRUE(window_->windowTitle().contains(QStringLiteral("dropped.db")));
}

TEST_F(DatabaseTest, AnEmptyDatabaseSaysSo) {
  makeWindow();
  ASSERT_TRUE(store::Store::open(file("empty.db").toStdString()).has_value());
  QSignalSpy lists(window_->database(), &Database::listsLoaded);
  window_->openDatabase(file("empty.db"));
  ASSERT_TRUE(lists.wait(kWaitMs));
  EXPECT_TRUE(labelText("emptyTitle").contains(QStringLiteral("no runs")));
}

TEST_F(DatabaseTest, TheLastDatabaseIsRemembered) {
  writeSample(file("runs.db").toStdString());
  for (int round = 0; round < 2; ++round) {
    MainWindowOptions options;
    options.examine = machineWithoutGpu;
    options.defaultDatabase = file("default.db");
    MainWindow window(options);
    QSignalSpy shown(&window, &MainWindow::sessionShown);
    window.openAtStart(round == 0 ? file("runs.db") : QString());
    ASSERT_TRUE(shown.wait(kWaitMs)) << round;
    EXPECT_EQ(window.database()->path(), file("runs.db"));
    window.close();
  }
}

}  // namespace
}  // namespace flashcore::gui::test
