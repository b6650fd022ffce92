// What the window does with files: good ones, bad ones, dropped ones.
#include <QDropEvent>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <algorithm>
#include <cstdio>

#include "store/recording.h"
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
  writeEmpty(file("empty.db").toStdString());
  QSignalSpy opened(window_->database(), &Database::opened);
  window_->openDatabase(file("empty.db"));
  ASSERT_TRUE(opened.wait(kWaitMs));
  EXPECT_TRUE(labelText("emptyTitle").contains(QStringLiteral("no runs")));
}

TEST_F(DatabaseTest, RunsGoToWhatWasAskedForWhileItIsStillLoading) {
  makeWindow();
  writeSample(file("asked.db").toStdString());
  EXPECT_EQ(window_->profileTarget(), file("default.db"));
  QSignalSpy opened(window_->database(), &Database::opened);
  window_->openDatabase(file("asked.db"));
  ASSERT_EQ(opened.count(), 0);
  EXPECT_TRUE(window_->database()->isLoading());
  EXPECT_EQ(window_->profileTarget(), file("asked.db"));
  EXPECT_TRUE(labelText("profileTarget").contains(QStringLiteral("asked.db")));
  EXPECT_TRUE(labelText("emptyTitle").contains(QStringLiteral("Opening asked.db")));
  EXPECT_TRUE(labelText("stateLine").contains(QStringLiteral("Opening")));
  ASSERT_TRUE(opened.wait(kWaitMs));
  EXPECT_EQ(window_->profileTarget(), file("asked.db"));
  EXPECT_EQ(labelText("stateLine"), file("asked.db"));
}

TEST_F(DatabaseTest, RunsGoBackToWhatIsOpenWhereTheOtherCannotBeOpened) {
  makeWindow();
  openSample();
  writeFile("bad.db", "no database");
  QSignalSpy failed(window_->database(), &Database::failed);
  window_->openDatabase(file("bad.db"));
  EXPECT_EQ(window_->profileTarget(), file("bad.db"));
  ASSERT_TRUE(failed.wait(kWaitMs));
  EXPECT_EQ(window_->profileTarget(), file("runs.db"));
  EXPECT_TRUE(labelText("profileTarget").contains(QStringLiteral("runs.db")));
}

TEST_F(DatabaseTest, ARecordingIsNeverATarget) {
  makeWindow();
  writeFile("some.db.zst", "no recording");
  window_->openDatabase(file("some.db.zst"));
  EXPECT_EQ(window_->profileTarget(), file("default.db"));
}

// Its runs were taken live, and elsewhere: a window that opens the file itself says so as a replay does.
TEST_F(DatabaseTest, TheRunsOfAnOpenedRecordingAreCalledThat) {
  makeWindow();
  ids_ = writeSample(file("source.db").toStdString());
  auto store = store::Store::open(file("source.db").toStdString());
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE(store::write_recording(*store, file("sample.db.zst").toStdString()).has_value());
  openFile("sample.db.zst");
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(wait([&] { return labelText("originBadge").contains(QStringLiteral("RECORDING")); }));
  EXPECT_TRUE(child<QLabel>("originBadge")->isVisible());
  const auto session = window_->sessions()->indexOfSession(ids_.live);
  EXPECT_TRUE(session.data().toString().contains(QStringLiteral("RECORDING")))
      << session.data().toString().toStdString();
}

TEST_F(DatabaseTest, FollowsWhatOthersWriteAndKeepsTheSelection) {
  makeWindow();
  openSample();
  window_->database()->setFollowInterval(20);
  showRun(ids_.live, ids_.cublas);
  const core::RowId session = addRun(file("runs.db").toStdString(), {.phase = "fused", .rung = 3});
  ASSERT_TRUE(wait([&] { return window_->sessions()->session(session) != nullptr; }));
  EXPECT_EQ(window_->sessions()->indexOfSession(session).row(), 0);
  EXPECT_EQ(window_->view()->currentRun(), ids_.cublas);
  EXPECT_EQ(tree()->currentIndex().data(SessionModel::RunIdRole).toLongLong(), ids_.cublas);
  EXPECT_TRUE(tree()->isExpanded(window_->sessions()->indexOfSession(ids_.live)));
}

TEST_F(DatabaseTest, ARunThatGrowsIsShownWithWhatItHasBy) {
  makeWindow();
  auto store = *store::Store::open(file("grows.db").toStdString());
  auto session = makeSession();
  auto run = makeRun({.counters = false});
  ASSERT_TRUE(store.write_run(session, run).has_value());
  openFile("grows.db");
  window_->database()->setFollowInterval(20);
  const int before = window_->view()->loaded()->summary.counter_count;
  auto counted = makeRun({});
  ASSERT_TRUE(store.append(session, run, counted.measurements.back()).has_value());
  ASSERT_TRUE(wait([&] { return window_->view()->loaded()->summary.counter_count > before; }));
  EXPECT_EQ(window_->view()->currentRun(), run.id);
  // A second run in the session that is open.
  auto second = makeRun({.phase = "fused", .rung = 3});
  ASSERT_TRUE(store.write_run(session, second).has_value());
  ASSERT_TRUE(wait([&] { return window_->sessions()->indexOfRun(second.id).isValid(); }));
  EXPECT_TRUE(wait([&] { return window_->view()->loaded()->peers.size() == 2; }));
}

TEST_F(DatabaseTest, AnEmptyDatabaseShowsTheFirstRunThatComes) {
  makeWindow();
  writeEmpty(file("empty.db").toStdString());
  QSignalSpy opened(window_->database(), &Database::opened);
  window_->openDatabase(file("empty.db"));
  ASSERT_TRUE(opened.wait(kWaitMs));
  window_->database()->setFollowInterval(20);
  addRun(file("empty.db").toStdString(), {});
  ASSERT_TRUE(wait([&] { return window_->view()->currentRun() != 0; }));
  EXPECT_TRUE(window_->view()->isVisible());
}

TEST_F(DatabaseTest, SaysThatItsFileWasDeletedAndKeepsWhatItShows) {
  makeWindow();
  openSample();
  window_->database()->setFollowInterval(20);
  for (const char* name : {"runs.db", "runs.db-wal", "runs.db-shm"}) QFile::remove(file(name));
  ASSERT_TRUE(wait([&] { return window_->banner()->isVisible(); }));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("runs.db has been deleted")));
  EXPECT_EQ(window_->view()->currentSession(), ids_.recording);
  // What has not been read cannot be read any more, which is said with the way out.
  QTest::mouseClick(child<QWidget>("bannerClose"), Qt::LeftButton);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(wait([&] { return window_->banner()->isVisible(); }));
  EXPECT_TRUE(child<QPushButton>("bannerOffer")->isVisible());
  EXPECT_EQ(window_->view()->currentSession(), ids_.recording);
  // Where there is nothing to open, what is shown stays.
  QSignalSpy failed(window_->database(), &Database::failed);
  QTest::mouseClick(child<QPushButton>("bannerOffer"), Qt::LeftButton);
  ASSERT_TRUE(failed.wait(kWaitMs));
  EXPECT_EQ(window_->view()->currentSession(), ids_.recording);
}

TEST_F(DatabaseTest, SaysThatItsFileWasReplacedAndOpensTheNewOne) {
  makeWindow();
  openSample();
  window_->database()->setFollowInterval(20);
  const core::RowId session = addRun(file("other.db").toStdString(), {.phase = "fused", .rung = 3});
  for (const char* name : {"runs.db-wal", "runs.db-shm"}) QFile::remove(file(name));
  ASSERT_EQ(std::rename(file("other.db").toUtf8().constData(), file("runs.db").toUtf8().constData()), 0);
  ASSERT_TRUE(wait([&] { return window_->banner()->isVisible(); }));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("runs.db has been replaced")))
      << window_->banner()->message().toStdString();
  EXPECT_EQ(window_->sessions()->sessionCount(), 2);
  QTest::mouseClick(child<QPushButton>("bannerOffer"), Qt::LeftButton);
  ASSERT_TRUE(wait([&] { return window_->sessions()->sessionCount() == 1; }));
  ASSERT_TRUE(wait([&] { return window_->view()->currentSession() == session; }));
  EXPECT_TRUE(labelText("runTitle").contains(QStringLiteral("fused")));
  EXPECT_FALSE(window_->banner()->isVisible());
}

TEST_F(DatabaseTest, NothingIsReadFromAnotherFileUnderTheSameName) {
  makeWindow();
  openSample();
  window_->database()->setFollowInterval(0);  // nobody has looked yet
  for (int i = 0; i < 2; ++i) addRun(file("other.db").toStdString(), {.phase = "fused", .rung = 3});
  for (const char* name : {"runs.db-wal", "runs.db-shm"}) QFile::remove(file(name));
  ASSERT_EQ(std::rename(file("other.db").toUtf8().constData(), file("runs.db").toUtf8().constData()), 0);
  QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
  click(window_->sessions()->indexOfSession(ids_.live));
  ASSERT_TRUE(wait([&] { return window_->banner()->isVisible(); }));
  EXPECT_TRUE(window_->banner()->message().contains(QStringLiteral("replaced")))
      << window_->banner()->message().toStdString();
  EXPECT_EQ(shown.count(), 0);
  EXPECT_EQ(window_->view()->currentSession(), ids_.recording);
}

TEST_F(DatabaseTest, ReadsItsListsInPages) {
  makeWindow();
  writeMany(file("many.db").toStdString(), 130, 1);
  writeMany(file("many.db").toStdString(), 1, 950);
  QSignalSpy fetched(window_->database(), &Database::runsFetched);
  openFile("many.db");
  auto* model = window_->sessions();
  EXPECT_EQ(model->sessionCount(), RunReader::kSessionPage);
  const QModelIndex top = model->index(0, 0);
  ASSERT_TRUE(wait([&] { return model->rowCount(top) >= RunReader::kRunPage; }));
  QTest::qWait(300);
  EXPECT_EQ(model->rowCount(top), RunReader::kRunPage);  // and no more until somebody looks
  EXPECT_EQ(fetched.count(), 1);
  // To the end, as a person scrolls: of the runs, then of the sessions below them.
  ASSERT_TRUE(wait([&] {
    tree()->scrollTo(model->index(model->rowCount(top) - 1, 0, top));
    return model->rowCount(top) == 950;
  }));
  auto* bar = tree()->verticalScrollBar();
  ASSERT_TRUE(wait([&] {
    bar->setValue(bar->maximum());
    return model->sessionCount() == 131;
  }));
  core::RowId last = 0;
  for (int row = 0; row < 950; ++row) {
    const core::RowId id = model->index(row, 0, top).data(SessionModel::RunIdRole).toLongLong();
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST_F(DatabaseTest, ARunThatTheTreeHasNotReadIsShownAllTheSame) {
  makeWindow();
  writeMany(file("many.db").toStdString(), 1, 400);
  openFile("many.db");
  const auto loaded = window_->view()->loaded();
  const auto far = std::find_if(loaded->peers.begin(), loaded->peers.end(),
                                [](const PlotRun& run) { return run.summary.id > 300; });
  ASSERT_NE(far, loaded->peers.end());
  ASSERT_FALSE(window_->sessions()->indexOfRun(far->summary.id).isValid());
  Q_EMIT window_->view()->runChosen(far->summary.id);
  EXPECT_TRUE(wait([&] { return window_->view()->currentRun() == far->summary.id; }));
}

TEST_F(DatabaseTest, PointsOfOtherRunsComeBehindTheChosenOne) {
  makeWindow();
  writeMany(file("many.db").toStdString(), 1, 240);
  QSignalSpy loadedFirst(window_->database(), &Database::runLoaded);
  openFile("many.db");
  const auto first = loadedFirst[0][0].value<LoadedRunPtr>();
  EXPECT_FALSE(first->complete);
  ASSERT_TRUE(wait([&] { return window_->view()->loaded()->complete; }));
  const auto all = window_->view()->loaded();
  EXPECT_EQ(all->summary.id, first->summary.id);
  EXPECT_EQ(all->peers.size(), 30U);
  EXPECT_EQ(all->others.size(), static_cast<std::size_t>(LoadedRun::kMostOthers));
  EXPECT_TRUE(all->othersLeftOut);
  for (const auto& peer : all->peers) EXPECT_TRUE(peer.points.has_value());
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
