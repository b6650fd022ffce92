// make_reports FOLDER: writes the reports and the JSON files that the browser and schema tests read.
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/atomic_file.h"
#include "reports/html.h"
#include "reports/json.h"
#include "tests/reports/fixture_changes.h"

namespace {

using flashcore::core::RunRecord;
namespace fixtures = flashcore::reports::fixtures;

// Points under the roof that nearly coincide.
std::vector<RunRecord> close_records() {
  std::vector<RunRecord> out;
  for (int i = 0; i < 14; ++i) {
    fixtures::Shape shape = fixtures::ladder()[1];
    shape.phase = "candidate_" + std::to_string(i);
    shape.rung = i;
    shape.graph_us *= 1 + 0.003 * i;
    RunRecord run = fixtures::record(shape);
    run.id = i + 1;
    out.push_back(std::move(run));
  }
  return out;
}

// Other reasons weigh most than in the usual runs.
RunRecord other_stalls() {
  fixtures::Shape shape = fixtures::ladder()[2];
  shape.stalls = {0, 44, 6, 30, 0, 0};
  return fixtures::record(shape);
}

// Runs of four phases on two problems, no two of which say the same.
std::vector<RunRecord> many_records(int count) {
  std::vector<RunRecord> out;
  const std::vector<RunRecord> usual = fixtures::usual_records();
  for (int i = 0; i < count; ++i) {
    RunRecord run =
        fixtures::scaled(usual[static_cast<std::size_t>(i) % usual.size()], 1 + 0.0003 * i, i + 1);
    for (auto& m : run.measurements) {
      for (auto& counter : m.counters) {
        if (counter.value) *counter.value *= 1 + 1e-5 * i;
      }
    }
    out.push_back(std::move(run));
  }
  return out;
}

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
  out["close"] = close_records();
  out["stalls"] = {other_stalls()};
  out["many"] = many_records(500);
  return out;
}

// A script, a change of the direction of writing, and length.
const std::string kHostile = fixtures::kScript + "\xE2\x80\xAE" + std::string(10000, 'w');

// What the page has to show of the pairs, from the values themselves.
nlohmann::json expected_changes(const fixtures::Compared& set) {
  nlohmann::json out = nlohmann::json::array();
  for (std::size_t i = 0; i < set.changes.all.size(); ++i) {
    const auto& c = set.changes.all[i];
    const auto& run = c.now.runs.front()->run;
    out.push_back({{"phase", run.subject.name},
                   {"problem", flashcore::core::problem_label(*run.problem)},
                   {"word", flashcore::analysis::word_of(c.verdict)},
                   {"change_percent", 100 * *c.time.change},
                   {"base_ns", *set.extras.pairs[i].why.base_ns},
                   {"now_ns", *set.extras.pairs[i].why.now_ns},
                   {"sentence", c.sentence}});
  }
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
  for (const auto& [name, hostile] :
       {std::pair<std::string, std::string>{"compared", ""}, {"compared_hostile", kHostile}}) {
    const auto set = fixtures::compared(*catalogue, hostile);
    flashcore::reports::HtmlOptions options;
    options.extras = set->extras;
    const auto html =
        flashcore::reports::write_html_report(folder / (name + ".html"), set->now, *catalogue, options);
    if (!html) return complain(html.error());
    const auto json = flashcore::core::write_file(
        folder / (name + ".json"),
        expected_changes(*set).dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (!json) return complain(json.error());
  }
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
