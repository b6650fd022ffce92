// What every importer promises of every input.
#pragma once

#include <cctype>
#include <cmath>
#include <string>

#include "collectors/import/importer.h"
#include "tests/fuzz/target.h"

namespace flashcore::fuzz {

// "f:LINE:COLUMN: reason"
inline bool has_position(std::string_view message) {
  if (!message.starts_with("f:")) return false;
  std::size_t i = 2;
  for (int number = 0; number < 2; ++number) {
    const std::size_t from = i;
    while (i < message.size() && std::isdigit(static_cast<unsigned char>(message[i]))) ++i;
    if (i == from || i >= message.size() || message[i++] != ':') return false;
  }
  return i + 1 < message.size() && message[i] == ' ';
}

inline void check_refusal(const core::Error& error) {
  promise(error.code == core::ErrorCode::kUsage, "an input that is refused is kUsage", error.message);
  promise(has_position(error.message), "a refusal says file, line and column", error.message);
  promise(error.message.size() < 1000, "a message is cut", error.message);
}

inline void check_import(const core::Result<collectors::Imported>& all, std::size_t input_size) {
  if (!all) return check_refusal(all.error());
  promise(!all->runs.empty(), "an import holds runs");
  std::size_t values = 0;
  for (const auto& run : all->runs) {
    promise(run.origin == core::Origin::kImport && run.answer == core::Answer::kDoesNotApply,
            "runs are imports");
    promise(!run.subject.name.empty() && !run.taken_at.empty(), "a run has a name and a time");
    promise(run.measurements.size() == 1, "a run has one measurement");
    for (const auto& counter : run.measurements[0].counters) {
      ++values;
      promise(!counter.name.empty(), "a counter has a name");
      promise(
          counter.value ? std::isfinite(*counter.value) && counter.reason.empty() : !counter.reason.empty(),
          "a counter has a value or a reason", counter.name);
      promise(counter.reason.size() < 1000, "a reason is cut", counter.reason);
    }
  }
  promise(values <= input_size, "there are no more values than bytes");
  for (const auto& note : all->notes) promise(note.message.size() < 1500, "a note is cut", note.message);
}

}  // namespace flashcore::fuzz
