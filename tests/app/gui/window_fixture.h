// A main window on a folder of its own, and how a test waits for it.
#pragma once

#include <gtest/gtest.h>

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>
#include <memory>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"
#include "sample_database.h"

namespace flashcore::gui::test {

inline std::vector<session::Finding> machineWithoutGpu() {
  return {{"driver", false, "no NVIDIA driver: libcuda.so.1 is not installed", "install the NVIDIA driver"},
          {"gpu", false, "no GPU", "use a machine with one"}};
}

inline std::vector<session::Finding> machineWithGpu() {
  return {{"driver", true, "580.10", ""},
          {"gpu", true, "NVIDIA H200", ""},
          {"cupti", true, "13.0", ""},
          {"counters", true, "allowed", ""}};
}

class WindowTest : public testing::Test {
 protected:
  static constexpr int kWaitMs = 15'000;

  QString file(const char* name) const { return folder_.filePath(QLatin1String(name)); }

  void makeWindow(Examine examine = machineWithoutGpu, const QString& worker = {},
                  const QString& recording = {}) {
    MainWindowOptions options;
    options.examine = std::move(examine);
    options.worker = worker;
    options.recording = recording;
    options.defaultDatabase = file("default.db");
    options.remember = false;
    window_ = std::make_unique<MainWindow>(options);
    QSignalSpy known(window_.get(), &MainWindow::machineKnown);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    ASSERT_TRUE(known.count() > 0 || known.wait(kWaitMs));
  }

  void openSample() {
    ids_ = writeSample(file("runs.db").toStdString());
    openFile("runs.db");
  }

  // Opens a database that holds runs, and waits for the first of them to be shown.
  void openFile(const char* name) {
    QSignalSpy shown(window_.get(), &MainWindow::sessionShown);
    window_->openDatabase(file(name));
    ASSERT_TRUE(shown.wait(kWaitMs)) << window_->banner()->message().toStdString();
  }

  template <typename Condition>
  static bool wait(Condition condition) {
    return QTest::qWaitFor(condition, kWaitMs);
  }

  QTreeView* tree() const { return child<QTreeView>("sessionTree"); }

  // A run's row, with its session opened.
  QModelIndex rowOfRun(core::RowId session, core::RowId run) {
    tree()->expand(window_->sessions()->indexOfSession(session));
    EXPECT_TRUE(wait([&] { return window_->sessions()->indexOfRun(run).isValid(); }));
    return window_->sessions()->indexOfRun(run);
  }

  // A click on a run's row; it is shown then.
  void showRun(core::RowId session, core::RowId run) {
    click(rowOfRun(session, run));
    EXPECT_TRUE(wait([&] { return window_->view()->currentRun() == run; }));
  }

  // A click on the row that stands for `index`.
  void click(const QModelIndex& index) {
    auto* tree = this->tree();
    tree->expand(index.parent());
    tree->scrollTo(index);
    QTest::mouseClick(tree->viewport(), Qt::LeftButton, {}, tree->visualRect(index).center());
  }

  QString labelText(const char* name) const {
    const auto* label = window_->findChild<QLabel*>(QLatin1String(name));
    return label ? label->text() : QString();
  }
  template <typename T>
  T* child(const char* name) const {
    return window_->findChild<T*>(QLatin1String(name));
  }

  void writeFile(const char* name, const QByteArray& content) const {
    QFile out(file(name));
    ASSERT_TRUE(out.open(QIODevice::WriteOnly));
    out.write(content);
  }

  QTemporaryDir folder_;
  SampleIds ids_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace flashcore::gui::test
