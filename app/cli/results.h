// What is written of runs when a command has them: table, JSON, report, and the lines around them.
//
// Owns: nothing. Threads: one. Errors: kFile, kUsage as the writers behind them.
#pragma once

#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/run_analysis.h"
#include "app/cli/options.h"
#include "app/session/profile.h"
#include "core/cancel.h"
#include "store/store.h"

namespace flashcore::cli {

// Loads the outcome's runs from `store` and shows them as the options say; the command's exit code.
int show_outcome(const Options& options, const session::ProfileOutcome& outcome, const store::Store& store,
                 const analysis::Catalogue& catalogue);

// The same JSON for a parser; what would steer a terminal (C1 controls, DEL, changes of direction) is
// escaped.
std::string harmless_json(std::string json);

// To a file, or to standard output for "-"; the exit code.
int write_json(const std::string& path, const std::vector<analysis::RunAnalysis>& runs,
               const core::CancelToken& cancel);

}  // namespace flashcore::cli
