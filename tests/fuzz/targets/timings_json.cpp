#include "core/problem.h"
#include "tests/fuzz/import_promises.h"

namespace flashcore::fuzz {
namespace {

void check_run(const core::RunRecord& run) {
  promise(run.origin == core::Origin::kImport && !run.subject.name.empty() && !run.taken_at.empty(),
          "a run is an import with a name and a time");
  promise(run.cache.has_value() && run.problem.has_value(), "a run says its problem and its caches");
  const auto again = core::parse_problem(core::canonical_text(*run.problem));
  promise(again && *again == *run.problem, "a problem's text reads back as it");
  promise(!run.measurements.empty(), "a run was checked or timed");
  bool checked = false, failed = false;
  for (const core::CheckRecord& check : core::all_checks(run)) {
    checked = true;
    failed = failed || !check.passed;
    promise(!check.passed || (check.max_error <= check.max_tolerance && check.nan_count == 0),
            "what passed is within its limits");
  }
  const auto answer = !checked ? core::Answer::kUnchecked
                      : failed ? core::Answer::kWrong
                               : core::Answer::kRight;
  promise(run.answer == answer, "the checks make the answer");
  for (const core::Sample& sample : core::all_samples(run)) {
    promise(std::isfinite(sample.duration_ns) && sample.duration_ns > 0 && sample.launches > 0,
            "a sample has a time and launches");
    promise(!sample.effective_clock_mhz || *sample.effective_clock_mhz > 0, "a clock runs");
  }
}

}  // namespace

void run(std::string_view input) {
  const auto all = collectors::import_timings_json(input, "f");
  if (!all) return check_refusal(all.error());
  promise(!all->runs.empty(), "an import holds runs");
  for (const core::RunRecord& run : all->runs) check_run(run);
  for (const auto& note : all->notes) promise(note.message.size() < 1500, "a note is cut", note.message);
}

std::vector<std::string> seeds() {
  return files_of("tests/collectors/import/files", ".json");
}

int mutations_of_a_seed() {
  return 2000;
}

}  // namespace flashcore::fuzz
