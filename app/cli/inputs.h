// What several commands make of their options: the catalogue, the database, the problems.
//
// Owns: nothing. Threads: one. Errors: as the parts behind them.
#pragma once

#include <vector>

#include "analysis/catalogue.h"
#include "app/cli/options.h"
#include "app/session/profile.h"
#include "core/problem.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::cli {

core::Result<analysis::Catalogue> open_catalogue(const Options& options);
core::Result<store::Store> open_database(const Options& options, store::Mode mode);

// The shapes as typed, with the mask; none where none was given.
core::Result<std::vector<core::Problem>> parse_problems(const std::vector<std::string>& shapes, bool causal);

core::Result<session::ProfileRequest> make_request(const Options& options);

}  // namespace flashcore::cli
