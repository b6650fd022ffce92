// What a person waits for in the desktop app where there is much: the first plot of a database with 10,000
// runs in one session, a selection in a session of 2,000, the first page of a database of many sessions. The
// window is a real one, drawn without a display. scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <QApplication>
#include <QEventLoop>
#include <QTemporaryDir>
#include <memory>

#include "app/gui/main_window.h"
#include "app/gui/roofline_view.h"
#include "app/gui/session_view.h"
#include "tests/app/gui/sample_database.h"

namespace {

using flashcore::core::RowId;
using flashcore::gui::MainWindow;

const QTemporaryDir& folder() {
  static const QTemporaryDir kept;
  return kept;
}

// A database of so many sessions and runs, written once.
QString database(int sessions, int runs) {
  const QString path = folder().filePath(QStringLiteral("%1-%2.db").arg(sessions).arg(runs));
  if (!QFile::exists(path)) flashcore::gui::test::writeMany(path.toStdString(), sessions, runs);
  return path;
}

std::unique_ptr<MainWindow> makeWindow() {
  flashcore::gui::MainWindowOptions options;
  options.remember = false;
  options.defaultDatabase = folder().filePath(QStringLiteral("default.db"));
  options.examine = [] { return std::vector<flashcore::session::Finding>(); };
  auto window = std::make_unique<MainWindow>(options);
  window->show();
  QCoreApplication::processEvents();
  return window;
}

template <typename Condition>
void waitFor(Condition condition) {
  while (!condition()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 1000);
}

// Until the run that is shown has its point under the roof.
void open(MainWindow& window, const QString& path) {
  window.openDatabase(path);
  waitFor([&] {
    const auto* view = window.view();
    return window.database()->path() == path && view->currentRun() != 0 &&
           view->roofline()->pointPosition(view->currentRun()).has_value();
  });
}

void FirstPlot(benchmark::State& state) {
  const QString path = database(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    state.PauseTiming();
    auto window = makeWindow();
    state.ResumeTiming();
    open(*window, path);
    state.PauseTiming();
    window.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(FirstPlot)->Args({1, 24})->Args({1, 10'000})->Args({2'000, 5})->Unit(benchmark::kMillisecond);

// Runs that have not been shown before, of all problems in turn; the second argument: with the memory chart
// in front, which is drawn for each.
void Selection(benchmark::State& state) {
  auto window = makeWindow();
  const auto runs = static_cast<RowId>(state.range(0));
  open(*window, database(1, static_cast<int>(runs)));
  if (state.range(1) != 0) window->view()->toggleChart();
  const RowId session = window->view()->currentSession();
  RowId run = 0;
  for (auto _ : state) {
    run = run % runs + 1;
    if (run == window->view()->currentRun()) run = run % runs + 1;
    window->database()->show(session, run);
    waitFor([&] {
      return window->view()->currentRun() == run &&
             window->view()->roofline()->pointPosition(run).has_value();
    });
  }
}
BENCHMARK(Selection)->Args({24, 0})->Args({2'000, 0})->Args({2'000, 1})->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
