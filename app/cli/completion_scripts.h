// The scripts of app/cli/completion.h, one for each shell.
//
// Owns: nothing. Threads: plain functions. Errors: none.
#pragma once

#include <string>

namespace flashcore::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace flashcore::cli
