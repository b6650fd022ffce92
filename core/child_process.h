// Child processes: a program that is run to its end, and one that is spoken with line by line.
//
// Owns: the process and its pipes; a child that still runs when its object goes is ended (SIGTERM, then
// SIGKILL after a second) with everything it started (it has a process group of its own).
// Threads: one a child; a CancelToken may be set from any. Errors: kExternalTool where the program cannot be
// started, with the system's words. Built on Boost.Process.
//
//   auto done = run_child({.program = "/usr/bin/ncu", .arguments = {"--version"}});
//   if (done && done->code == 0) use(done->output);
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::core {

struct ChildSpec {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // on top of this process's own
  // Of a LineChild: sent SIGTERM when the thread that started it ends; run_child() always does so.
  bool ends_with_parent = false;
};

struct ChildLimits {
  std::optional<std::chrono::milliseconds> timeout;
  std::size_t output_bytes = std::size_t{64} << 20;  // of each stream; what comes after is dropped
  const CancelToken* cancel = nullptr;
};

struct ChildEnd {
  int code = 0;    // exit code, where it ended by itself
  int signal = 0;  // the signal that ended it, else 0
  bool timed_out = false;
  bool cancelled = false;
  bool truncated = false;  // a stream passed output_bytes
  std::string output, errors;
};

// Runs to the end with standard input at /dev/null.
Result<ChildEnd> run_child(const ChildSpec& spec, const ChildLimits& limits = {});

// "exit code 3", "signal 9 (killed)": for a message.
std::string how_it_ended(const ChildEnd& end);

class LineChild {
 public:
  static Result<std::unique_ptr<LineChild>> start(const ChildSpec& spec);
  virtual ~LineChild() = default;

  virtual int pid() const noexcept = 0;
  virtual bool running() = 0;
  // kExternalTool where the child has gone; SIGPIPE is never raised.
  virtual Status write_line(std::string_view line) = 0;
  // The next line without its end; nothing where none came in time. kExternalTool where the child's output
  // has ended or a line is longer than 64 MiB; end() then says how.
  virtual Result<std::optional<std::string>> read_line(std::chrono::milliseconds patience) = 0;
  // The last 4 KiB of its standard error so far.
  virtual std::string errors() = 0;
  // Closes its standard input and waits up to `patience`, then ends it by force; how it ended.
  virtual ChildEnd finish(std::chrono::milliseconds patience) = 0;
};

}  // namespace flashcore::core
