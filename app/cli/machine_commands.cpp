#include <fmt/format.h>
#include <fmt/ostream.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/doctor.h"
#include "app/session/launch.h"
#include "reports/text.h"

namespace flashcore::cli {

int complain(const core::Error& error) {
  // Names in it may come from a file of somebody else; its lines are its own.
  std::istringstream lines("flashcore-profile: " + core::to_text(error));
  for (std::string line; std::getline(lines, line);) std::cerr << reports::printable(line) << '\n';
  return core::exit_code(error.code);
}

int finish_output(int code) {
  std::cout.flush();
  if (std::cout || code != 0) return code;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0) return code;
  return complain({core::ErrorCode::kFile,
                   "cannot write to standard output",
                   "check the disk or the program that it goes to",
                   {}});
}

int doctor_command(const Options& options) {
  const bool colour = ::isatty(STDOUT_FILENO) == 1;
  const auto paint = [&](bool ok, std::string_view text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", ok ? 32 : 33, text) : std::string(text);
  };
  for (const collectors::Finding& f : session::examine(options.device)) {
    fmt::print(std::cout, "{} {:<10} {}\n", paint(f.ok, f.ok ? "ok     " : "missing"), f.id, f.detail);
    if (!f.ok && !f.remedy.empty()) fmt::print(std::cout, "{:<19}-> {}\n", "", f.remedy);
  }
  return 0;
}

int launch_command(const Options& options) {
  const std::string shape = options.shapes.empty() ? "mission" : options.shapes.front();
  auto problem = core::parse_shape(shape);
  if (!problem) return complain(problem.error());
  problem->causal = options.causal;
  for (const std::string& phase : options.phases) {
    if (phase == "all") {
      return complain(
          {core::ErrorCode::kUsage, "launch takes phases by name", "for example --phase wmma", {}});
    }
    auto ok = session::launch_only(phase, *problem, options.device, options.count, options.seed);
    if (!ok) return complain(ok.error());
  }
  return 0;
}

}  // namespace flashcore::cli
