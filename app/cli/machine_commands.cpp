#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/doctor.h"
#include "app/session/launch.h"

namespace flashcore::cli {

int complain(const core::Error& error) {
  std::cerr << "flashcore-profile: " << core::to_text(error) << '\n';
  return core::exit_code(error.code);
}

int doctor_command(const Options& options) {
  const bool colour = ::isatty(STDOUT_FILENO) == 1;
  const auto paint = [&](bool ok, std::string_view text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", ok ? 32 : 33, text) : std::string(text);
  };
  for (const collectors::Finding& f : session::examine(options.device)) {
    fmt::print("{} {:<10} {}\n", paint(f.ok, f.ok ? "ok     " : "missing"), f.id, f.detail);
    if (!f.ok && !f.remedy.empty()) fmt::print("{:<19}-> {}\n", "", f.remedy);
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
