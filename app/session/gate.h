// The use case "gate": runs of a database against a file of limits.
//
// Owns: the file and its rows, none of the runs; rows point into `file`, so an outcome is moved, never copied.
// Threads: any, one Store each. Errors: those of the file, the words and the store.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/gate/gate.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct GateOutcome {
  GateOutcome() = default;
  GateOutcome(GateOutcome&&) = default;
  GateOutcome& operator=(GateOutcome&&) = default;
  GateOutcome(const GateOutcome&) = delete;

  std::string runs_sentence;  // "the 12 runs of session 4"
  analysis::GateFile file;
  analysis::GateResult result;
};

// `word` names the runs that are judged; empty: the newest session.
core::Result<GateOutcome> check_gates(const std::filesystem::path& file, const std::string& word,
                                      const store::Store& store, const analysis::Catalogue& catalogue,
                                      double smallest = 0.01, const core::CancelToken& cancel = {});

}  // namespace flashcore::session
