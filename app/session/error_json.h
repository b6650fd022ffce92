// Errors and keys of the JSON lines that processes of FlashCore say to one another: the worker's protocol and
// the helper's.
//
// Owns: nothing. Threads: pure functions. Errors: a BadLine is thrown, and caught in the file that reads.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace flashcore::session {

struct BadLine : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline core::ErrorCode error_code_named(std::string_view name) {
  using enum core::ErrorCode;
  constexpr std::array kCodes{kGateFailed,  kUsage,    kNoDevice, kPermission,   kDevice,
                              kWrongAnswer, kDatabase, kFile,     kExternalTool, kCancelled};
  for (const core::ErrorCode code : kCodes) {
    if (core::name_of(code) == name) return code;
  }
  throw BadLine(fmt::format("unknown error code '{}'", name.substr(0, 40)));
}

// Reads `key` into `value`, strictly by its type; a key that is missing leaves the default.
inline void take(const nlohmann::json& j, const char* key, std::string& value) {
  if (!j.contains(key)) return;
  if (!j[key].is_string()) throw BadLine(fmt::format("'{}' is no text", key));
  value = j[key].get<std::string>();
}
inline void take(const nlohmann::json& j, const char* key, bool& value) {
  if (!j.contains(key)) return;
  if (!j[key].is_boolean()) throw BadLine(fmt::format("'{}' is no truth value", key));
  value = j[key].get<bool>();
}
inline void take(const nlohmann::json& j, const char* key, double& value) {
  if (!j.contains(key)) return;
  if (!j[key].is_number()) throw BadLine(fmt::format("'{}' is no number", key));
  value = j[key].get<double>();
}
template <std::integral T>
void take(const nlohmann::json& j, const char* key, T& value) {
  if (!j.contains(key)) return;
  const nlohmann::json& given = j[key];
  const bool fits = given.is_number_unsigned()
                        ? std::in_range<T>(given.get<std::uint64_t>())
                        : given.is_number_integer() && std::in_range<T>(given.get<std::int64_t>());
  if (!fits) throw BadLine(fmt::format("'{}' is no whole number in range", key));
  value = given.get<T>();
}
template <typename T>
void take(const nlohmann::json& j, const char* key, std::vector<T>& values) {
  if (!j.contains(key)) return;
  if (!j[key].is_array()) throw BadLine(fmt::format("'{}' is no list", key));
  values.clear();
  for (const auto& item : j[key]) take(nlohmann::json{{key, item}}, key, values.emplace_back());
}
inline void take(const nlohmann::json& j, const char* key, std::map<std::string, std::string>& values) {
  if (!j.contains(key)) return;
  if (!j[key].is_object()) throw BadLine(fmt::format("'{}' is no object", key));
  values.clear();
  for (const auto& [name, item] : j[key].items()) take(nlohmann::json{{key, item}}, key, values[name]);
}

inline nlohmann::json error_json(const core::Error& e) {
  return {{"code", core::name_of(e.code)}, {"message", e.message}, {"hint", e.hint}, {"detail", e.context}};
}

inline core::Error error_from(const nlohmann::json& j) {
  core::Error error;
  std::string code;
  take(j, "code", code);
  error.code = error_code_named(code);
  take(j, "message", error.message);
  take(j, "hint", error.hint);
  take(j, "detail", error.context);
  return error;
}

inline void only_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw BadLine(fmt::format("unknown key '{}'", key.substr(0, 40)));
  }
}

// Text from anywhere must not make the line unreadable: bytes that are not UTF-8 are replaced.
inline std::string line_of(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace flashcore::session
