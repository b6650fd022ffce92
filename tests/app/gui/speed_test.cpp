// How long a person waits where there is much: the first plot of a database with 10,000 runs in one session,
// a selection in a session of 2,000. The bounds are the promised times with room for a busy machine;
// tests/bench/gui_bench.cpp measures them.
#include <QElapsedTimer>
#include <algorithm>

#include "app/gui/phase_bars_view.h"
#include "app/gui/roofline_view.h"
#include "window_fixture.h"

namespace flashcore::gui::test {
namespace {

// Of an optimised build; others may take their time.
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr int kRoom = 2;
#else
constexpr int kRoom = 20;
#endif

class SpeedTest : public WindowTest {
 protected:
  // Until the run is in the window, with its point under the roof and its bar.
  qint64 timeToShow(core::RowId session, core::RowId run) {
    QElapsedTimer timer;
    timer.start();
    window_->database()->show(session, run);
    EXPECT_TRUE(wait([&] {
      return window_->view()->currentRun() == run &&
             window_->view()->roofline()->pointPosition(run).has_value();
    }));
    return timer.elapsed();
  }
};

TEST_F(SpeedTest, TheFirstPlotOfTenThousandRuns) {
  writeMany(file("many.db").toStdString(), 1, 10'000);
  makeWindow();
  QElapsedTimer timer;
  timer.start();
  openFile("many.db");
  const auto run = window_->view()->currentRun();
  EXPECT_TRUE(window_->view()->roofline()->pointPosition(run).has_value());
  EXPECT_GT(window_->view()->bars()->names().size(), 2);
  EXPECT_LT(timer.elapsed(), 500 * kRoom);
}

TEST_F(SpeedTest, ASelectionAmongTwoThousandRuns) {
  writeMany(file("many.db").toStdString(), 1, 2'000);
  makeWindow();
  openFile("many.db");
  const core::RowId session = window_->view()->currentSession();
  // Other problems and the same one, near and far, while points still come in the background.
  std::vector<qint64> times;
  for (const core::RowId run : {1, 2, 26, 1999, 777, 1203, 1202, 42, 1500, 9}) {
    times.push_back(timeToShow(session, run));
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[times.size() / 2], 50 * kRoom);
  EXPECT_LT(times.back(), 100 * kRoom);
}

TEST_F(SpeedTest, TheWindowAnswersWhileALargeFileIsRead) {
  writeMany(file("many.db").toStdString(), 1, 5'000);
  makeWindow();
  QElapsedTimer sinceLast;
  qint64 longest = 0;
  QTimer beat;
  QObject::connect(&beat, &QTimer::timeout, [&] { longest = std::max(longest, sinceLast.restart()); });
  sinceLast.start();
  beat.start(5);
  openFile("many.db");
  ASSERT_TRUE(wait([&] { return window_->view()->loaded()->complete; }));
  EXPECT_LT(longest, 150 * kRoom);
}

}  // namespace
}  // namespace flashcore::gui::test
