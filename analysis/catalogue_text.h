// The TOML files of analysis/catalogue as they were at build time.
//
// Owns: static text. Threads: any. Errors: none. Written by analysis/embed_catalogue.cmake.
#pragma once

#include <span>
#include <string_view>

namespace flashcore::analysis {

struct CatalogueText {
  std::string_view file;  // "tensor.toml"
  std::string_view text;
};

std::span<const CatalogueText> builtin_catalogue_text() noexcept;  // by file name

}  // namespace flashcore::analysis
