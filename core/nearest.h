// Nearest names: what a program offers when it is given a name it does not know.
//
// Owns: nothing. Threads: pure functions. Source of the distance: F. Damerau, "A technique for
// computer detection and correction of spelling errors", CACM 7(3), 1964 (restricted form:
// insert, delete, substitute, swap neighbours).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace flashcore::core {

// Up to `limit` of `known`, closest first; those further away than half of the name's length
// (at least 2) are left out. A known name that begins with `name` counts as close. A name of more than 200
// bytes is nobody's slip and is compared with nothing.
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> known,
                                       std::size_t limit = 3);

// `text` as it is shown in a message: at most `limit` bytes, cut between characters (UTF-8).
std::string shortened(std::string_view text, std::size_t limit = 60);

// A kUsage error: "unknown phase 'wmm'; did you mean wmma?" with all names in the hint. Every name is
// shortened.
Error unknown_name(std::string_view kind, std::string_view name, std::span<const std::string> known);

}  // namespace flashcore::core
