// SHA-256 (FIPS 180-4), for the hash of the metric catalogue.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace flashcore::analysis {

std::string sha256_hex(std::string_view text);

}  // namespace flashcore::analysis
