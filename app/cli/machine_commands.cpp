#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/list_text.h"
#include "app/session/findings.h"
#include "app/session/helper_process.h"
#include "app/session/launch.h"
#include "app/session/workbench.h"
#include "reports/terminal.h"
#include "reports/text.h"

namespace flashcore::cli {

int complain(const core::Error& error) {
  // Names in it may come from a file of somebody else; its lines are its own.
  constexpr int kLine = 2000;
  std::istringstream lines("flashcore-profile: " + core::to_text(error));
  for (std::string line; std::getline(lines, line);)
    std::cerr << reports::cut(reports::printable(line), kLine) << '\n';
  return core::exit_code(error.code);
}

int put_output(std::string_view text, int code, const core::CancelToken& cancel) {
  std::cout.flush();
  while (!text.empty()) {
    // Asked before writing, so that a pager that takes no more does not hold a stop back.
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    const int ready = ::poll(&output, 1, 100);
    if (cancel.requested()) return core::exit_code(core::ErrorCode::kCancelled);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), 4096));
    if (n < 0 && errno == EPIPE) return code;
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
      return complain({core::ErrorCode::kFile, "cannot write to standard output",
                       "check the disk or the program that it goes to",
                       std::generic_category().message(errno)});
    }
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
  return code;
}

int doctor_command(const Options& options, const core::CancelToken& cancel) {
  constexpr int kIndent = 19;
  // The doctor asks the same parts as the collectors do, and they read the environment.
  if (!options.ncu_path.empty()) ::setenv("FLASHCORE_NCU_PATH", options.ncu_path.c_str(), 1);
  const bool colour = reports::wants_colour(STDOUT_FILENO);
  const int width = terminal_columns(80);
  const auto paint = [&](bool ok, std::string_view text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", ok ? 32 : 33, text) : std::string(text);
  };
  std::string text;
  for (const session::Finding& f : session::examine(options.device)) {
    std::istringstream lines(f.detail);
    std::string line;
    std::getline(lines, line);
    text += paint(f.ok, f.ok ? "ok     " : "missing") + " " + labelled(f.id, line, kIndent - 8, width - 8);
    while (std::getline(lines, line)) text += labelled("", line, kIndent, width);
    if (!f.ok && !f.remedy.empty()) text += labelled("", "-> " + f.remedy, kIndent, width);
  }
  return put_output(text, 0, cancel);
}

int launch_command(const Options& options, const core::CancelToken& cancel) {
  auto problems = parse_problems(
      options.shapes.empty() ? std::vector<std::string>{"mission"} : options.shapes, options.causal);
  if (!problems) return complain(problems.error());
  if (problems->size() > 1) {
    return complain({core::ErrorCode::kUsage, "launch takes one shape", "start it once a shape", {}});
  }
  for (const std::string& phase : options.phases.empty() ? std::vector<std::string>{"all"} : options.phases) {
    if (phase == "all") {
      return complain(
          {core::ErrorCode::kUsage, "launch takes phases by name", "for example --phase wmma", {}});
    }
    auto ok =
        session::launch_only(phase, problems->front(), options.device, options.count, options.seed, cancel);
    if (!ok) return complain(ok.error());
  }
  return 0;
}

int helper_command() {
  // It has nothing to keep: whoever ends it is obeyed at once.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  return session::serve_helper([] { return session::machine_workbench(); });
}

}  // namespace flashcore::cli
