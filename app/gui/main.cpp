// flashcore: the desktop app.
#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QStyle>
#include <QTimer>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/models/theme.h"
#include "app/gui/outlined_style.h"
#include "app/gui/session_view.h"
#include "core/build_info.h"

namespace flashcore::gui {
namespace {

constexpr int kUsage = 2;
constexpr int kFileError = 5;
// A screenshot waits for the machine and the database, but not for ever.
constexpr int kScreenshotPatienceMs = 20'000;

struct Arguments {
  QString database, screenshot, palette = QStringLiteral("system");
};

int complain(const QString& message) {
  std::fprintf(stderr, "flashcore: %s\n  hint: flashcore --help lists what there is\n", qPrintable(message));
  return kUsage;
}

void describe(QCommandLineParser& parser) {
  parser.setApplicationDescription(
      QStringLiteral("FlashCore: profiling and roofline workbench for CUDA kernels."));
  parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, QStringLiteral("Shows this and ends.")});
  parser.addOption(
      {{QStringLiteral("v"), QStringLiteral("version")}, QStringLiteral("Shows the version and ends.")});
  parser.addOption({QStringLiteral("screenshot"),
                    QStringLiteral("Draws the window into <file.png> and ends; needs no display."),
                    QStringLiteral("file.png")});
  parser.addOption({QStringLiteral("palette"), QStringLiteral("light, dark or system (the default)."),
                    QStringLiteral("name"), QStringLiteral("system")});
  parser.addPositionalArgument(QStringLiteral("database"),
                               QStringLiteral("A database of flashcore-profile, or a recording (*.db.zst)."),
                               QStringLiteral("[database]"));
}

// An exit code where the program is to end at once.
std::optional<int> readArguments(const QStringList& list, Arguments& arguments) {
  QCommandLineParser parser;
  describe(parser);
  if (!parser.parse(list)) return complain(parser.errorText());
  if (parser.isSet(QStringLiteral("help"))) {
    // The parser asks the application for the program's name, and there is none yet.
    QString help = parser.helpText();
    help.replace(QStringLiteral("<executable_name>"), QStringLiteral("flashcore"));
    std::fputs(qPrintable(help), stdout);
    return 0;
  }
  if (parser.isSet(QStringLiteral("version"))) {
    const auto& build = core::build_info();
    std::printf("flashcore %.*s (%.*s)\n", static_cast<int>(build.version.size()), build.version.data(),
                static_cast<int>(build.git_sha.size()), build.git_sha.data());
    return 0;
  }
  arguments.screenshot = parser.value(QStringLiteral("screenshot"));
  if (parser.isSet(QStringLiteral("screenshot")) && arguments.screenshot.isEmpty()) {
    return complain(QStringLiteral("--screenshot needs a file name"));
  }
  arguments.palette = parser.value(QStringLiteral("palette"));
  if (!QStringList{QStringLiteral("light"), QStringLiteral("dark"), QStringLiteral("system")}.contains(
          arguments.palette)) {
    return complain(QStringLiteral("--palette is light, dark or system, not '%1'").arg(arguments.palette));
  }
  const QStringList rest = parser.positionalArguments();
  if (rest.size() > 1) return complain(QStringLiteral("only one database can be opened"));
  if (!rest.isEmpty()) arguments.database = rest.front();
  return std::nullopt;
}

void applyPalette(const QString& name) {
  // A desktop's own style stays; Fusion, the one of all others, gets its check boxes outlined.
  const bool fusion =
      QApplication::style()->objectName().compare(QLatin1String("fusion"), Qt::CaseInsensitive) == 0;
  if (fusion || name != QLatin1String("system")) QApplication::setStyle(new OutlinedStyle);
  if (name == QLatin1String("system")) return;
  QApplication::setPalette(name == QLatin1String("dark") ? darkPalette() : lightPalette());
}

int takeScreenshot(MainWindow& window, const QString& file) {
  bool machine = false, content = false;
  const auto check = [&] {
    if (machine && content) QTimer::singleShot(100, qApp, [] { QCoreApplication::exit(0); });
  };
  QObject::connect(&window, &MainWindow::machineKnown, [&] { machine = true, check(); });
  // With all its points, not with the first one alone.
  QObject::connect(window.database(), &Database::runLoaded, [&](const LoadedRunPtr& run) {
    if (run->complete) content = true, check();
  });
  QObject::connect(window.database(), &Database::plotsGrown, [&](const LoadedRunPtr& run) {
    if (run->complete) content = true, check();
  });
  QObject::connect(window.database(), &Database::failed, [&] { content = true, check(); });
  QObject::connect(window.database(), &Database::opened,
                   [&](const QString&, const store::SessionPage& first) {
                     if (first.sessions.empty()) content = true, check();
                   });
  // Nothing to open: the empty page is the picture.
  if (!window.database()->isLoading()) content = true;
  QTimer::singleShot(kScreenshotPatienceMs, qApp, [] { QCoreApplication::exit(0); });
  window.show();
  QCoreApplication::exec();
  if (window.grab().save(file)) return 0;
  std::fprintf(stderr,
               "flashcore: %s cannot be written\n  hint: give a .png in a folder that you may write to\n",
               qPrintable(file));
  return kFileError;
}

void tellOnlyErrors(QtMsgType type, const QMessageLogContext&, const QString& message) {
  if (type != QtCriticalMsg && type != QtFatalMsg) return;
  std::fprintf(stderr, "flashcore: %s\n", qPrintable(message));
  if (type == QtFatalMsg) std::abort();
}

int start(int argc, char** argv) {
  // Help and usage errors need no display; neither does a screenshot.
  QStringList list;
  for (int i = 0; i < argc; ++i) list << QString::fromLocal8Bit(argv[i]);
  Arguments arguments;
  if (const auto code = readArguments(list, arguments)) return *code;
  if (!arguments.screenshot.isEmpty()) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    // What the offscreen platform says of itself is no news to who asked for a picture.
    qInstallMessageHandler(tellOnlyErrors);
  }
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM") && qEnvironmentVariableIsEmpty("DISPLAY") &&
      qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY")) {
    std::fprintf(stderr,
                 "flashcore: there is no display\n  hint: use flashcore-profile here, or forward a display "
                 "(ssh -X); --screenshot FILE.png needs none\n");
    return 3;
  }
  QApplication app(argc, argv);
  QApplication::setApplicationName(QStringLiteral("flashcore"));
  QApplication::setOrganizationName(QStringLiteral("flashcore"));
  QApplication::setApplicationDisplayName(QStringLiteral("FlashCore"));
  applyPalette(arguments.palette);
  MainWindowOptions options;
  options.remember = arguments.screenshot.isEmpty();
  MainWindow window(options);
  window.openAtStart(arguments.database);
  if (!arguments.screenshot.isEmpty()) return takeScreenshot(window, arguments.screenshot);
  window.show();
  return QApplication::exec();
}

}  // namespace
}  // namespace flashcore::gui

int main(int argc, char** argv) {
  return flashcore::gui::start(argc, argv);
}
