// What `compare` hands on, measured or from the database: tables, JSON, Markdown and the exit code.
//
// Owns: nothing. Threads: called once from main. Errors: said on standard error; the exit code is returned.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/cli/options.h"
#include "app/session/compare.h"
#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::cli {

// Before anything is done: what is to be written must be writable, one thing at a time to standard output.
core::Status check_compare_targets(const Options& options);

// Of a comparison that was measured: how. A key of the JSON, and lines below Markdown and tables.
struct HowMeasured {
  nlohmann::ordered_json json;
  std::string text;
};

// 1 where any pair is slower.
int give_comparison(const Options& options, const session::CompareOutcome& outcome,
                    const core::CancelToken& cancel, const HowMeasured& how = {});

}  // namespace flashcore::cli
