// Result<T>: the one way in which FlashCore reports what the outside world can break
// (driver, permission, file, SQL, input). Programmer faults abort instead.
//
// Owns: its strings. Units: none. Threads: a plain value.
// Errors: this is the error type; every Error carries a sentence, and a hint that tells
// the user what to do next.
//
//   Result<int> parse(std::string_view s);
//   if (auto n = parse("7"); !n) return fail(n.error());
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace flashcore::core {

// What went wrong, in the classes that a caller may want to tell apart. Each maps to one of
// the program's exit codes, see exit_code().
enum class ErrorCode {
  kGateFailed,    // 1: a gate or comparison failed
  kUsage,         // 2: the user asked for something that does not exist or breaks a rule
  kNoDevice,      // 3: no driver, no GPU, no such ordinal
  kPermission,    // 3: the device is there but refuses (counters, another profiler)
  kDevice,        // 3: the device or its driver failed while working
  kWrongAnswer,   // 4: a kernel computed something else than the reference
  kDatabase,      // 5: the database is missing, foreign, damaged, newer or read-only
  kFile,          // 5: another file cannot be read or written
  kExternalTool,  // 6: a program that FlashCore calls failed
  kCancelled,     // 130: the user stopped it
};

struct Error {
  ErrorCode code = ErrorCode::kUsage;
  std::string message;  // one sentence: what happened, with the cause where it is known
  std::string hint;     // what the user can do; may be empty
  std::string context;  // technical detail (driver's text, SQL, path); may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

// The exit code of a program that ends with this error (DESIGN: 1..6, and 130 when cancelled).
int exit_code(ErrorCode code) noexcept;

// A stable lower-case name ("usage", "no_device", ...), used in JSON and in the database.
std::string_view name_of(ErrorCode code) noexcept;

// "message\n  hint: ...\n  detail: ..." for a terminal; parts that are empty are left out.
std::string to_text(const Error& error);

// Shorthand for returning an error from a function that returns any Result<T>.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {},
                                  std::string context = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint), std::move(context)});
}

}  // namespace flashcore::core
