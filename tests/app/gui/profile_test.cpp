// Profiling from the window: what may be pressed when, and what is asked for.
#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QListWidget>
#include <QPushButton>
#include <QThread>
#include <atomic>

#include "app/session/collectors.h"
#include "app/session/worker_protocol.h"
#include "profile_fixture.h"

namespace flashcore::gui::test {
namespace {

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

std::vector<std::string> labels(const std::vector<core::Problem>& problems) {
  std::vector<std::string> texts;
  for (const auto& problem : problems) texts.push_back(core::problem_label(problem));
  return texts;
}

TEST_F(ProfileTest, TicksMakeTheRequest) {
  makeWindow(machineWithGpu);
  const auto before = window_->panel()->request().profile;
  ASSERT_FALSE(before.phases.empty());
  EXPECT_EQ(labels(before.problems), std::vector<std::string>{"mission"});
  EXPECT_FALSE(before.strict);
  EXPECT_EQ(before.seed, 0U);
  EXPECT_FALSE(before.command.empty());
  tick("phaseTicks", QString::fromStdString(before.phases.front()));
  tick("shapeTicks", QStringLiteral("tiny"));
  QTest::keyClicks(child<QLineEdit>("otherProblem"), QStringLiteral("2,8,128,512,64"));
  child<QLineEdit>("seed")->selectAll();
  QTest::keyClicks(child<QLineEdit>("seed"), QStringLiteral("18446744073709551615"));
  child<QCheckBox>("strict")->setChecked(true);
  auto after = window_->panel()->request().profile;
  EXPECT_EQ(after.phases.size(), before.phases.size() - 1);
  EXPECT_EQ(labels(after.problems), (std::vector<std::string>{"tiny", "mission", "2,8,128,512,64"}));
  EXPECT_TRUE(after.strict);
  EXPECT_EQ(after.seed, 18446744073709551615U);
  QTest::mouseClick(child<QWidget>("causal"), Qt::LeftButton, {},
                    QPoint(8, child<QWidget>("causal")->height() / 2));
  after = window_->panel()->request().profile;
  EXPECT_EQ(labels(after.problems),
            (std::vector<std::string>{"tiny,causal", "mission,causal", "2,8,128,512,64,causal"}));
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
}

TEST_F(ProfileTest, TheRequestReachesTheHelperWhole) {
  // What the panel says is what a helper reads, seed, strictness and command too.
  makeWindow(machineWithGpu);
  child<QLineEdit>("seed")->setText(QStringLiteral("77"));
  child<QCheckBox>("strict")->setChecked(true);
  EXPECT_EQ(window_->panel()->request().profile.cache, core::CacheState::kWarm);
  auto* caches = child<QComboBox>("cacheState");
  caches->setFocus();
  QTest::keyClick(caches, Qt::Key_Down);
  EXPECT_EQ(caches->currentText(), QStringLiteral("cold"));
  child<QLineEdit>("otherProblem")
      ->setText(QStringLiteral("b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal"));
  auto request = window_->panel()->request();
  request.id = 3;
  request.database = "/tmp/x.db";
  const auto command = session::parse_command(session::to_line(request));
  ASSERT_TRUE(command.has_value()) << command.error().message;
  const auto& back = std::get<session::WorkerRequest>(*command).profile;
  EXPECT_EQ(back.seed, 77U);
  EXPECT_TRUE(back.strict);
  EXPECT_EQ(back.cache, core::CacheState::kCold);
  EXPECT_EQ(back.command, request.profile.command);
  EXPECT_EQ(back.collectors, request.profile.collectors);
  EXPECT_EQ(labels(back.problems), (std::vector<std::string>{"mission", "mission,hkv=2,bf16,causal"}));
}

// A helper that counts stays warm from click to click only where it is asked for the same.
TEST_F(ProfileTest, ASecondClickAsksForTheSame) {
  makeWindow(machineWithGpu);
  window_->panel()->setCache(core::CacheState::kCold);
  const std::string first = session::to_line(window_->panel()->request());
  window_->panel()->setRunning(true);
  window_->panel()->showDone(QStringLiteral("Done: 3 runs."));
  EXPECT_EQ(session::to_line(window_->panel()->request()), first);
}

TEST_F(ProfileTest, TheCacheStateIsRemembered) {
  for (const auto& [before, after] : {std::pair(core::CacheState::kWarm, core::CacheState::kCold),
                                      std::pair(core::CacheState::kCold, core::CacheState::kWarm),
                                      std::pair(core::CacheState::kWarm, core::CacheState::kWarm)}) {
    MainWindowOptions options;
    options.examine = machineWithGpu;
    options.defaultDatabase = file("default.db");
    MainWindow window(options);
    EXPECT_EQ(window.panel()->request().profile.cache, before);
    window.panel()->setCache(after);
    window.show();
    window.close();
  }
}

TEST_F(ProfileTest, EveryCollectorOfTheRegistryCanBeChosen) {
  makeWindow(machineWithGpu);
  std::vector<std::string> byDefault;
  for (const auto& info : session::list_collectors()) {
    const auto* box =
        window_->findChild<QCheckBox*>(QStringLiteral("collect.") + QString::fromStdString(info.id));
    EXPECT_EQ(box == nullptr, info.always) << info.id;
    if (!box) continue;
    EXPECT_EQ(box->isChecked(), info.by_default) << info.id;
    if (info.by_default) byDefault.push_back(info.id);
  }
  EXPECT_EQ(window_->panel()->request().profile.collectors, byDefault);
  for (const auto& id : byDefault) {
    window_->findChild<QCheckBox*>(QStringLiteral("collect.") + QString::fromStdString(id))
        ->setChecked(false);
  }
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  EXPECT_FALSE(child<QComboBox>("counterSet")->isEnabled());
  auto* ncu = child<QCheckBox>("collect.ncu");
  ASSERT_NE(ncu, nullptr);
  ncu->setChecked(true);
  EXPECT_EQ(window_->panel()->request().profile.collectors, std::vector<std::string>{"ncu"});
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
}

TEST_F(ProfileTest, WhatStandsAgainstACollectorIsSaidWhereItIsTicked) {
  makeWindow([] {
    auto findings = machineWithGpu();
    findings.back() = {"counters", false, "not permitted", "ask the administrator"};
    findings.push_back({"ncu", false, "not found", "install it"});
    return findings;
  });
  EXPECT_TRUE(labelText("profileReason").contains(QStringLiteral("ask the administrator")));
  EXPECT_FALSE(labelText("profileReason").contains(QStringLiteral("install it")));
  child<QCheckBox>("collect.cupti")->setChecked(false);
  child<QCheckBox>("collect.ncu")->setChecked(true);
  EXPECT_FALSE(labelText("profileReason").contains(QStringLiteral("ask the administrator")));
  EXPECT_TRUE(labelText("profileReason").contains(QStringLiteral("install it")));
}

TEST_F(ProfileTest, AProblemThatBreaksARuleTurnsTheButtonOffWithTheRule) {
  makeWindow(machineWithGpu);
  QTest::keyClicks(child<QLineEdit>("otherProblem"), QStringLiteral("1,8,512,64,hkv=3"));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  const auto rule = core::parse_problem("1,8,512,64,hkv=3");
  ASSERT_FALSE(rule.has_value());
  EXPECT_TRUE(labelText("profileReason").contains(QString::fromStdString(rule.error().message)))
      << labelText("profileReason").toStdString();
  child<QLineEdit>("otherProblem")->clear();
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
  child<QLineEdit>("seed")->setText(QStringLiteral("-1"));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
  child<QLineEdit>("seed")->setText(QStringLiteral("5"));
  EXPECT_TRUE(child<QPushButton>("runButton")->isEnabled());
  tick("shapeTicks", QStringLiteral("mission"));
  EXPECT_FALSE(child<QPushButton>("runButton")->isEnabled());
}

}  // namespace
}  // namespace flashcore::gui::test
