// The use case "history": one metric of a subject on a problem over the builds in a database.
//
// Owns: nothing. Threads: any, one Store each. Errors: kUsage with what is near for a subject, problem or
// metric that the database or the catalogue does not have; kCancelled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/history/history.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct HistoryRequest {
  std::vector<std::string> subjects;     // empty: all of the database
  std::vector<core::Problem> problems;   // empty: all
  std::string metric = "duration";
  std::optional<core::CacheState> cache = core::CacheState::kWarm;
  std::string device_contains;
  std::string since;
  int limit = 1000;                      // newest runs of each series
  analysis::ChangePointOptions options;
};

// One a series (subject, problem, class of device, cache state), by label.
core::Result<std::vector<analysis::History>> histories(const HistoryRequest& request, const store::Store& store,
                                                       const analysis::Catalogue& catalogue,
                                                       const core::CancelToken& cancel = {});

}  // namespace flashcore::session
