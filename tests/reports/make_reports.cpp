// make_reports FOLDER: writes the reports and the JSON files that the browser and schema tests read.
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "core/atomic_file.h"
#include "reports/html.h"
#include "reports/json.h"
#include "tests/reports/fixture_runs.h"

namespace {

using flashcore::core::RunRecord;
namespace fixtures = flashcore::reports::fixtures;

std::map<std::string, std::vector<RunRecord>> cases() {
  std::map<std::string, std::vector<RunRecord>> out;
  out["usual"] = fixtures::usual_records();
  out["recording"] = fixtures::usual_records();
  for (RunRecord& run : out["recording"]) run = fixtures::recorded(run);
  out["empty"] = {};
  out["single"] = {fixtures::record(fixtures::ladder()[1])};
  out["no_counters"] = {fixtures::without_counters(fixtures::record(fixtures::ladder()[0])),
                        fixtures::without_counters(fixtures::record(fixtures::ladder()[1]))};
  out["wrong"] = {fixtures::record(fixtures::ladder()[0]), fixtures::wrong_record()};
  out["hostile"] = {fixtures::hostile_record(), fixtures::record(fixtures::ladder()[1])};
  out["bare"] = {RunRecord{}};
  out["imports"] = fixtures::imported_records();
  for (flashcore::core::RowId id : {1, 2}) {
    RunRecord run = fixtures::imported_records().front();
    run.id = id;
    run.subject.name = "nvjet_sm90_hss_128x128_64x6_2x1_v_bz_coopA_TNT";
    run.measurements.front().taken_at.clear();
    out["alike"].push_back(std::move(run));
  }
  out["twice"] = {fixtures::counted_twice(fixtures::record(fixtures::ladder()[0])),
                  fixtures::record(fixtures::ladder()[1])};
  out["partial"] = {fixtures::with_a_lost_pass(fixtures::record(fixtures::ladder()[1]))};
  out["kernels"] = {fixtures::record(fixtures::ladder()[0]), fixtures::library_record()};
  for (const fixtures::Shape& shape : fixtures::ladder()) {
    out["caches"].push_back(fixtures::record(shape));
    out["caches"].push_back(fixtures::cold(fixtures::record(shape)));
  }
  out["old"] = {fixtures::old_record(fixtures::record(fixtures::ladder()[0])),
                fixtures::old_record(fixtures::record(fixtures::ladder()[1]))};
  return out;
}

int complain(const flashcore::core::Error& error) {
  std::fprintf(stderr, "%s\n", flashcore::core::to_text(error).c_str());
  return flashcore::core::exit_code(error.code);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_reports FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const auto catalogue = flashcore::analysis::Catalogue::builtin();
  if (!catalogue) return complain(catalogue.error());
  for (auto& [name, records] : cases()) {
    const auto runs = fixtures::analysed(std::move(records), *catalogue);
    const auto html = flashcore::reports::write_html_report(folder / (name + ".html"), runs, *catalogue);
    if (!html) return complain(html.error());
    const auto json =
        flashcore::core::write_file(folder / (name + ".json"), flashcore::reports::runs_json(runs));
    if (!json) return complain(json.error());
  }
  return 0;
}
