#include "reports/json.h"

#include "reports/run_json.h"

namespace flashcore::reports {

std::string runs_json(const std::vector<analysis::RunAnalysis>& runs) {
  nlohmann::ordered_json out{{"schema", 2}, {"runs", nlohmann::ordered_json::array()}};
  for (const auto& run : runs) out["runs"].push_back(run_json(run));
  return dump(out, 2) + "\n";
}

}  // namespace flashcore::reports
