#include "core/child_process.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/child_launch.h"

namespace flashcore::core {
namespace {

using namespace child;

class OneRun {
 public:
  OneRun(pid_t pid, const ChildLimits& limits, Descriptor output, Descriptor errors)
      : group_(pid), limits_(limits), output_(std::move(output)), errors_(std::move(errors)) {}

  ChildEnd to_the_end() {
    const auto started = Clock::now();
    std::optional<Clock::time_point> kill_at, stop_reading_at;
    while (true) {
      wait_and_read(kTick);
      const auto now = Clock::now();
      if (!group_.running()) {
        if (!stop_reading_at) stop_reading_at = now + kGraceToRead;
        if ((!output_.open() && !errors_.open()) || now >= *stop_reading_at) break;
      } else if (kill_at) {
        if (now >= *kill_at) group_.signal(SIGKILL);
      } else if (must_end(now - started)) {
        group_.signal(SIGTERM);
        kill_at = now + kGraceToEnd;
      }
    }
    wait_and_read(milliseconds{0});
    group_.reap(end_);
    return std::move(end_);
  }

 private:
  bool must_end(Clock::duration taken) {
    end_.cancelled = limits_.cancel != nullptr && limits_.cancel->requested();
    end_.timed_out = !end_.cancelled && limits_.timeout && taken >= *limits_.timeout;
    return end_.cancelled || end_.timed_out;
  }
  void wait_and_read(milliseconds patience) {
    std::array<pollfd, 2> watched{{{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), static_cast<int>(patience.count()));
    read(output_, watched[0].revents, end_.output);
    read(errors_, watched[1].revents, end_.errors);
  }
  // One read a round, so that a child that never stops writing cannot keep a cancel from being seen.
  void read(Descriptor& stream, short events, std::string& kept) {
    if (events == 0) return;
    drain(stream, [&](std::string_view bytes) {
      const std::size_t room = limits_.output_bytes - std::min(kept.size(), limits_.output_bytes);
      if (bytes.size() > room) end_.truncated = true;
      kept.append(bytes.substr(0, room));
      return false;
    });
  }

  Group group_;
  const ChildLimits& limits_;
  Descriptor output_, errors_;
  ChildEnd end_;
};
}  // namespace

Result<ChildEnd> run_child(const ChildSpec& spec, const ChildLimits& limits) {
  const auto nothing = null_input(spec);
  if (!nothing) return fail(nothing.error());
  auto output = output_pipe(spec);
  if (!output) return fail(output.error());
  auto errors = output_pipe(spec);
  if (!errors) return fail(errors.error());
  const auto pid = launch(spec, *nothing, output->childs, errors->childs, true);
  if (!pid) return fail(pid.error());
  output->childs.close();
  errors->childs.close();
  return OneRun(*pid, limits, std::move(output->ours), std::move(errors->ours)).to_the_end();
}

std::string how_it_ended(const ChildEnd& end) {
  if (end.cancelled) return "cancelled";
  if (end.timed_out) return "ended by force, it took too long";
  if (end.signal != 0) {
    const char* words = ::sigdescr_np(end.signal);
    std::string said = words == nullptr ? "unknown" : words;
    std::transform(said.begin(), said.end(), said.begin(), [](unsigned char c) { return std::tolower(c); });
    return fmt::format("signal {} ({})", end.signal, said);
  }
  return fmt::format("exit code {}", end.code);
}

}  // namespace flashcore::core
