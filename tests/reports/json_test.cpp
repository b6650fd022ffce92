#include "reports/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/reports/fixture_runs.h"

namespace flashcore::reports {
namespace {

using nlohmann::json;

const analysis::Catalogue& catalogue() {
  static const analysis::Catalogue builtin = analysis::Catalogue::builtin().value();
  return builtin;
}

json of(std::vector<core::RunRecord> records) {
  return json::parse(runs_json(fixtures::analysed(std::move(records), catalogue())));
}

TEST(RunsJson, HoldsWhatWasMeasured) {
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue());
  const json run = json::parse(runs_json(runs))["runs"][0];
  EXPECT_EQ(run["phase"], "wmma");
  EXPECT_EQ(run["shape"], "mission");
  EXPECT_EQ(run["problem"]["Sq"], 512);
  EXPECT_FALSE(run["recording"]);
  EXPECT_DOUBLE_EQ(run["timing"]["graph_us"]["p50"].get<double>(), runs[0].graph_ns->p50 / 1e3);
  EXPECT_EQ(run["timing"]["launch_us"]["n"], 100);
  EXPECT_EQ(run["resources"]["registers"], 128);
  EXPECT_EQ(run["resources"]["spill_bytes"], 0);
  EXPECT_DOUBLE_EQ(run["metrics"]["tensor_pipe_active"]["value"].get<double>(), 9.4);
  EXPECT_EQ(run["metrics"]["tensor_pipe_active"]["unit"], "%");
  EXPECT_TRUE(run["correctness"]["passed"]);
  EXPECT_FALSE(run["roofline"]["points"].empty());
}

TEST(RunsJson, TakesTheLargestOfSeveralKernels) {
  core::RunRecord record = fixtures::record(fixtures::ladder()[3]);
  core::MeasurementRecord& told = fixtures::part(record, "resources");
  core::ResourceRecord second = told.resources[0];
  second.kernel = 1;
  second.registers = 200;
  second.spill_store_bytes = second.spill_load_bytes = 8;
  told.resources.push_back(second);
  const json resources = of({record})["runs"][0]["resources"];
  EXPECT_EQ(resources["registers"], 200);
  EXPECT_EQ(resources["kernels"].size(), 2u);
  EXPECT_EQ(resources["kernels"][1]["spill_bytes"], 16);
  EXPECT_TRUE(resources["kernels"][0]["spill_bytes"].is_null());  // unknown is not zero
}

// The registers of a library's kernel are not known, and those of its neighbour do not stand for both.
TEST(RunsJson, TheLargestIsUnknownWhereOneKernelIs) {
  core::RunRecord record = fixtures::record(fixtures::ladder()[0]);
  core::MeasurementRecord& told = fixtures::part(record, "resources");
  core::ResourceRecord library = told.resources[0];
  library.kernel = 1;
  library.registers.reset();
  library.spill_load_bytes.reset();  // half known is not known
  told.resources.push_back(library);
  const json resources = of({record})["runs"][0]["resources"];
  EXPECT_TRUE(resources["registers"].is_null());
  EXPECT_TRUE(resources["spill_bytes"].is_null());
  EXPECT_TRUE(resources["dynamic_shared_bytes"].is_number());
  EXPECT_EQ(resources["kernels"][0]["registers"], told.resources[0].registers.value());
}

TEST(RunsJson, GivesAReasonForEveryMissingValue) {
  const json run = of({fixtures::without_counters(fixtures::record(fixtures::ladder()[0]))})["runs"][0];
  const json metric = run["metrics"]["tensor_pipe_active"];
  EXPECT_TRUE(metric["value"].is_null());
  EXPECT_NE(metric["reason"].get<std::string>().find("refuses"), std::string::npos);
  EXPECT_EQ(run["diagnostics"][0]["code"], "counters_refused");
}

TEST(RunsJson, ShowsNoTimingOfAWrongAnswer) {
  core::RunRecord wrong = fixtures::wrong_record();
  fixtures::part(wrong, "check").checks[0].max_error = std::numeric_limits<double>::quiet_NaN();
  fixtures::part(wrong, "check").checks[0].passed = false;
  const json run = of({wrong})["runs"][0];
  EXPECT_FALSE(run["correctness"]["passed"]);
  EXPECT_TRUE(run["correctness"]["max_error"].is_null());
  EXPECT_TRUE(run["timing"]["graph_us"].is_null());
  EXPECT_TRUE(run["timing"]["launch_us"].is_null());
  EXPECT_TRUE(run["limit"]["share"].is_null());
  EXPECT_FALSE(run["limit"]["reason"].get<std::string>().empty());
}

TEST(RunsJson, SurvivesTextThatIsNoUtf8) {
  const json run = of({fixtures::recorded(fixtures::hostile_record())})["runs"][0];
  EXPECT_EQ(run["phase"], fixtures::kScript);
  EXPECT_EQ(run["tags"]["long"].get<std::string>().size(), 10000u);
  EXPECT_TRUE(run["recording"]);
}

TEST(RunsJson, SaysWhatEachMeasurementWas) {
  const json run = of({fixtures::counted_twice(fixtures::record(fixtures::ladder()[0]))})["runs"][0];
  ASSERT_EQ(run["measurements"].size(), 6u);
  const json ncu = run["measurements"][5];
  EXPECT_EQ(ncu["collector"], "ncu");
  EXPECT_EQ(ncu["tool"], "Nsight Compute");
  EXPECT_EQ(ncu["passes"], 40);
  EXPECT_EQ(ncu["status"], "complete");
  EXPECT_EQ(ncu["counts"]["counters"], 1);
  EXPECT_TRUE(run["measurements"][0]["passes"].is_null());
  EXPECT_EQ(run["measurements"][2]["parameters"]["warmup"], "23");
  EXPECT_EQ(run["measurements"][4]["steps"][1]["name"], "passes");
  EXPECT_DOUBLE_EQ(run["measurements"][4]["steps"][1]["ms"].get<double>(), 118.2);
  EXPECT_TRUE(ncu["steps"].empty());
  const json shared = run["shared_counters"];
  ASSERT_EQ(shared.size(), 1u) << "only what both hold";
  EXPECT_EQ(shared["dram__bytes.sum"][0]["provenance"], "cupti, 12 passes, CUPTI 130000");
  EXPECT_EQ(shared["dram__bytes.sum"][0]["measurement"], 4);
  EXPECT_EQ(shared["dram__bytes.sum"][1]["value"], 4.4e6);
  EXPECT_EQ(run["kernels"][0]["name"], "attention_baseline<64>");
  EXPECT_EQ(run["kernels"][0]["grid"], json({512, 1, 1}));
}

TEST(RunsJson, AnImportHasWhatItsFileSays) {
  const json runs = of(fixtures::imported_records())["runs"];
  const json run = runs[0];
  EXPECT_EQ(run["phase"], "ampere_sgemm_128x64_nn");
  EXPECT_EQ(run["subject"]["kind"], "kernel");
  EXPECT_TRUE(run["subject"]["ladder"].is_null());
  EXPECT_EQ(run["origin"], "import");
  EXPECT_FALSE(run["recording"]);
  EXPECT_TRUE(run["problem"].is_null());
  EXPECT_TRUE(run["problem_text"].is_null());
  EXPECT_EQ(run["answer"], "does_not_apply");
  EXPECT_TRUE(run["correctness"]["passed"].is_null());
  EXPECT_EQ(run["time"]["ns"], 20000.0);
  EXPECT_TRUE(run["time"]["counted"]);
  EXPECT_TRUE(run["timing"]["graph_us"].is_null());
  EXPECT_EQ(run["roofline"]["points"][0]["flops_provenance"], "ncu (FP32)");
  EXPECT_EQ(run["device_info"]["compute_capability"], "9.0");
  EXPECT_FALSE(run["device_info"].contains("uuid"));
  const json bench = runs[2];
  EXPECT_TRUE(bench["device"].is_null());
  EXPECT_TRUE(bench["device_info"].is_null());
  EXPECT_EQ(bench["problem"]["workload"], "nvbench");
  EXPECT_EQ(bench["problem"]["axes"]["type"], "F32");
  EXPECT_EQ(bench["problem_text"], "nvbench:elements=1024,type=F32");
  EXPECT_EQ(bench["time"]["source"], "mean, nvbench");
}

TEST(RunsJson, HoldsTheLimitWithItsTerms) {
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue());
  const json limit = json::parse(runs_json(runs))["runs"][0]["limit"];
  EXPECT_DOUBLE_EQ(limit["ns"].get<double>(), *runs[0].limit.ns);
  EXPECT_DOUBLE_EQ(limit["share"].get<double>(), *runs[0].limit.share);
  EXPECT_EQ(limit["binding"], runs[0].limit.binding);
  json binds = json::array();
  for (const auto& term : runs[0].limit.terms) {
    if (runs[0].limit.binds(term)) binds.push_back(term.id);
  }
  EXPECT_EQ(limit["binding_terms"], binds);
  EXPECT_FALSE(binds.empty());
  EXPECT_EQ(limit["reason"], "");
  ASSERT_EQ(limit["terms"].size(), 3u);
  EXPECT_EQ(limit["terms"][0]["id"], "products");
  EXPECT_EQ(limit["terms"][1]["unit"], "op");
  EXPECT_TRUE(limit["terms"][2]["ns"].is_null()) << "no rate of L2 is documented";
  EXPECT_TRUE(limit["terms"][2]["rate"].is_null());
  EXPECT_NE(limit["terms"][2]["reason"].get<std::string>().find("L2"), std::string::npos);
  EXPECT_FALSE(limit["terms"][0].contains("reason"));
}

TEST(RunsJson, HoldsTheStripAndTheMemoryChart) {
  const json speed = of({fixtures::record(fixtures::ladder()[1])})["runs"][0]["speed_of_light"];
  ASSERT_EQ(speed["bars"].size(), 8u);
  EXPECT_EQ(speed["reason"], "");
  EXPECT_EQ(speed["bars"][0]["title"], "Tensor");
  EXPECT_NEAR(speed["bars"][0]["share"]["value"].get<double>(), 9.118, 1e-9);
  int binding = 0;
  for (const json& bar : speed["bars"]) binding += bar["binding"].get<bool>() ? 1 : 0;
  EXPECT_EQ(binding, 1);
  EXPECT_TRUE(speed["pass_note"].get<std::string>().starts_with("counter pass: ")) << speed["pass_note"];
  ASSERT_EQ(speed["nodes"].size(), 5u);
  EXPECT_TRUE(speed["nodes"][0]["hit_rate"].is_null()) << "the SM has none";
  EXPECT_EQ(speed["nodes"][1]["hit_rate"]["text"], "83.3 %");
  ASSERT_FALSE(speed["arrows"].empty());
  EXPECT_TRUE(speed["arrows"][0]["bytes"]["value"].is_number());
  const json refused =
      of({fixtures::without_counters(fixtures::record(fixtures::ladder()[1]))})["runs"][0]["speed_of_light"];
  EXPECT_NE(refused["reason"].get<std::string>().find("refuses"), std::string::npos);
  for (const json& bar : refused["bars"]) {
    EXPECT_TRUE(bar["share"]["value"].is_null());
    EXPECT_FALSE(bar["share"]["reason"].get<std::string>().empty());
  }
}

TEST(RunsJson, HoldsEachKernelOfALaunch) {
  const json run = of({fixtures::library_record()})["runs"][0];
  ASSERT_EQ(run["kernels"].size(), 3u);
  EXPECT_EQ(run["kernels"][1]["name"], "softmax_rows<__half, 64, 4>");
  EXPECT_DOUBLE_EQ(run["kernels"][1]["ns"].get<double>(), 9800);
  EXPECT_DOUBLE_EQ(run["kernels"][1]["share"].get<double>(), 9800.0 / 18500);
  EXPECT_NE(run["kernels"][1]["note"], "");
  const json refused = of({fixtures::without_counters(fixtures::library_record())})["runs"][0];
  EXPECT_TRUE(refused["kernels"][1]["share"].is_null());
  EXPECT_FALSE(refused["kernels"][1]["note"].get<std::string>().empty());
}

TEST(RunsJson, SaysCacheClockFloorAndBothChecks) {
  const json runs =
      of({fixtures::record(fixtures::ladder()[1]), fixtures::cold(fixtures::record(fixtures::ladder()[1])),
          fixtures::old_record(fixtures::record(fixtures::ladder()[1])), core::RunRecord{}})["runs"];
  EXPECT_EQ(runs[0]["cache"], "warm");
  EXPECT_EQ(runs[1]["cache"], "cold");
  EXPECT_TRUE(runs[3]["cache"].is_null());
  EXPECT_NEAR(runs[0]["clock"]["mhz"].get<double>(), 1755.5, 0.6);
  EXPECT_FALSE(runs[0]["clock"]["nominal"]);
  EXPECT_EQ(runs[2]["clock"]["mhz"], 1980);
  EXPECT_TRUE(runs[2]["clock"]["nominal"]);
  EXPECT_TRUE(runs[3]["clock"].is_null());
  EXPECT_NEAR(runs[0]["floor_us"].get<double>(), 0.552, 1e-9);
  EXPECT_TRUE(runs[2]["floor_us"].is_null());
  const json checks = runs[0]["correctness"]["checks"];
  ASSERT_EQ(checks.size(), 4u);
  EXPECT_EQ(checks[1]["input"], "peaked");
  EXPECT_EQ(checks[1]["moment"], "before timing");
  EXPECT_EQ(checks[3]["moment"], "after timing");
  EXPECT_DOUBLE_EQ(checks[1]["plain_max_error"].get<double>(), 5.1e-4);
  EXPECT_EQ(checks[1]["worst"], "b 0, h 3, row 117, d 5");
  EXPECT_TRUE(checks[1]["mean_tolerance"].is_null());
  const json old = runs[2]["correctness"]["checks"];
  EXPECT_TRUE(old[0]["input"].is_null());
  EXPECT_EQ(old[0]["mean_tolerance"], 0.02);
}

TEST(RunsJson, SaysWhichCeilingsAreNoLimits) {
  const json ceilings = of({fixtures::record(fixtures::ladder()[1])})["runs"][0]["roofline"]["ceilings"];
  int limits = 0, others = 0;
  for (const json& ceiling : ceilings) ++(ceiling["limit"].get<bool>() ? limits : others);
  EXPECT_GT(limits, 0);
  EXPECT_GT(others, 0) << "mma.sync on Hopper, the definition of L2's peak";
}

TEST(RunsJson, IsAnObjectWithoutRunsToo) {
  const json document = of({});
  EXPECT_EQ(document["schema"], 2);
  EXPECT_TRUE(document["runs"].is_array());
  EXPECT_TRUE(document["runs"].empty());
}

}  // namespace
}  // namespace flashcore::reports
