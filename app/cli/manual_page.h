// The manual page of flashcore-profile, in roff with the man macros (man(7) of groff and mandoc), written
// from the table of commands and options.
//
// Owns: its text. Threads: plain functions. Errors: none.
#pragma once

#include <string>

namespace flashcore::cli {

std::string manual_page();

}  // namespace flashcore::cli
