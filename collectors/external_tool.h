// Finding a program and asking for its version.
//
// Owns: nothing. Threads: any. Errors: what is not found is empty.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace flashcore::collectors {

// The first executable of that name on PATH; empty when there is none.
std::filesystem::path find_on_path(std::string_view name);

// What `program --version` prints (standard output only); empty when it cannot be run. At most 64 KiB.
std::string version_output(const std::filesystem::path& program);

// The first dotted number after "ersion " in `text` ("Version 2025.3.1.0" gives "2025.3.1.0"), else "".
std::string version_number(std::string_view text);

}  // namespace flashcore::collectors
