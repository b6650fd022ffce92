// LineReader: the lines of a descriptor, one by one, without blocking for longer than asked.
//
// Owns: what was read and not handed out; not the descriptor. Threads: one. Errors: a line longer than 64 MiB
// ends the stream, as its end does.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace flashcore::session {

class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // Nothing where none came in time, or where ended() says that none will.
  std::optional<std::string> next(std::chrono::milliseconds patience) {
    if (auto line = take()) return line;
    pollfd watched{descriptor_, POLLIN, 0};
    if (ended_ || ::poll(&watched, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    char bytes[65536];
    const ssize_t n = ::read(descriptor_, bytes, sizeof bytes);
    if (n > 0) buffer_.append(bytes, static_cast<std::size_t>(n));
    ended_ = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN) || buffer_.size() > kLimit;
    return take();
  }
  bool ended() const { return ended_; }

 private:
  static constexpr std::size_t kLimit = std::size_t{64} << 20;

  std::optional<std::string> take() {
    const auto end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = buffer_.size();
      return std::nullopt;
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    searched_ = 0;
    return line;
  }

  int descriptor_;
  std::string buffer_;
  std::size_t searched_ = 0;
  bool ended_ = false;
};

}  // namespace flashcore::session
