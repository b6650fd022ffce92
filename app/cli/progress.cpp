#include "app/cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace flashcore::cli {
namespace {

using Kind = session::ProfileEvent::Kind;

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

std::string bar(double fraction) {
  constexpr int kCells = 16;
  const int full = static_cast<int>(kCells * fraction);
  std::string text;
  for (int i = 0; i < kCells; ++i) text += i < full ? "█" : "░";
  return text;
}

}  // namespace

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
  if (!on_ || e.run_count == 0) return;
  std::string text = fmt::format("{}/{} {} on {}", e.run_index + 1, e.run_count, e.phase, e.problem);
  if (e.kind == Kind::kStep && e.total > 0) text += fmt::format(": {} {}/{}", e.step, e.done, e.total);
  if (text.size() > terminal_width() - 20) text.resize(terminal_width() - 20);
  std::fputs(fmt::format("\r\x1b[K{} {}", bar(e.fraction), text).c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace flashcore::cli
