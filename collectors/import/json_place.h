// JSON files as importers read them: parsed with line and column of what is wrong, and values with the place
// where they stand, so that a refusal can name both the member ("problems[0].samples[3].launches") and the
// line.
//
// Owns: nothing; a JsonPlace points to the value, its parent and its key, which must outlive it.
// Threads: pure functions. Errors: kUsage with file, line, column and reason.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::collectors {

// `writer`: whose JSON it should be, for messages ("nvbench").
core::Result<nlohmann::json> parse_json(std::string_view text, const std::string& file,
                                        std::string_view writer);

// A value and the way to it.
struct JsonPlace {
  const nlohmann::json* value = nullptr;  // null where the member is missing; never null of an element
  const JsonPlace* parent = nullptr;      // null: the whole file
  std::string_view key;                   // of an object's member; empty of an array's element
  std::size_t index = 0;                  // of an array's element

  JsonPlace member(std::string_view name) const;
  JsonPlace element(std::size_t at) const;
  std::size_t size() const;  // of an array; 0 of anything else
};

// "problems[0].samples[3].launches"; empty of the whole file.
std::string path_of(const JsonPlace& place);

// Where the value begins in the text that it was parsed from; of a missing member, the object that lacks it.
std::size_t offset_of(const JsonPlace& place, std::string_view text);

}  // namespace flashcore::collectors
