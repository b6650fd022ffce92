// Names of enumerations: one table an enumeration, for text that leaves the program (database, JSON, worker
// lines) and comes back. A name that is not in the table is never taken for the first of the list: named()
// answers nothing, and the reader says so.
//
// Owns: static data. Threads: pure functions. Errors: none.
//
//   template <> inline constexpr auto kNames<Origin> = names<Origin>({{Origin::kLive, "live"}, ...});
//   name_of(Origin::kLive);     // "live"
//   named<Origin>("recordinh"); // nothing
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace flashcore::core {

template <typename Enum>
using Name = std::pair<Enum, std::string_view>;

// The table of an enumeration, in the order of its values; specialised beside the enumeration.
template <typename Enum>
inline constexpr std::array<Name<Enum>, 0> kNames{};

template <typename Enum, std::size_t N>
constexpr std::array<Name<Enum>, N> names(const Name<Enum> (&table)[N]) {
  return std::to_array(table);
}

template <typename Enum>
concept Named = kNames<Enum>
.size() > 0;

template <Named Enum>
constexpr std::string_view name_of(Enum value) noexcept {
  for (const auto& [known, name] : kNames<Enum>) {
    if (known == value) return name;
  }
  return "";
}

template <Named Enum>
constexpr std::optional<Enum> named(std::string_view name) noexcept {
  for (const auto& [value, known] : kNames<Enum>) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace flashcore::core
