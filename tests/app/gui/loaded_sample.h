// A session as the views get it, without a file.
#pragma once

#include <memory>

#include "analysis/run_analysis.h"
#include "app/gui/database.h"
#include "sample_database.h"

namespace flashcore::gui::test {

inline LoadedSessionPtr loadedSession(const std::vector<RunOptions>& options) {
  auto session = std::make_shared<LoadedSession>();
  auto catalogue = analysis::Catalogue::builtin();
  if (!catalogue) qFatal("%s", core::to_text(catalogue.error()).c_str());
  session->catalogue = std::make_shared<const analysis::Catalogue>(std::move(*catalogue));
  session->id = 1;
  core::RowId id = 0;
  for (const auto& option : options) {
    auto run = makeRun(option);
    run.id = ++id;
    run.session_id = 1;
    session->runs.push_back(analysis::analyse(std::move(run), *session->catalogue));
  }
  return session;
}

}  // namespace flashcore::gui::test
