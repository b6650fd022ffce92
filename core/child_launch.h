// How a child is started, ended and read: the parts that run_child() and LineChild share.
//
// Owns: descriptors and process groups, by their objects. Threads: one a child. Errors: as child_process.h.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "core/child_process.h"

namespace flashcore::core::child {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline constexpr milliseconds kTick{20};          // how late a cancel or the end of a child is seen at most
inline constexpr milliseconds kGraceToEnd{1000};  // between SIGTERM and SIGKILL
inline constexpr milliseconds kGraceToRead{200};  // for what a grandchild still writes after its parent's end

// A descriptor that no other child inherits, whichever thread starts one at the same time.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }
  int get() const { return value_; }
  bool open() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

struct Pair {
  Descriptor ours, childs;
};

// Both ends above the standard streams.
Result<Pair> output_pipe(const ChildSpec& spec);
// A socket rather than a pipe: a write to a child that has gone then needs no handling of SIGPIPE.
Result<Pair> input_socket(const ChildSpec& spec);
Result<Descriptor> null_input(const ChildSpec& spec);

// Starts the program in a process group of its own, with these three as its standard streams.
// `ends_with_parent`: it is sent SIGTERM when the thread that started it ends.
Result<pid_t> launch(const ChildSpec& spec, const Descriptor& input, const Descriptor& output,
                     const Descriptor& errors, bool ends_with_parent);

// A child and its process group. It is waited for without being reaped until the group has been ended, so
// that its number cannot have been given to another process.
class Group {
 public:
  explicit Group(pid_t pid) : pid_(pid) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();

  pid_t pid() const { return pid_; }
  bool running() const;
  void signal(int number) const;
  // Ends what is left of the group and takes the child's status.
  void reap(ChildEnd& end);
  void end_by_force(milliseconds grace);

 private:
  pid_t pid_;
  bool reaped_ = false;
};

// One stream of the child. `keep` takes what was read and answers whether all of it was kept.
template <typename Keep>
void drain(Descriptor& stream, Keep keep) {
  std::array<char, 65536> bytes;
  while (stream.open()) {
    const ssize_t n = ::read(stream.get(), bytes.data(), bytes.size());
    if (n > 0) {
      if (!keep(std::string_view(bytes.data(), static_cast<std::size_t>(n)))) return;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    stream.close();
  }
}

}  // namespace flashcore::core::child
