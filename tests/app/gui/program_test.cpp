// The program from the outside: help, version, usage errors, a screenshot.
#include <gtest/gtest.h>

#include <QImage>
#include <QProcess>
#include <QTemporaryDir>

#include "sample_database.h"

namespace flashcore::gui::test {
namespace {

struct Ended {
  int code = -1;
  QString out, err;
};

Ended run(const QStringList& arguments, const QStringList& without = {}) {
  QProcess process;
  auto environment = QProcessEnvironment::systemEnvironment();
  for (const auto& name : without) environment.remove(name);
  process.setProcessEnvironment(environment);
  process.start(QStringLiteral(FLASHCORE_BUILD_DIR "/bin/flashcore"), arguments);
  process.waitForFinished(60'000);
  return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
          QString::fromUtf8(process.readAllStandardOutput()),
          QString::fromUtf8(process.readAllStandardError())};
}

TEST(Program, HelpAndVersionNeedNoDisplay) {
  const QStringList display{QStringLiteral("DISPLAY"), QStringLiteral("QT_QPA_PLATFORM")};
  const Ended help = run({QStringLiteral("--help")}, display);
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(help.out.contains(QStringLiteral("--screenshot")));
  const Ended version = run({QStringLiteral("--version")}, display);
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.startsWith(QStringLiteral("flashcore ")));
}

TEST(Program, BadArgumentsEndWithTwo) {
  for (const QStringList& arguments : {QStringList{QStringLiteral("--frobnicate")},
                                       QStringList{QStringLiteral("a.db"), QStringLiteral("b.db")},
                                       QStringList{QStringLiteral("--palette"), QStringLiteral("pink")},
                                       QStringList{QStringLiteral("--screenshot")}}) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << arguments.join(QLatin1Char(' ')).toStdString();
    EXPECT_TRUE(ended.err.contains(QStringLiteral("hint")));
  }
}

TEST(Program, WithoutADisplayItSaysSo) {
  const Ended ended = run(
      {}, {QStringLiteral("DISPLAY"), QStringLiteral("WAYLAND_DISPLAY"), QStringLiteral("QT_QPA_PLATFORM")});
  EXPECT_EQ(ended.code, 3);
  EXPECT_TRUE(ended.err.contains(QStringLiteral("display")));
}

TEST(Program, TakesAScreenshot) {
  QTemporaryDir folder;
  const QString database = folder.filePath(QStringLiteral("runs.db"));
  const QString picture = folder.filePath(QStringLiteral("window.png"));
  writeSample(database.toStdString());
  const Ended ended = run({QStringLiteral("--palette"), QStringLiteral("light"),
                           QStringLiteral("--screenshot"), picture, database});
  EXPECT_EQ(ended.code, 0) << ended.err.toStdString();
  const QImage image(picture);
  EXPECT_GT(image.width(), 800);
  EXPECT_GT(image.height(), 500);
}

}  // namespace
}  // namespace flashcore::gui::test
