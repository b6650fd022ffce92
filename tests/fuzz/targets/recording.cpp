#include <unistd.h>

#include "store/store.h"
#include "tests/fuzz/target.h"

namespace flashcore::fuzz {
namespace {

core::RunRecord some_run() {
  core::RunRecord run;
  run.taken_at = "2026-01-31T12:00:00Z";
  run.origin = core::Origin::kImport;
  run.subject = {core::SubjectKind::kKernel, "kernel", "void kernel(int)", std::nullopt, ""};
  run.answer = core::Answer::kDoesNotApply;
  run.device = core::DeviceRecord{.name = "NVIDIA H200", .chip = "GH100"};
  core::MeasurementRecord measurement;
  measurement.collector = "ncu";
  measurement.tool = "Nsight Compute";
  measurement.taken_at = run.taken_at;
  measurement.kernels = {{0, "kernel", core::Extent3{64, 1, 1}, core::Extent3{128, 1, 1}}};
  measurement.counters = {{"gpu__time_duration.sum", 0, 16448.0, ""},
                          {"sm__other.sum", 0, std::nullopt, "n/a"}};
  core::add_measurement(run, std::move(measurement));
  return run;
}

}  // namespace

void run(std::string_view input) {
  const auto store = store::Store::from_bytes(input, "f");
  if (!store) {
    promise(store.error().code == core::ErrorCode::kDatabase || store.error().code == core::ErrorCode::kFile,
            "what is no database is kDatabase", store.error().message);
    return;
  }
  const auto page = store->list_runs({.limit = 20});
  (void)store->list_sessions();
  (void)store->devices();
  (void)store->problems();
  if (!page) return;
  for (const auto& summary : page->runs) (void)store->read_run(summary.id);
}

std::vector<std::string> seeds() {
  std::string folder = (std::filesystem::temp_directory_path() / "flashcore-fuzz-XXXXXX").string();
  promise(::mkdtemp(folder.data()) != nullptr, "a temporary folder can be made");
  const auto whole = std::filesystem::path(folder) / "runs.db",
             compact = std::filesystem::path(folder) / "copy.db";
  std::vector<std::string> all;
  {
    auto store = store::Store::open(whole);
    promise(store.has_value(), "a store can be made");
    core::SessionRecord session;
    session.started_at = "2026-01-31T12:00:00Z";
    session.origin = core::Origin::kImport;
    auto run = some_run();
    const auto written = store->write_run(session, run);
    promise(written.has_value(), "a run can be written", written ? "" : written.error().message);
    promise(store->save_copy(compact).has_value(), "a copy can be saved");
  }
  std::ifstream in(compact, std::ios::binary);
  all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  std::filesystem::remove_all(folder);
  return all;
}

int mutations_of_a_seed() {
  return 1000;
}

}  // namespace flashcore::fuzz
