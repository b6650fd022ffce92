// How deep TOML text nests, checked before it is parsed: the parser recurses over dotted keys and over the
// tables that they make, and a key of some ten thousand parts ends the program.
//
// Owns: nothing. Threads: any. Errors: kUsage, "FILE:LINE: ...".
#pragma once

#include <string_view>

#include "core/result.h"

namespace flashcore::analysis {

// Parts of a dotted key and brackets inside one another; a catalogue needs three of each.
inline constexpr int kTomlDepth = 16;

core::Status check_toml_depth(std::string_view file, std::string_view text);

}  // namespace flashcore::analysis
