#include "core/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace flashcore::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

ChildSpec shell(std::string script) {
  return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

// Ended, or a zombie that init has not yet taken.
bool ends_within(pid_t pid, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(status)), {});
    if (!alive(pid) || text.find(") Z") != std::string::npos) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

auto seconds_of(auto work) {
  const auto from = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

TEST(RunChild, GivesWhatWasPrintedOnEachStreamAndTheCode) {
  const auto end = run_child(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(end) << to_text(end.error());
  EXPECT_EQ(end->output, "out\n");
  EXPECT_EQ(end->errors, "err\n");
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->signal, 0);
  EXPECT_EQ(how_it_ended(*end), "exit code 3");
}

TEST(RunChild, PassesArgumentsAsTheyAre) {
  const auto end = run_child({.program = "/bin/echo", .arguments = {"a b", "\"q\"", "$HOME", "", "d\\e"}});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output, "a b \"q\" $HOME  d\\e\n");
}

TEST(RunChild, AddsToTheEnvironment) {
  ::setenv("FLASHCORE_TEST_KEPT", "kept", 1);
  auto spec = shell("echo $FLASHCORE_TEST_KEPT $FLASHCORE_TEST_NEW");
  spec.environment["FLASHCORE_TEST_NEW"] = "new";
  EXPECT_EQ(run_child(spec)->output, "kept new\n");
  EXPECT_EQ(::getenv("FLASHCORE_TEST_NEW"), nullptr);
}

TEST(RunChild, InputIsEmpty) {
  EXPECT_EQ(run_child(shell("cat; echo end"))->output, "end\n");
}

TEST(RunChild, FindsAProgramOnThePath) {
  EXPECT_EQ(run_child({.program = "sh", .arguments = {"-c", "echo found"}})->output, "found\n");
}

TEST(RunChild, AProgramThatIsNotThereIsAnError) {
  for (const char* program : {"/nowhere/program", "no-such-program-anywhere"}) {
    const auto end = run_child({.program = program});
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kExternalTool);
    EXPECT_THAT(end.error().message, HasSubstr(program));
    EXPECT_THAT(end.error().message, HasSubstr("No such file"));
    EXPECT_NE(end.error().hint, "");
  }
}

TEST(RunChild, AFileThatCannotBeRunIsAnErrorAndLeavesNoZombie) {
  tests::TemporaryFolder folder;
  std::ofstream(folder / "plain") << "text";
  const auto end = run_child({.program = folder / "plain"});
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("Permission denied"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(RunChild, TellsTheSignalThatEndedIt) {
  const auto end = run_child(shell("kill -9 $$"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->signal, SIGKILL);
  EXPECT_EQ(how_it_ended(*end), "signal 9 (killed)");
}

TEST(RunChild, BothStreamsMayBeLargerThanAPipe) {
  const auto end = run_child(shell("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero"));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output.size(), 3'000'000U);
  EXPECT_EQ(end->errors.size(), 3'000'000U);
  EXPECT_FALSE(end->truncated);
}

TEST(RunChild, WhatComesAfterTheLimitIsDroppedAndSaid) {
  const auto end = run_child(shell("head -c 300000 /dev/zero; echo done >&2"), {.output_bytes = 1000});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output.size(), 1000U);
  EXPECT_TRUE(end->truncated);
  EXPECT_EQ(end->code, 0);
  EXPECT_EQ(end->errors, "done\n");
}

TEST(RunChild, ATimeoutEndsItWithItsChildren) {
  ChildEnd end;
  const double taken =
      seconds_of([&] { end = *run_child(shell("sleep 60 & echo $!; sleep 60"), {.timeout = 200ms}); });
  EXPECT_LT(taken, 5);
  EXPECT_TRUE(end.timed_out);
  EXPECT_TRUE(ends_within(std::stoi(end.output), 2s)) << "its child lives on";
}

TEST(RunChild, OneThatIgnoresSigtermIsKilled) {
  const auto end = run_child(shell("trap '' TERM; while :; do sleep 0.05; done"), {.timeout = 100ms});
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->timed_out);
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST(RunChild, OneThatNeverStopsWritingIsEndedToo) {
  const double taken = seconds_of([] {
    const auto end = run_child({.program = "/usr/bin/yes"}, {.timeout = 200ms, .output_bytes = 4096});
    EXPECT_TRUE(end->timed_out);
    EXPECT_TRUE(end->truncated);
  });
  EXPECT_LT(taken, 5);
}

TEST(RunChild, CancelEndsIt) {
  CancelToken cancel;
  std::jthread user([&] {
    std::this_thread::sleep_for(100ms);
    cancel.request();
  });
  ChildEnd end;
  EXPECT_LT(seconds_of([&] { end = *run_child(shell("echo $$; exec sleep 60"), {.cancel = &cancel}); }), 5);
  EXPECT_TRUE(end.cancelled);
  EXPECT_FALSE(alive(std::stoi(end.output)));
}

TEST(RunChild, DoesNotWaitForWhatItsChildLeftRunning) {
  ChildEnd end;
  EXPECT_LT(seconds_of([&] { end = *run_child(shell("sleep 60 & echo $!")); }), 5);
  EXPECT_EQ(end.code, 0);
  EXPECT_TRUE(ends_within(std::stoi(end.output), 2s));
}

TEST(RunChild, ChildrenStartedAtTheSameTimeDoNotHoldEachOthersPipes) {
  // A pipe inherited by a neighbour would keep the short ones waiting for the long one.
  std::atomic<int> late{0};
  std::vector<std::jthread> threads;
  std::jthread longest([] { (void)run_child(shell("sleep 3")); });
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        auto child = LineChild::start({.program = "/bin/cat"});
        if (seconds_of([&] { (*child)->finish(2s); }) > 1.5) ++late;
      }
    });
  threads.clear();
  EXPECT_EQ(late, 0);
}

TEST(RunChild, ABlockedOrIgnoredSignalOfOursIsNotTheChilds) {
  auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto end = run_child(shell("kill -PIPE $$; echo ignored"));
  ::signal(SIGPIPE, before);
  EXPECT_EQ(end->signal, SIGPIPE);
}

TEST(LineChild, AnswersLineByLine) {
  auto child = LineChild::start({.program = "/bin/cat"});
  ASSERT_TRUE(child) << to_text(child.error());
  for (const std::string line : {"one", "", "three and more"}) {
    ASSERT_TRUE((*child)->write_line(line));
    const auto answer = (*child)->read_line(5s);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(**answer, line);
  }
  EXPECT_TRUE((*child)->running());
  const auto end = (*child)->finish(5s);
  EXPECT_EQ(end.code, 0);
  EXPECT_FALSE(end.timed_out);
  EXPECT_FALSE((*child)->running());
}

TEST(LineChild, NothingInTimeIsNothing) {
  auto child = *LineChild::start(shell("sleep 0.3; echo late; sleep 5"));
  const auto early = child->read_line(20ms);
  ASSERT_TRUE(early);
  EXPECT_FALSE(early->has_value());
  EXPECT_EQ(child->read_line(5s).value(), "late");
}

TEST(LineChild, LargeLinesGoBothWays) {
  auto child = *LineChild::start({.program = "/bin/cat"});
  const std::string line(5'000'000, 'x');
  ASSERT_TRUE(child->write_line(line));
  const auto answer = child->read_line(10s);
  ASSERT_TRUE(answer && *answer);
  EXPECT_TRUE(**answer == line);
}

TEST(LineChild, TheEndOfTheChildIsAnErrorThatSaysHow) {
  auto child = *LineChild::start(shell("echo last; echo why >&2; printf half; exit 7"));
  EXPECT_EQ(child->read_line(5s).value(), "last");
  const auto after = child->read_line(5s);
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, ErrorCode::kExternalTool);
  EXPECT_THAT(after.error().message, HasSubstr("exit code 7"));
  EXPECT_THAT(after.error().context, HasSubstr("why"));
  EXPECT_EQ(child->finish(1s).code, 7);
}

TEST(LineChild, WritingToAChildThatHasGoneIsAnErrorAndNoSignal) {
  auto child = *LineChild::start(shell("exit 0"));
  Status last;
  for (int i = 0; i < 100 && last; ++i) {
    last = child->write_line("hello");
    std::this_thread::sleep_for(5ms);
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::kExternalTool);
}

TEST(LineChild, StandardErrorIsKeptToItsLastPart) {
  auto child =
      *LineChild::start(shell("head -c 200000 /dev/zero | tr '\\0' x >&2; echo end >&2; echo ready; cat"));
  EXPECT_EQ(child->read_line(10s).value(), "ready");
  EXPECT_EQ(child->errors().size(), 4096U);
  EXPECT_TRUE(child->errors().ends_with("end\n"));
}

TEST(LineChild, FinishEndsOneThatDoesNotStop) {
  auto child = *LineChild::start(shell("trap '' TERM; echo $$; while :; do sleep 0.05; done"));
  const int pid = std::stoi(*child->read_line(5s).value());
  const auto end = child->finish(50ms);
  EXPECT_TRUE(end.timed_out);
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_FALSE(alive(pid));
  EXPECT_EQ(child->finish(1s).signal, SIGKILL) << "a second finish answers the same";
}

TEST(LineChild, OneThatWritesWithoutEndIsFinished) {
  auto child = *LineChild::start({.program = "/usr/bin/yes"});
  EXPECT_LT(seconds_of([&] { child->finish(100ms); }), 10);
}

TEST(LineChild, ItsGoingEndsTheChildAndItsChildren) {
  int shell_pid = 0, sleep_pid = 0;
  {
    auto child = *LineChild::start(shell("sleep 60 & echo $!; wait"));
    shell_pid = child->pid();
    sleep_pid = std::stoi(*child->read_line(5s).value());
    EXPECT_TRUE(alive(sleep_pid));
  }
  EXPECT_FALSE(alive(shell_pid));
  EXPECT_TRUE(ends_within(sleep_pid, 2s));
}

TEST(LineChild, AProgramThatIsNotThereIsAnError) {
  const auto child = LineChild::start({.program = "/nowhere/worker"});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ErrorCode::kExternalTool);
}

}  // namespace
}  // namespace flashcore::core
