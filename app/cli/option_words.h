// What may stand for the value of an option or argument, where that is known without a database: words of a
// fixed set, files, folders. For shells that complete.
//
// Owns: its strings. Threads: plain functions. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command_table.h"

namespace flashcore::cli {

struct ValueWords {
  enum class Kind { kNone, kAny, kWords, kFile, kFolder };  // kNone: a flag; kAny: nothing is known of it
  Kind kind = Kind::kAny;
  std::vector<std::string> words;  // of letters, digits and -_.,=~:@ alone
  bool list = false;               // several, with commas between
};

// Of an option or an argument of `command` ("": the program).
ValueWords words_of(const std::string& command, const OptionText& option);

// The options and arguments ("completion shell") that have words, for a test that holds them against the
// table.
std::vector<std::string> names_with_words();

}  // namespace flashcore::cli
