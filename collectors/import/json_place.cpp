#include "collectors/import/json_place.h"

#include <fmt/format.h>

#include <optional>

#include "collectors/import/csv.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;

// The place of the bracket that goes too deep, npos where none does; outside of strings.
std::size_t too_deep_at(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return i;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return std::string_view::npos;
}

// What the parser says, without its own preamble and position.
std::string reason_of(const json::parse_error& error) {
  std::string_view what = error.what();
  for (const std::string_view before : {"column ", ": "}) {
    const auto at = what.find(before);
    if (at != std::string_view::npos) what.remove_prefix(at + before.size());
  }
  std::string printable;
  for (const char c : what.substr(0, 300))
    printable += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return core::shortened(printable, 200);
}

// Walks over a text that is known to be JSON.
class Walker {
 public:
  Walker(std::string_view text, std::size_t at) : text_(text), at_(at) { skip_space(); }

  std::size_t at() const { return at_; }

  // To the value of a member of the object that begins here: of equal names the last, as the parser takes it.
  bool into_member(std::string_view name) {
    if (!take('{')) return false;
    std::optional<std::size_t> found;
    while (at_ < text_.size() && text_[at_] != '}') {
      const std::size_t from = at_ + 1;
      skip_value();
      const std::string_view key = text_.substr(from, at_ - from - 1);
      skip_space();
      (void)take(':');
      if (key == name) found = at_;
      next();
    }
    if (found) at_ = *found;
    return found.has_value();
  }

  bool into_element(std::size_t index) {
    if (!take('[')) return false;
    for (std::size_t i = 0; i < index && at_ < text_.size(); ++i) next();
    return at_ < text_.size();
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    skip_space();
    return true;
  }
  // Past the value that begins here.
  void skip_value() {
    int depth = 0;
    for (bool in_string = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (in_string) {
        if (c == '\\') ++at_;
        if (c != '"') continue;
        in_string = false;
        if (depth == 0) {
          ++at_;
          return;
        }
      } else if (c == '"') {
        in_string = true;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if (c == ']' || c == '}') {
        if (depth-- == 0) return;
        if (depth == 0) {
          ++at_;
          return;
        }
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
        return;
      }
    }
  }
  // Past the value that begins here and the comma behind it.
  void next() {
    skip_value();
    skip_space();
    (void)take(',');
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

core::Result<json> parse_json(std::string_view text, const std::string& file, std::string_view writer) {
  if (const auto deep = too_deep_at(text); deep != std::string_view::npos) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("{}the JSON is nested more deeply than any of {}'s",
                                  position_of(file, text, deep), writer));
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    const std::size_t at = error.byte > 0 ? error.byte - 1 : 0;
    return core::fail(core::ErrorCode::kUsage, position_of(file, text, at) + reason_of(error),
                      "the file is cut or is no JSON");
  } catch (const std::exception& error) {
    return core::fail(core::ErrorCode::kUsage,
                      position_of(file, text, 0) + core::shortened(error.what(), 200),
                      fmt::format("the file is no JSON of {}", writer));
  }
}

JsonPlace JsonPlace::member(std::string_view name) const {
  JsonPlace place{nullptr, this, name, 0};
  if (value == nullptr || !value->is_object()) return place;
  const auto found = value->find(name);
  if (found != value->end()) place.value = &*found;
  return place;
}

JsonPlace JsonPlace::element(std::size_t at) const {
  return {&(*value)[at], this, {}, at};
}

std::size_t JsonPlace::size() const {
  return value != nullptr && value->is_array() ? value->size() : 0;
}

std::string path_of(const JsonPlace& place) {
  if (place.parent == nullptr) return {};
  const std::string before = path_of(*place.parent);
  if (place.key.empty()) return fmt::format("{}[{}]", before, place.index);
  return before.empty() ? std::string(place.key) : fmt::format("{}.{}", before, place.key);
}

std::size_t offset_of(const JsonPlace& place, std::string_view text) {
  if (place.parent == nullptr) return Walker(text, text.starts_with("\xEF\xBB\xBF") ? 3 : 0).at();
  const std::size_t before = offset_of(*place.parent, text);
  Walker walker(text, before);
  const bool there = place.key.empty() ? walker.into_element(place.index) : walker.into_member(place.key);
  return there ? walker.at() : before;
}

}  // namespace flashcore::collectors
