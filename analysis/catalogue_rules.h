// Rules that every text of a catalogue keeps, and the error of one that does not.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace flashcore::analysis {

inline constexpr std::size_t kLongestText = 4096;
inline constexpr std::size_t kLongestName = 128;

// With `instead` in the place of each control or formatting character (they would steer the terminal that
// shows the text) and of each byte that is no part of one; says whether there was any.
std::pair<std::string, bool> harmless(std::string_view text, char instead);

// kUsage, "FILE:LINE: what is wrong", with the rule as the hint; both made harmless.
core::Error bad(const std::string& where, const std::string& what, std::string rule = {});

// Lower case letters, digits and '_', a letter first.
bool is_identifier(std::string_view text);
// A vendor's: letters, digits, '_' and '.', with "__" between unit and quantity.
bool is_counter_name(std::string_view text);

}  // namespace flashcore::analysis
