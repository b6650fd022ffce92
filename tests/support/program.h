// Runs a program as a person would: arguments, standard streams, exit code.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace flashcore::tests {

struct Outcome {
  int exit_code = -1;  // 128 + signal where one ended it
  std::string out, err;
};

// A program that is running, its standard input open for say().
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments,
                   const std::map<std::string, std::string>& environment = {}) {
    int in[2], out[2], err[2];
    if (::pipe2(in, O_CLOEXEC) || ::pipe2(out, O_CLOEXEC) || ::pipe2(err, O_CLOEXEC)) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      std::vector<char*> argv;
      for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (in_ >= 0) ::close(in_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  void say(const std::string& text) {
    if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }
  void close_input() {
    ::close(in_);
    in_ = -1;
  }
  void send(int signal) { ::kill(pid_, signal); }

  // Reads standard output until it holds `text` or ends; true when it does.
  bool wait_for(const std::string& text) {
    while (done_.out.find(text) == std::string::npos) {
      if (!pump()) return done_.out.find(text) != std::string::npos;
    }
    return true;
  }

  Outcome finish() {
    while (pump()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    done_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return done_;
  }

 private:
  bool pump() {
    pollfd watched[2]{{out_open_ ? out_ : -1, POLLIN, 0}, {err_open_ ? err_ : -1, POLLIN, 0}};
    if (!out_open_ && !err_open_) return false;
    if (::poll(watched, 2, 120'000) <= 0) return false;
    if (watched[0].revents != 0) out_open_ = read_into(out_, done_.out);
    if (watched[1].revents != 0) err_open_ = read_into(err_, done_.err);
    return true;
  }
  static bool read_into(int descriptor, std::string& text) {
    char bytes[65536];
    const ssize_t n = ::read(descriptor, bytes, sizeof bytes);
    if (n > 0) text.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  bool out_open_ = true, err_open_ = true;
  Outcome done_;
};

inline Outcome run_program(const std::vector<std::string>& arguments,
                           const std::map<std::string, std::string>& environment = {}) {
  Program program(arguments, environment);
  program.close_input();
  return program.finish();
}

}  // namespace flashcore::tests
