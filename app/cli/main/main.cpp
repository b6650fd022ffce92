// flashcore-profile: the headless face of FlashCore.
#include <csignal>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"

namespace {

flashcore::core::CancelToken g_cancel;

// The first Ctrl-C lets the current step end and keeps what is finished; a second one does not wait.
extern "C" void on_interrupt(int number) {
  g_cancel.request();
  std::signal(number, SIG_DFL);
}

int run(const flashcore::cli::Options& options) {
  using flashcore::cli::Command;
  switch (options.command) {
    case Command::kText: std::cout << options.text; return 0;
    case Command::kProfile: return flashcore::cli::profile_command(options, g_cancel);
    case Command::kList: return flashcore::cli::list_command(options);
    case Command::kShow: return flashcore::cli::show_command(options);
    case Command::kReport: return flashcore::cli::report_command(options);
    case Command::kRecord: return flashcore::cli::record_command(options);
    case Command::kDoctor: return flashcore::cli::doctor_command(options);
    case Command::kLaunch: return flashcore::cli::launch_command(options);
    case Command::kWorker: return flashcore::cli::worker_command(options, g_cancel);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe must not end a run in the middle
  auto options = flashcore::cli::parse_options(argc, argv);
  if (!options) return flashcore::cli::complain(options.error());
  return flashcore::cli::finish_output(run(*options));
}
