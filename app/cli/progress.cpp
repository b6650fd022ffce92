#include "app/cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/session/ledger.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using Kind = session::ProfileEvent::Kind;

constexpr int kBarCells = 16;

int terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

std::string bar(double fraction) {
  const int full = static_cast<int>(kBarCells * fraction);
  std::string text;
  for (int i = 0; i < kBarCells; ++i) text += i < full ? "█" : "░";
  return text;
}

}  // namespace

std::string progress_text(const session::ProfileEvent& e, int width) {
  std::string text = e.text;
  if (e.kind != Kind::kNote) {
    text = fmt::format("{}/{} {}", e.run_index + 1, e.run_count, e.subject);
    if (!e.problem.empty()) text += " on " + e.problem;
    if (e.kind == Kind::kStep && e.total > 0) text += fmt::format(": {} {}/{}", e.step, e.done, e.total);
  }
  return reports::cut(reports::printable(text), width);
}

ProgressLine::ProgressLine(bool wanted) : on_(wanted && ::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void ProgressLine::show(const session::ProfileEvent& e) {
  if (!on_ || (e.run_count == 0 && e.kind != Kind::kNote)) return;
  const std::string text = progress_text(e, std::max(1, terminal_width() - kBarCells - 2));
  std::fputs(fmt::format("\r\x1b[K{} {}", bar(e.fraction), text).c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

session::OnEvent tell_on(ProgressLine& line) {
  return [&line](const session::ProfileEvent& e) {
    const bool waits = e.kind == Kind::kNote && e.step == session::kWaitingStep;
    if (e.kind != Kind::kRunSkipped && (e.kind != Kind::kNote || waits)) return line.show(e);
    line.clear();
    std::cerr << (e.kind == Kind::kNote ? "note: " : "skipped ")
              << reports::cut(reports::printable(e.text), 1000) << '\n';
  };
}

std::function<void(const session::MeasureEvent&)> tell_turns_on(ProgressLine& line) {
  return [&line](const session::MeasureEvent& e) {
    session::ProfileEvent event;
    event.kind = Kind::kNote;
    event.text = e.standing.empty() ? e.text : fmt::format("{}; so far {}", e.text, e.standing);
    event.fraction = e.fraction;
    line.show(event);
  };
}

}  // namespace flashcore::cli
