// JsonMembers: the members of a JSON file by type and range, for a format that is FlashCore's own and is read
// strictly. The first member that does not fit is kept as the error of the whole file; after it everything
// reads as missing, so that a reader asks once at the end instead of after each member.
//
// Owns: its error; points to the text and the file's name, which must outlive it. Threads: one.
// Errors: kUsage with file, line, column, the member's path and what is wrong with it.
//
//   JsonMembers read(text, "t.json");
//   const auto launches = read.whole(sample.member("launches"), 1, 1000, Need::kRequired);
//   if (read.broken()) return core::fail(read.error());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/import/json_place.h"
#include "core/names.h"
#include "core/nearest.h"
#include "core/result.h"

namespace flashcore::collectors {

// Of an optional member, null counts as missing.
enum class Need { kRequired, kOptional };

inline constexpr std::size_t kLongestJsonText = 200;  // what is longer is cut

// Below 0x20, and 0x7f.
bool has_control(std::string_view text) noexcept;

class JsonMembers {
 public:
  JsonMembers(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  bool broken() const { return error_.has_value(); }
  const core::Error& error() const { return *error_; }
  // "FILE:LINE:COLUMN: PATH WHY"
  void refuse(const JsonPlace& at, std::string_view why, std::string hint = {});

  // Whether a value can be read there; a required one that is missing is refused.
  bool there(const JsonPlace& at, Need need);
  bool list(const JsonPlace& at, Need need);
  bool object(const JsonPlace& at, Need need);

  // Empty where it is missing; a required one is not empty. Without control characters.
  std::string text(const JsonPlace& at, Need need);
  std::optional<double> number(const JsonPlace& at, double least, double most, Need need);
  // 0 where it is missing, or `least` where that is more.
  std::int64_t whole(const JsonPlace& at, std::int64_t least, std::int64_t most, Need need);
  bool flag(const JsonPlace& at, Need need);  // false where it is missing

  // A word of an enumeration (core/names.h).
  template <core::Named Enum>
  std::optional<Enum> word(const JsonPlace& at, Need need) {
    const std::string name = text(at, need);
    if (name.empty()) return std::nullopt;
    const auto value = core::named<Enum>(name);
    if (value) return value;
    std::string known;
    for (const auto& [enumerator, word] : core::kNames<Enum>)
      known.append(known.empty() ? "" : ", ").append(word);
    refuse(at, "is '" + core::shortened(name) + "', which is none of " + known);
    return std::nullopt;
  }

 private:
  std::string_view text_;
  const std::string& file_;
  std::optional<core::Error> error_;
};

}  // namespace flashcore::collectors
