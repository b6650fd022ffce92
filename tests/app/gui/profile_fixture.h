// A window that profiles through a helper process, good or bad.
#pragma once

#include <QFile>
#include <QListWidget>
#include <QPushButton>

#include "window_fixture.h"

namespace flashcore::gui::test {

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

  void runAgain() {
    QSignalSpy ended(window_.get(), &MainWindow::profilingEnded);
    ASSERT_TRUE(wait([&] { return child<QPushButton>("runButton")->isEnabled(); }));
    QTest::mouseClick(child<QPushButton>("runButton"), Qt::LeftButton);
    ASSERT_TRUE(ended.count() > 0 || ended.wait(kWaitMs));
  }

  // What the misbehaving helpers have noted.
  QStringList noted() {
    QFile log(file("log"));
    EXPECT_TRUE(log.open(QIODevice::ReadOnly));
    return QString::fromUtf8(log.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  }

  void SetUp() override { qputenv("MISBEHAVIOUR_LOG", file("log").toUtf8()); }

  void expectAlive() {
    EXPECT_TRUE(window_->isVisible());
    EXPECT_TRUE(QTest::qWaitFor([&] { return child<QPushButton>("runButton")->isEnabled(); }, kWaitMs));
    EXPECT_FALSE(child<QWidget>("progress")->isVisible());
    click(window_->sessions()->indexOfSession(ids_.live));
    EXPECT_TRUE(wait([&] { return window_->view()->currentSession() == ids_.live; }));
  }
};

}  // namespace flashcore::gui::test
