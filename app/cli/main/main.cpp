// flashcore-profile: the headless face of FlashCore.
#include <csignal>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/options.h"

namespace {

flashcore::core::CancelToken g_cancel;

constexpr int kStops[] = {SIGINT, SIGTERM, SIGHUP};

// The first lets the current step end and keeps what is finished; a second one, of any kind, does not wait.
extern "C" void on_stop(int) {
  g_cancel.request();
  for (const int number : kStops) std::signal(number, SIG_DFL);
}

void set_signals() {
  for (const int number : kStops) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;  // nohup, or a shell's background job
    struct sigaction action {};
    action.sa_handler = on_stop;
    ::sigaction(number, &action, nullptr);  // no SA_RESTART: what waits for a terminal or a pipe wakes up
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe must not end a run in the middle
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error that is told
}

int run(const flashcore::cli::Options& options) {
  using namespace flashcore::cli;
  switch (options.command) {
    case Command::kText: return put_output(options.text, 0, g_cancel);
    case Command::kProfile: return profile_command(options, g_cancel);
    case Command::kList: return list_command(options, g_cancel);
    case Command::kShow: return show_command(options, g_cancel);
    case Command::kReport: return report_command(options, g_cancel);
    case Command::kImport: return import_command(options, g_cancel);
    case Command::kRecord: return record_command(options, g_cancel);
    case Command::kCompare: return compare_command(options, g_cancel);
    case Command::kWhy: return why_command(options, g_cancel);
    case Command::kHistory: return history_command(options, g_cancel);
    case Command::kGate: return gate_command(options, g_cancel);
    case Command::kManual: return manual_command(options, g_cancel);
    case Command::kCompletion: return completion_command(options, g_cancel);
    case Command::kDoctor: return doctor_command(options, g_cancel);
    case Command::kLaunch: return launch_command(options, g_cancel);
    case Command::kWorker: return worker_command(options, g_cancel);
    case Command::kHelper: return helper_command();
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  set_signals();
  auto options = flashcore::cli::parse_options(argc, argv);
  if (!options) return flashcore::cli::complain(options.error());
  return run(*options);
}
