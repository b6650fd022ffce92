#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "core/child_launch.h"
#include "core/child_process.h"

namespace flashcore::core {
namespace {

using namespace child;

constexpr milliseconds kWritePatience{10'000};
constexpr milliseconds kLongest = std::chrono::hours{24 * 365};
constexpr std::size_t kMaxLine = std::size_t{64} << 20;
constexpr std::size_t kErrorsKept = 4096;
Clock::time_point after(milliseconds patience) {
  return Clock::now() + std::clamp(patience, milliseconds{0}, kLongest);
}

milliseconds left_until(Clock::time_point when) {
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(when - Clock::now()));
}

class RealLineChild final : public LineChild {
 public:
  RealLineChild(std::string name, pid_t pid, Descriptor input, Descriptor output, Descriptor errors)
      : name_(std::move(name)),
        group_(pid),
        input_(std::move(input)),
        output_(std::move(output)),
        errors_(std::move(errors)) {}
  ~RealLineChild() override {
    input_.close();
    if (!end_) group_.end_by_force(kGraceToEnd);
  }

  int pid() const noexcept override { return group_.pid(); }
  bool running() override { return !end_ && group_.running(); }

  Status write_line(std::string_view line) override {
    std::string bytes(line);
    bytes += '\n';
    std::string_view rest = bytes;
    const auto until = Clock::now() + kWritePatience;
    while (!rest.empty()) {
      if (!input_.open()) return fail(gone());
      const ssize_t n = ::send(input_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n > 0) {
        rest.remove_prefix(static_cast<std::size_t>(n));
      } else if (n < 0 && errno == EAGAIN) {
        if (Clock::now() >= until)
          return fail(ErrorCode::kExternalTool, fmt::format("{} does not read what it is told", name_), "",
                      tail_);
        pump(kTick, POLLOUT);
      } else if (n < 0 && errno != EINTR) {
        input_.close();
      }
    }
    return {};
  }

  Result<std::optional<std::string>> read_line(milliseconds patience) override {
    const auto until = after(patience);
    while (true) {
      const auto end = buffer_.find('\n', searched_);
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        searched_ = 0;
        return line;
      }
      searched_ = buffer_.size();
      if (buffer_.size() > kMaxLine) {
        output_.close();
        return fail(ErrorCode::kExternalTool, fmt::format("{} sent a line of more than 64 MiB", name_));
      }
      if (!output_.open()) return fail(gone());
      const auto left = left_until(until);
      if (pump(left, 0)) continue;
      if (left.count() == 0) return std::nullopt;
    }
  }

  std::string errors() override {
    pump(milliseconds{0}, 0);
    return tail_;
  }

  ChildEnd finish(milliseconds patience) override {
    if (end_) return *end_;
    input_.close();
    const auto until = after(patience);
    ChildEnd end;
    while (group_.running() && Clock::now() < until) {
      pump(std::min(kTick, left_until(until)), 0);
      forget_much(end);
    }
    if (group_.running()) {
      end.timed_out = true;
      group_.signal(SIGTERM);
      const auto kill_at = Clock::now() + kGraceToEnd;
      while (group_.running() && Clock::now() < kill_at) {
        pump(kTick, 0);
        forget_much(end);
      }
    }
    group_.reap(end);
    const auto stop_reading_at = Clock::now() + kGraceToRead;
    while (pump(milliseconds{0}, 0) && Clock::now() < stop_reading_at) forget_much(end);
    end.output = std::exchange(buffer_, {});
    end.errors = tail_;
    end_ = end;
    return end;
  }

 private:
  // Waits for the child to write (or to read, with POLLOUT) and takes what it wrote; whether it did.
  bool pump(milliseconds patience, short input_events) {
    std::array<pollfd, 3> watched{{{output_.get(), POLLIN, 0},
                                   {errors_.get(), POLLIN, 0},
                                   {input_events != 0 ? input_.get() : -1, input_events, 0}}};
    if (!output_.open() && !errors_.open() && input_events == 0) {
      ::usleep(static_cast<useconds_t>(std::min(patience, kTick).count() * 1000));
      return false;
    }
    if (::poll(watched.data(), watched.size(),
               static_cast<int>(std::min(patience, milliseconds{60'000}).count())) <= 0)
      return false;
    if (watched[0].revents != 0)
      drain(output_, [&](std::string_view bytes) {
        buffer_ += bytes;
        return buffer_.size() <= kMaxLine;
      });
    if (watched[1].revents != 0)
      drain(errors_, [&](std::string_view bytes) {
        tail_ += bytes;
        if (tail_.size() > kErrorsKept) tail_.erase(0, tail_.size() - kErrorsKept);
        return false;
      });
    return watched[0].revents != 0 || watched[1].revents != 0;
  }
  // What nobody will read as lines is kept up to a limit.
  void forget_much(ChildEnd& end) {
    if (buffer_.size() <= kMaxLine) return;
    end.truncated = true;
    buffer_.resize(kMaxLine / 2);
  }
  Error gone() {
    const auto until = Clock::now() + kGraceToEnd;
    while (group_.running() && Clock::now() < until) pump(kTick, 0);
    if (!end_ && group_.running())
      return {ErrorCode::kExternalTool, fmt::format("{} closed its streams", name_), "", tail_};
    const ChildEnd end = finish(milliseconds{0});
    return {ErrorCode::kExternalTool, fmt::format("{} has ended: {}", name_, how_it_ended(end)), "",
            end.errors};
  }

  std::string name_;
  Group group_;
  Descriptor input_, output_, errors_;
  std::string buffer_;
  std::size_t searched_ = 0;  // no line ends before it
  std::string tail_;
  std::optional<ChildEnd> end_;
};
}  // namespace

Result<std::unique_ptr<LineChild>> LineChild::start(const ChildSpec& spec) {
  auto input = input_socket(spec);
  if (!input) return fail(input.error());
  auto output = output_pipe(spec);
  if (!output) return fail(output.error());
  auto errors = output_pipe(spec);
  if (!errors) return fail(errors.error());
  const auto pid = launch(spec, input->childs, output->childs, errors->childs, spec.ends_with_parent);
  if (!pid) return fail(pid.error());
  return std::make_unique<RealLineChild>(spec.program.filename().string(), *pid, std::move(input->ours),
                                         std::move(output->ours), std::move(errors->ours));
}

}  // namespace flashcore::core
