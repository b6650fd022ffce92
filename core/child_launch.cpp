#include "core/child_launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/pipe.hpp>
#include <boost/process/search_path.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace flashcore::core::child {
namespace {

namespace process = boost::process;

Error system_error(const ChildSpec& spec, std::error_code why) {
  return {ErrorCode::kExternalTool,
          fmt::format("{} cannot be started: {}", spec.program.string(), why.message()),
          why == std::errc::no_such_file_or_directory ? "check the path, or install the program" : ""};
}

std::error_code last_error() {
  return {errno, std::system_category()};
}

// Where this process began with a standard stream closed, a new descriptor would take its number, and the
// child's dup2 would lose it.
Descriptor above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return Descriptor(descriptor);
  Descriptor low(descriptor);
  return Descriptor(::fcntl(low.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

// What the child does between fork and exec; only calls that are safe there.
struct InChild : process::extend::handler {
  int input, output, errors;
  bool ends_with_parent;

  template <typename Executor>
  void on_exec_setup(Executor&) const {
    ::setpgid(0, 0);
    // Standard streams are written here, since Boost's own would take one descriptor only where the three
    // are distinct; dup2 clears close-on-exec.
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
#ifdef SYS_close_range
    constexpr unsigned kCloseOnExec = 4;  // CLOSE_RANGE_CLOEXEC, Linux 5.11; without it others' flags must do
    (void)::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec);
#endif
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ, SIGCHLD})
      ::signal(signal, SIG_DFL);
    if (ends_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  // Boost leaves the child whose exec failed as a zombie.
  template <typename Executor>
  void on_error(Executor& executor, const std::error_code&) const {
    if (executor.pid > 0) ::waitpid(executor.pid, nullptr, 0);
  }
};
}  // namespace

Result<Pair> output_pipe(const ChildSpec& spec) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_error(spec, last_error()));
  Pair pair{above_standard(ends[0]), above_standard(ends[1])};
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  return pair;
}

Result<Pair> input_socket(const ChildSpec& spec) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(system_error(spec, last_error()));
  Pair pair{above_standard(ends[0]), above_standard(ends[1])};
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  ::shutdown(pair.childs.get(), SHUT_WR);
  return pair;
}

Result<Descriptor> null_input(const ChildSpec& spec) {
  Descriptor nothing = above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.open()) return fail(system_error(spec, last_error()));
  return nothing;
}

Result<pid_t> launch(const ChildSpec& spec, const Descriptor& input, const Descriptor& output,
                     const Descriptor& errors, bool ends_with_parent) {
  const InChild setup{{}, input.get(), output.get(), errors.get(), ends_with_parent};
  try {
    const std::string name = spec.program.string();
    const std::string program =
        name.find('/') == std::string::npos ? process::search_path(name).string() : name;
    if (program.empty())
      return fail(system_error(spec, std::make_error_code(std::errc::no_such_file_or_directory)));
    process::environment environment = boost::this_process::environment();
    for (const auto& [variable, value] : spec.environment) environment[variable] = value;
    std::error_code why;
    process::child child(process::exe = program, process::args = spec.arguments, environment, setup, why);
    if (why) return fail(system_error(spec, why));
    const pid_t pid = child.id();
    child.detach();
    return pid;
  } catch (const std::exception& e) {
    return fail(ErrorCode::kExternalTool,
                fmt::format("{} cannot be started: {}", spec.program.string(), e.what()));
  }
}

Group::~Group() {
  if (!reaped_) end_by_force(milliseconds{0});
}

bool Group::running() const {
  if (reaped_) return false;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

void Group::signal(int number) const {
  if (!reaped_) ::kill(-pid_, number);
}

void Group::reap(ChildEnd& end) {
  if (reaped_) return;
  signal(SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.code = WEXITSTATUS(status);
}

void Group::end_by_force(milliseconds grace) {
  ChildEnd unused;
  signal(SIGTERM);
  const auto until = Clock::now() + grace;
  while (running() && Clock::now() < until) ::usleep(2000);
  reap(unused);
}

}  // namespace flashcore::core::child
