// Every column of every table gets a value of its own through the records and is read back by SQL, by its
// name: two columns that were swapped in writing and in reading alike are found here.
#include <gtest/gtest.h>

#include <set>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

// A value of its own for each column of a run's records.
core::RunRecord distinct_run() {
  core::RunRecord r = testing::example_head();
  r.subject = {core::SubjectKind::kMicrobenchmark, "subject-name", "subject-title",
               core::LadderRecord{17, true}, "subject-hash"};
  r.problem = core::Problem{"load", {{"axis-name", "123"}}};
  r.device = core::DeviceRecord{"d-name", "d-chip", 201, 202, 203, 204, 205, 206, 207,
                                208,      209,      210, 211, 212, 213, 214, 215, "d-uuid"};
  r.environment = {"e-sha",    true,      "e-hash", "e-version", "e-compiler", "e-toolkit",  "e-cuda-driver",
                   "e-driver", "e-cupti", "e-nvml", "e-os",      "e-cpu",      "e-catalogue"};
  r.model = core::ModelRecord{301, 302, 303};
  r.cache = core::CacheState::kCold;
  r.tags = {{"run-key", "run-value"}};
  r.diagnostics = {};
  core::MeasurementRecord m;
  m.collector = "m-collector";
  m.tool = "m-tool";
  m.tool_version = "m-version";
  m.taken_at = "m-taken";
  m.passes = 401;
  m.parameters = {{"p-name", "p-value"}};
  m.status = core::MeasurementStatus::kStopped;
  m.reason = "m-reason";
  m.kernels = {{5, "k-name", core::Extent3{501, 502, 503}, core::Extent3{504, 505, 506}}};
  m.resources = {{5, 601, 602, 603, 604, 605, 606, 607, 608, 609, 610, 611, "r-limiter", "r-provenance"}};
  m.samples = {{core::SampleKind::kGraph, 701, 702, 703, 704, 705, 706}};
  m.counters = {{"c-name", 5, 801, "c-reason"}};
  m.checks = {{901, "x-input", true, 902, 903, 904, 905, 906, 907, 908, 909, "x-worst", "x-method"}};
  m.clocks = {{1001, 1002, 1003, 1004, 1005, 1006, 1007}};
  m.steps = {{"t-name", 1101}};
  m.diagnostics = {{core::Severity::kError, "g-code", "g-message", "g-hint", "g-source"}};
  m.artifacts = {{"a-kind", "a-name", "a-type", "a-content"}};
  core::add_measurement(r, m);
  return r;
}

class Columns : public ::testing::Test {
 protected:
  void SetUp() override {
    auto session = testing::example_session();
    session.origin = core::Origin::kImport;
    session.source = "s-source";
    session.command = "s-command";
    session.started_at = "s-started";
    session.tags = {{"session-key", "session-value"}};
    session.environment.git_sha = "other";
    session.steps = {{"u-name", 1201}, {"", 0}};
    auto run = distinct_run();
    ASSERT_TRUE(store_.write_run(session, run));
    db_ = connect(folder_ / "runs.db", Access::kReadWrite);
  }
  std::string text(const std::string& table, const std::string& column) {
    Statement select(db_.get(), "SELECT CAST(" + column + " AS TEXT) FROM " + table);
    select.bind();
    if (!select.step()) return "no row";
    std::optional<std::string> value;
    select.read(value);
    seen_.insert(table + "." + column);
    return value.value_or("NULL");
  }
  void expect(const std::string& table, const std::vector<std::pair<std::string, std::string>>& columns) {
    for (const auto& [column, value] : columns)
      EXPECT_EQ(text(table, column), value) << table << "." << column;
  }

  testing::TemporaryFolder folder_;
  Store store_ = Store::open(folder_ / "runs.db").value();
  Connection db_;
  std::set<std::string> seen_;
};

TEST_F(Columns, EveryOneHoldsWhatItsNameSays) {
  expect("environment WHERE git_sha = 'e-sha'", {{"kernels_dirty", "1"},
                                                 {"kernels_hash", "e-hash"},
                                                 {"program_version", "e-version"},
                                                 {"compiler", "e-compiler"},
                                                 {"cuda_toolkit", "e-toolkit"},
                                                 {"cuda_driver", "e-cuda-driver"},
                                                 {"driver", "e-driver"},
                                                 {"cupti", "e-cupti"},
                                                 {"nvml", "e-nvml"},
                                                 {"operating_system", "e-os"},
                                                 {"cpu", "e-cpu"},
                                                 {"catalogue_hash", "e-catalogue"}});
  expect("device_class", {{"name", "d-name"},
                          {"chip", "d-chip"},
                          {"compute_major", "201"},
                          {"compute_minor", "202"},
                          {"sm_count", "203"},
                          {"sm_clock_max_khz", "204"},
                          {"memory_clock_max_khz", "205"},
                          {"memory_bus_bits", "206"},
                          {"memory_bytes", "207"},
                          {"l2_bytes", "208"},
                          {"shared_per_sm_bytes", "209"},
                          {"shared_per_block_optin_bytes", "210"},
                          {"shared_reserved_per_block_bytes", "211"},
                          {"registers_per_sm", "212"},
                          {"max_threads_per_sm", "213"},
                          {"max_blocks_per_sm", "214"},
                          {"warp_size", "215"}});
  expect("device", {{"uuid", "d-uuid"}});
  expect("subject", {{"kind", "microbenchmark"},
                     {"name", "subject-name"},
                     {"title", "subject-title"},
                     {"rung", "17"},
                     {"reference", "1"},
                     {"source_hash", "subject-hash"}});
  expect("problem", {{"workload", "load"}, {"text", "load:axis-name=123"}});
  expect("problem_axis", {{"ordinal", "0"}, {"name", "axis-name"}, {"value", "123"}, {"number", "123.0"}});
  expect("series", {{"kind", "microbenchmark"}, {"subject", "subject-name"}, {"cache", "cold"}});
  expect(
      "session",
      {{"started_at", "s-started"}, {"command", "s-command"}, {"origin", "import"}, {"source", "s-source"}});
  expect("session_tag", {{"key", "session-key"}, {"value", "session-value"}});
  expect("run", {{"taken_at", "2026-01-31T12:00:01Z"},
                 {"origin", "recording"},
                 {"model_flops", "301.0"},
                 {"model_bytes", "302.0"},
                 {"model_exps", "303.0"},
                 {"cache", "cold"},
                 {"answer", "right"}});
  expect("run_tag", {{"key", "run-key"}, {"value", "run-value"}});
  expect("run_summary", {{"graph_p50_ns", "703.0"},
                         {"launch_p50_ns", "NULL"},
                         {"counted_ns", "NULL"},
                         {"measurement_count", "1"},
                         {"counter_count", "1"},
                         {"diagnostic_count", "1"},
                         {"clock_mhz", "704.0"}});
  expect("run_block", {{"block", "0"}, {"newest", "2026-01-31T12:00:01Z"}});
  expect("tagged_run", {{"taken_at", "2026-01-31T12:00:01Z"}});
  expect("tag WHERE key = 'run-key'", {{"value", "run-value"}});
  expect("kernel", {{"ordinal", "5"},
                    {"name", "k-name"},
                    {"grid_x", "501"},
                    {"grid_y", "502"},
                    {"grid_z", "503"},
                    {"block_x", "504"},
                    {"block_y", "505"},
                    {"block_z", "506"}});
  expect("measurement", {{"ordinal", "0"},
                         {"collector", "m-collector"},
                         {"tool", "m-tool"},
                         {"tool_version", "m-version"},
                         {"taken_at", "m-taken"},
                         {"passes", "401"},
                         {"status", "stopped"},
                         {"reason", "m-reason"},
                         {"parameter_count", "1"}});
  expect("measurement_parameter", {{"name", "p-name"}, {"value", "p-value"}});
  expect("measurement_kernel", {{"ordinal", "0"}, {"kernel", "5"}});
  expect("resource", {{"kernel", "5"},
                      {"registers", "601"},
                      {"static_shared_bytes", "602"},
                      {"dynamic_shared_bytes", "603"},
                      {"stack_bytes", "604"},
                      {"spill_store_bytes", "605"},
                      {"spill_load_bytes", "606"},
                      {"local_bytes", "607"},
                      {"binary_bytes", "608"},
                      {"binary_arch", "609"},
                      {"theoretical_occupancy", "610.0"},
                      {"blocks_per_sm", "611"},
                      {"occupancy_limiter", "r-limiter"},
                      {"provenance", "r-provenance"}});
  expect("sample", {{"kind", "graph"},
                    {"sample_index", "701"},
                    {"launches", "702"},
                    {"duration_ns", "703.0"},
                    {"effective_clock_mhz", "704.0"},
                    {"nominal_before_mhz", "705.0"},
                    {"nominal_after_mhz", "706.0"}});
  expect("counter_name", {{"name", "c-name"}});
  expect("counter", {{"kernel", "5"}, {"value", "801.0"}, {"reason", "c-reason"}});
  expect("correctness", {{"seed", "901"},
                         {"input", "x-input"},
                         {"passed", "1"},
                         {"max_error", "902.0"},
                         {"mean_error", "903.0"},
                         {"nan_count", "904"},
                         {"inf_count", "905"},
                         {"compared", "906"},
                         {"max_tolerance", "907.0"},
                         {"mean_tolerance", "908.0"},
                         {"plain_max_error", "909.0"},
                         {"worst", "x-worst"},
                         {"method", "x-method"}});
  expect("clock_log", {{"at_ms", "1001.0"},
                       {"sm_mhz", "1002.0"},
                       {"memory_mhz", "1003.0"},
                       {"power_w", "1004.0"},
                       {"temperature_c", "1005.0"},
                       {"reasons", "1006"},
                       {"other_processes", "1007"}});
  expect("measurement_step", {{"name", "t-name"}, {"ms", "1101.0"}});
  expect("session_step", {{"name", "u-name"}, {"ms", "1201.0"}});
  expect("diagnostic", {{"severity", "error"},
                        {"code", "g-code"},
                        {"message", "g-message"},
                        {"hint", "g-hint"},
                        {"source", "g-source"}});
  expect("artifact",
         {{"kind", "a-kind"}, {"name", "a-name"}, {"media_type", "a-type"}, {"content", "a-content"}});

  // Nothing was forgotten: what is left over are ids, ordinals and counts.
  Statement all(db_.get(),
                "SELECT t.name, c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE "
                "t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'");
  all.bind();
  while (all.step()) {
    std::string table, column;
    all.read(table, column);
    const bool key =
        column == "id" || column.ends_with("_id") || column == "ordinal" || column.ends_with("_count");
    const bool where = (table == "environment" && column == "git_sha") || (table == "tag" && column == "key");
    bool seen = false;
    for (const auto& name : seen_) {
      seen |= name == table + "." + column || (name.starts_with(table + " ") && name.ends_with("." + column));
    }
    EXPECT_TRUE(seen || key || where) << table << "." << column << " is in no expectation";
  }
}

TEST_F(Columns, ComeBackThroughTheRecords) {
  testing::expect_equal(store_.read_run(1).value(), distinct_run());
}

}  // namespace
}  // namespace flashcore::store
