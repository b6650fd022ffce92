// guarded: turns what SQLite says into a core::Error with a sentence and a remedy.
//
// Owns: nothing. Threads: any. Errors: this is where SqlFailure ends.
#pragma once

#include <filesystem>
#include <new>
#include <string_view>
#include <type_traits>

#include "core/result.h"
#include "store/statement.h"

namespace flashcore::store {

// `doing` completes "cannot ...": "write a run to".
core::Error database_error(const SqlFailure& failure, const std::filesystem::path& path,
                           std::string_view doing);

core::Error unreadable(const UnreadableValue& value, const std::filesystem::path& path,
                       std::string_view doing);

core::Error out_of_memory(const std::filesystem::path& path, std::string_view doing);

// Whether another program's lock stood against it.
bool is_busy(const SqlFailure& failure) noexcept;

// Calls `work`, which throws SqlFailure, UnreadableValue or returns T, Result<T> or nothing.
template <typename T, typename Work>
core::Result<T> guarded(const std::filesystem::path& path, std::string_view doing, Work&& work) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const SqlFailure& failure) {
    return core::fail(database_error(failure, path, doing));
  } catch (const UnreadableValue& value) {
    return core::fail(unreadable(value, path, doing));
  } catch (const std::bad_alloc&) {
    return core::fail(out_of_memory(path, doing));
  }
}

}  // namespace flashcore::store
