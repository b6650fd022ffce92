// make_compares FOLDER: comparisons as JSON, for the test of docs/compare.schema.json: made by hand, of
// hostile names, and judged from runs.
#include <cstdio>
#include <filesystem>

#include "core/atomic_file.h"
#include "reports/compare_json.h"
#include "tests/reports/fixture_compares.h"

namespace {

using namespace flashcore;
namespace fixtures = reports::fixtures;

// Two phases and one of them against itself, by the real judge.
std::string judged(const analysis::Catalogue& catalogue, bool anyway) {
  const auto base = fixtures::analysed({fixtures::record(fixtures::ladder()[0])}, catalogue);
  auto records = std::vector<core::RunRecord>{fixtures::record(fixtures::ladder()[1])};
  if (anyway) records.front().cache = core::CacheState::kCold;
  const auto now = fixtures::analysed(std::move(records), catalogue);
  analysis::CompareOptions options;
  options.anyway = anyway;
  auto result = analysis::compare_all(analysis::pair_up("1", base, "2", now), options);
  if (!result) return "";
  return reports::compare_json({.result = *result,
                                .base_word = "1",
                                .now_word = "2",
                                .base_sentence = "run 1",
                                .now_sentence = "run 2"});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto usual = fixtures::compared_runs(), hostile = fixtures::hostile_compared_runs();
  const analysis::Comparisons nothing;
  const std::pair<const char*, std::string> files[] = {
      {"usual.json", reports::compare_json(usual->view())},
      {"hostile.json", reports::compare_json(hostile->view())},
      {"nothing.json",
       reports::compare_json(
           {.result = nothing, .base_word = "a", .now_word = "b", .base_sentence = "", .now_sentence = ""})},
      {"judged.json", judged(usual->catalogue, false)},
      {"anyway.json", judged(usual->catalogue, true)}};
  for (const auto& [name, text] : files) {
    if (!text.empty() && core::write_file(folder / name, text)) continue;
    std::fprintf(stderr, "cannot make %s\n", name);
    return 1;
  }
  return 0;
}
