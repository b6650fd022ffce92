// What a shell needs to complete flashcore-profile: commands, the options that each takes, words, files.
//
// Written from the table of commands and options (app/cli/command_table.h); nothing is listed by hand.
// Owns: its strings. Threads: plain functions. Errors: kUsage with the shells that there are.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace flashcore::cli {

const std::vector<std::string>& shell_names();

core::Result<std::string> completion_for(const std::string& shell);

}  // namespace flashcore::cli
