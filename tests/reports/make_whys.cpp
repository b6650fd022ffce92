// Writes real `why` JSON for the schema's test: make_whys FOLDER RECORDING.
#include <fstream>
#include <iostream>
#include <vector>

#include "analysis/why/why.h"
#include "reports/why_json.h"
#include "store/recording.h"

using namespace flashcore;

namespace {

analysis::RunAnalysis analysed(const store::Store& store, core::RowId id,
                               const analysis::Catalogue& catalogue) {
  return analysis::analyse(store.read_run(id).value(), catalogue);
}

void write(const std::string& path, const analysis::Why& why, std::optional<analysis::Verdict> verdict) {
  const reports::WhyView view{.why = why,
                              .label = "a pair \xff",
                              .verdict = verdict,
                              .verdict_sentence = "",
                              .base_run = "run 1",
                              .now_run = "run 2",
                              .base_id = 1,
                              .now_id = 2};
  std::ofstream(path) << reports::why_json({view}, {"a note"}) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string folder = argv[1];
  const auto store = store::open_recording(argv[2]);
  if (!store) {
    std::cerr << store.error().message << "\n";
    return 1;
  }
  const analysis::Catalogue catalogue = analysis::Catalogue::builtin().value();
  const analysis::RunAnalysis base = analysed(*store, 1, catalogue), now = analysed(*store, 2, catalogue);
  core::RunRecord bare = now.run, untimed = now.run;
  std::erase_if(bare.measurements, [](const auto& measurement) { return !measurement.counters.empty(); });
  for (auto& measurement : untimed.measurements) measurement.samples.clear();
  write(folder + "/why_planted.json", analysis::why(base, now), analysis::Verdict::kSlower);
  write(folder + "/why_equal.json", analysis::why(base, base), analysis::Verdict::kSame);
  write(folder + "/why_uncounted.json", analysis::why(base, analysis::analyse(bare, catalogue)),
        std::nullopt);
  write(folder + "/why_untimed.json", analysis::why(base, analysis::analyse(untimed, catalogue)),
        analysis::Verdict::kAmbiguous);
  return 0;
}
