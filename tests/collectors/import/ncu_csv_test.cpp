#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "collectors/import/importer.h"
#include "tests/collectors/import/files.h"

namespace flashcore::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using tests::import_file;

Imported imported(const std::string& name) {
  auto all = import_ncu_csv(import_file(name), name);
  EXPECT_TRUE(all) << core::to_text(all.error());
  return all.value_or(Imported{});
}

const core::CounterValue* counter(const core::RunRecord& run, const std::string& name) {
  for (const auto& c : run.measurements.at(0).counters)
    if (c.name == name) return &c;
  return nullptr;
}
double value(const core::RunRecord& run, const std::string& name) {
  const auto* c = counter(run, name);
  EXPECT_NE(c, nullptr) << name;
  return c == nullptr || !c->value ? -1 : *c->value;
}

// A raw page of one kernel with these columns.
std::string raw(const std::vector<std::array<std::string, 3>>& metrics) {
  std::string names = "\"ID\",\"Process ID\",\"Kernel Name\"", units = "\"\",\"\",\"\"",
              row = "\"0\",\"1\",\"k(int)\"";
  for (const auto& [name, unit, text] : metrics) {
    names += ",\"" + name + "\"";
    units += ",\"" + unit + "\"";
    row += ",\"" + text + "\"";
  }
  return names + "\n" + units + "\n" + row + "\n";
}
core::RunRecord one(const std::vector<std::array<std::string, 3>>& metrics) {
  auto all = import_ncu_csv(raw(metrics), "f.csv");
  EXPECT_TRUE(all) << core::to_text(all.error());
  return all->runs.at(0);
}
std::string refusal(const std::string& text) {
  const auto all = import_ncu_csv(text, "f.csv");
  EXPECT_FALSE(all);
  return all ? "" : all.error().message;
}

TEST(NcuCsv, RawPageOf2022) {
  const auto all = imported("ncu_2022_raw.csv");
  ASSERT_EQ(all.runs.size(), 1U);
  const auto& run = all.runs[0];
  EXPECT_EQ(run.origin, core::Origin::kImport);
  EXPECT_EQ(run.answer, core::Answer::kDoesNotApply);
  EXPECT_EQ(run.subject.kind, core::SubjectKind::kKernel);
  EXPECT_EQ(run.subject.name, "saxpy<float>");
  EXPECT_EQ(run.subject.title, "void saxpy<float>(int, T1, const T1 *, T1 *)");
  EXPECT_EQ(run.taken_at, "2022-03-04T10:11:12Z");
  EXPECT_FALSE(run.problem);
  ASSERT_TRUE(run.device);
  EXPECT_EQ(run.device->name, "NVIDIA A100-SXM4-80GB");
  EXPECT_EQ(run.device->chip, "GA100");
  EXPECT_EQ(run.device->compute_major, 8);
  EXPECT_EQ(run.device->sm_count, 108);
  EXPECT_EQ(run.device->sm_clock_max_khz, 1'410'000);
  EXPECT_EQ(run.kernels.at(0).grid, (core::Extent3{1024, 2, 1}));
  EXPECT_EQ(run.kernels.at(0).block, (core::Extent3{256, 1, 1}));
  EXPECT_DOUBLE_EQ(value(run, "gpu__time_duration.sum"), 26850);
  EXPECT_DOUBLE_EQ(value(run, "dram__bytes.sum"), 33.55e6);
  EXPECT_DOUBLE_EQ(value(run, "dram__bytes.sum.per_second"), 1.25e12);
  EXPECT_DOUBLE_EQ(value(run, "sm__cycles_elapsed.avg.per_second"), 1.26e9);
  EXPECT_EQ(value(run, "sm__inst_executed.sum"), 5'242'880);
  const auto& resources = run.measurements[0].resources.at(0);
  EXPECT_EQ(resources.registers, 60);
  EXPECT_EQ(resources.static_shared_bytes, 128);
  EXPECT_EQ(resources.dynamic_shared_bytes, 8190);
  EXPECT_EQ(resources.theoretical_occupancy, 0.5);
  EXPECT_EQ(resources.blocks_per_sm, 4);
  EXPECT_EQ(resources.occupancy_limiter, "registers");
  EXPECT_EQ(resources.provenance, "ncu");
}

TEST(NcuCsv, DetailsPageOf2022) {
  const auto all = imported("ncu_2022_details.csv");
  ASSERT_EQ(all.runs.size(), 2U);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "gpu__time_duration.sum"), 1.25e6);
  EXPECT_DOUBLE_EQ(value(all.runs[1], "gpu__time_duration.sum"), 8500) << "the unit changes from row to row";
  EXPECT_DOUBLE_EQ(value(all.runs[0], "GPU Speed Of Light Throughput/DRAM Frequency"), 1.51e9);
  EXPECT_EQ(value(all.runs[0], "GPU Speed Of Light Throughput/Elapsed Cycles"), 33861);
  EXPECT_EQ(value(all.runs[0], "launch__thread_count"), 524288);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "sm__warps_active.avg.pct_of_peak_sustained_active"), 47.31);
  EXPECT_EQ(all.runs[0].measurements[0].parameters.at("page"), "details");
  EXPECT_FALSE(all.runs[0].device);
}

TEST(NcuCsv, DecimalCommasOfASpreadsheet) {
  const auto all = imported("ncu_2023_decimal_comma.csv");
  ASSERT_EQ(all.runs.size(), 1U);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "gpu__time_duration.sum"), 16450);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "dram__bytes.sum"), 1602.82e6);
  EXPECT_EQ(value(all.runs[0], "sm__inst_executed.sum"), 1'533'621);
  EXPECT_EQ(value(all.runs[0], "lts__t_sectors.sum"), 1234);
  EXPECT_EQ(value(all.runs[0], "smsp__inst_executed.avg"), 1234) << "its file has decimal commas";
}

TEST(NcuCsv, ColumnsInAnotherOrderAndMissingOnes) {
  const auto all = imported("ncu_2023_reordered.csv");
  ASSERT_EQ(all.runs.size(), 2U);
  EXPECT_EQ(all.runs[1].subject.name, "saxpy");
  EXPECT_EQ(value(all.runs[1], "gpu__time_duration.sum"), 8256);
  EXPECT_EQ(counter(all.runs[1], "launch__func_cache_config"), nullptr);
  EXPECT_FALSE(all.runs[1].device);
  EXPECT_FALSE(all.runs[1].kernels.at(0).grid);
}

TEST(NcuCsv, ManyKernelsProcessesAndWhatIsMissing) {
  const auto all = imported("ncu_2024_many.csv");
  ASSERT_EQ(all.runs.size(), 3U);
  EXPECT_EQ(all.runs[0].subject.name, "cutlass::device_kernel<...>");
  EXPECT_THAT(all.runs[0].subject.title, HasSubstr("\n  cutlass::epilogue::\"quoted\""));
  EXPECT_EQ(all.runs[1].subject.name, "at::native::(anonymous namespace)::fill");
  EXPECT_EQ(value(all.runs[1], "gpu__time_duration.sum"), 3200);
  EXPECT_EQ(value(all.runs[2], "gpu__time_duration.sum"), 3250)
      << "ID 0 of another process is another launch";
  EXPECT_EQ(all.runs[1].kernels.at(0).grid, (core::Extent3{64, 2, 3}));
  for (const char* name : {"dram__bytes_read.sum", "sm__inst_executed.sum", "unknown__counter.sum"}) {
    const auto* missing = counter(all.runs[1], name);
    ASSERT_NE(missing, nullptr) << name;
    EXPECT_FALSE(missing->value) << name;
    EXPECT_THAT(missing->reason, HasSubstr("the file says")) << name;
  }
  EXPECT_EQ(value(all.runs[0], "unknown__counter.sum"), 7) << "kept as it is";
  EXPECT_EQ(value(all.runs[0], "pmsampling:dram__read_throughput.avg"), 42.5);
  EXPECT_EQ(value(all.runs[1], "pmsampling:dram__read_throughput.avg"), 10);
  EXPECT_EQ(counter(all.runs[0], "launch__uses_mask"), nullptr) << "0x1f is no counter";
  EXPECT_EQ(counter(all.runs[0], "device__attribute_display_name"), nullptr);
  EXPECT_EQ(counter(all.runs[0], "launch__kernel_name"), nullptr);
  EXPECT_EQ(all.runs[1].measurements[0].status, core::MeasurementStatus::kPartial);
}

TEST(NcuCsv, RawPageOf2025WithItsSession) {
  const auto all = imported("ncu_2025_raw.csv");
  ASSERT_EQ(all.runs.size(), 2U);
  const auto& run = all.runs[0];
  EXPECT_EQ(run.taken_at, "2025-07-21T08:09:10Z");
  EXPECT_EQ(run.measurements[0].collector, "ncu");
  EXPECT_EQ(run.measurements[0].tool_version, "2025.2.1.0");
  EXPECT_EQ(run.measurements[0].passes, 20);
  EXPECT_EQ(run.device->chip, "GH100");
  EXPECT_EQ(run.device->memory_bytes, 85'899'345'920);
  EXPECT_DOUBLE_EQ(value(run, "dram__bytes.sum"), 1602816);
  EXPECT_DOUBLE_EQ(value(run, "dram__bytes.sum.per_second"), 97.447471e9);
  EXPECT_DOUBLE_EQ(value(run, "lrc__ilc_input_sectors.sum.per_second"), 2.018179e9);
  EXPECT_DOUBLE_EQ(value(run, "gpu__time_duration.sum"), 16448);
  EXPECT_EQ(run.measurements[0].resources.at(0).occupancy_limiter, "registers+shared");
}

TEST(NcuCsv, DetailsPageOf2025HasRulesBetween) {
  const auto all = imported("ncu_2025_details.csv");
  ASSERT_EQ(all.runs.size(), 1U);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "GPU Speed Of Light Throughput/SM Frequency"), 985.5e6);
  EXPECT_DOUBLE_EQ(value(all.runs[0], "dram__bytes.sum.per_second"), 97.45e9);
  EXPECT_EQ(value(all.runs[0], "sm__inst_executed.sum"), 1'533'621);
  EXPECT_EQ(counter(all.runs[0], "Launch Statistics/Cluster Scheduling Policy"), nullptr);
  EXPECT_EQ(all.runs[0].measurements[0].parameters.at("compute_capability"), "9.0");
}

TEST(NcuCsv, ALoneSeparatorIsDecidedByItsFileOrNotAtAll) {
  EXPECT_EQ(value(one({{"a.avg", "inst", "1,234"}, {"b", "%", "9.61"}}), "a.avg"), 1234);
  EXPECT_DOUBLE_EQ(value(one({{"a.avg", "inst", "1,234"}, {"b", "%", "9,61"}}), "a.avg"), 1.234);
  EXPECT_DOUBLE_EQ(value(one({{"a.avg", "inst", "1.234"}, {"b", "%", "9.61"}}), "a.avg"), 1.234);
  EXPECT_EQ(value(one({{"a.avg", "inst", "1.234"}, {"b", "%", "1.234.567,8"}}), "a.avg"), 1234);
  EXPECT_EQ(value(one({{"a.sum", "inst", "1,234"}}), "a.sum"), 1234) << "a sum of instructions is whole";

  const auto all = import_ncu_csv(raw({{"a.avg", "inst", "1,234"}}), "f.csv");
  ASSERT_TRUE(all);
  const auto* open = counter(all->runs[0], "a.avg");
  EXPECT_FALSE(open->value) << "nothing tells 1234 from 1.234";
  EXPECT_THAT(open->reason, HasSubstr("1,234"));
  EXPECT_THAT(all->notes.at(0).message, MatchesRegex("f.csv:3:19: .*1,234.*"));
}

TEST(NcuCsv, AColumnThatContradictsItselfIsRefused) {
  const std::string text =
      "\"ID\",\"Kernel Name\",\"a.avg\"\n\"\",\"\",\"us\"\n\"0\",\"k\",\"1.5\"\n\"1\",\"k\",\"1,5\"\n";
  const auto all = import_ncu_csv(text, "f.csv");
  ASSERT_TRUE(all);
  for (const auto& run : all->runs) EXPECT_FALSE(counter(run, "a.avg")->value);
}

TEST(NcuCsv, NumbersInEveryForm) {
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, double>>{{"1 234 567", 1234567},
                                                   {"1'234.5", 1234.5},
                                                   {"1\xE2\x80\xAF"
                                                    "234,25",
                                                    1234.25},
                                                   {"-3.5", -3.5},
                                                   {"1.5e-05", 1.5e-05},
                                                   {"+2", 2},
                                                   {".5", 0.5},
                                                   {"1,234,567.891", 1234567.891},
                                                   {"1234.567", 1234.567},
                                                   {"0.138", 0.138},
                                                   {"42 (1; 2; 3)", 42},
                                                   {"7; 9; 8", 7}})
    EXPECT_DOUBLE_EQ(value(one({{"a.avg", "inst", text}}), "a.avg"), expected) << text;
  for (const char* text : {"12,34.5.6", "1,23,4.5", "12abc", "--5", "1e", "1e999", "0x1f"})
    EXPECT_FALSE(counter(one({{"a.avg", "inst", text}}), "a.avg")->value) << text;
}

TEST(NcuCsv, UnitsComeToTheirBase) {
  for (const auto& [unit, expected] : std::vector<std::pair<std::string, double>>{{"ns", 2.5},
                                                                                  {"us", 2500},
                                                                                  {"ms", 2.5e6},
                                                                                  {"s", 2.5e9},
                                                                                  {"nsecond", 2.5},
                                                                                  {"msecond", 2.5e6},
                                                                                  {"byte", 2.5},
                                                                                  {"Kbyte", 2500},
                                                                                  {"Mbyte", 2.5e6},
                                                                                  {"Gbyte", 2.5e9},
                                                                                  {"Kbyte/s", 2500},
                                                                                  {"Gbyte/second", 2.5e9},
                                                                                  {"hz", 2.5},
                                                                                  {"Khz", 2500},
                                                                                  {"Mhz", 2.5e6},
                                                                                  {"Ghz", 2.5e9},
                                                                                  {"cycle/usecond", 2.5e6},
                                                                                  {"cycle/nsecond", 2.5e9},
                                                                                  {"sector/ns", 2.5e9},
                                                                                  {"cycle", 2.5},
                                                                                  {"inst/cycle", 2.5},
                                                                                  {"%", 2.5},
                                                                                  {"%/Kbyte", 0.0025},
                                                                                  {"Kbyte/block", 2500},
                                                                                  {"register/thread", 2.5},
                                                                                  {"widget", 2.5}})
    EXPECT_DOUBLE_EQ(value(one({{"a.avg", unit, "2.5"}}), "a.avg"), expected) << unit;
}

// A unit that nobody knows must not be read as nanoseconds.
TEST(NcuCsv, AUnitThatIsNoneOfTheCounterLeavesItMissing) {
  const auto run = one({{"gpu__time_duration.sum", "furlong", "6,656"},
                        {"dram__bytes.sum", "Ebyte", "3"},
                        {"lts__t_bytes.sum", "Mbyte", "3"},
                        {"sm__inst_executed.sum", "furlong", "7"}});
  for (const char* name : {"gpu__time_duration.sum", "dram__bytes.sum"}) {
    ASSERT_NE(counter(run, name), nullptr);
    EXPECT_FALSE(counter(run, name)->value) << name;
    EXPECT_THAT(counter(run, name)->reason, HasSubstr("is no unit of this counter"));
  }
  EXPECT_DOUBLE_EQ(value(run, "lts__t_bytes.sum"), 3e6);
  EXPECT_DOUBLE_EQ(value(run, "sm__inst_executed.sum"), 7);
}

// What the file does not say is not said for it: the run carries the import's time, its measurement none.
TEST(NcuCsv, AMeasurementOfAFileWithoutATimeHasNone) {
  const auto run = one({{"gpu__time_duration.sum", "ns", "6656"}});
  EXPECT_FALSE(run.taken_at.empty());
  EXPECT_EQ(run.measurements.at(0).taken_at, "");
  EXPECT_EQ(imported("ncu_2022_raw.csv").runs.at(0).measurements.at(0).taken_at, "2022-03-04T10:11:12Z");
}

TEST(NcuCsv, ARunOfNothingButWordsSaysWhy) {
  EXPECT_THAT(refusal("==PROF== Connected to process 1\n==WARNING== No kernels were profiled.\n"),
              HasSubstr("f.csv:1:1: ncu says: no kernels were profiled"));
  EXPECT_THAT(refusal("==ERROR== The application returned an error code (2).\n"),
              HasSubstr("The application returned an error code (2)"));
  EXPECT_THAT(refusal("hello, world\n"), HasSubstr("f.csv:1:1: here is no table"));
  EXPECT_THAT(refusal(""), HasSubstr("f.csv:1:1: "));
  EXPECT_THAT(refusal(std::string("\xFF\xFE\"\0I\0", 6)), HasSubstr("UTF-16"));
}

TEST(NcuCsv, DamageIsNamedByLineAndColumn) {
  const std::string good = raw({{"a.sum", "inst", "5"}, {"b.sum", "inst", "6"}});
  EXPECT_THAT(refusal(good.substr(0, good.size() - 5)),
              HasSubstr("f.csv:3:1: the row has 4 cells, its header 5"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 3)), HasSubstr("f.csv:3:22: the quote that opens here"));
  std::string broken = good;
  broken.replace(broken.find("\"k(int)\""), 8, "\"k\"(int)");
  EXPECT_THAT(refusal(broken), HasSubstr("f.csv:3:12: text follows a closing quote"));
  EXPECT_THAT(refusal(good.substr(0, good.find('\n') + 1)),
              HasSubstr("f.csv:1:1: the header has no row of units"));
  EXPECT_THAT(refusal("\"ID\",\"Kernel Name\",\"a\"\n\"0\",\"k\",\"1\"\n"),
              HasSubstr("f.csv:2:1: the row of units"));
  EXPECT_THAT(refusal("\"Process ID\",\"Invocations\",\"Kernel Name\",\"Metric Name\",\"Average\"\n"),
              HasSubstr("summary"));
}

TEST(NcuCsv, MessagesAreCut) {
  const std::string long_name(100'000, 'x');
  EXPECT_LT(refusal("\"ID\",\"Kernel Name\"\n\"\",\"\"\n\"0\",\"" + long_name + "\",\"1\"\n").size(), 600U);
  EXPECT_LT(refusal("==ERROR== " + long_name + "\n").size(), 600U);
  const auto all = import_ncu_csv(raw({{"a.avg", "us", long_name}}), long_name);
  ASSERT_TRUE(all);
  EXPECT_LT(all->notes.at(0).message.size(), 600U);
}

TEST(NcuCsv, MetricsThatComeTwiceAreKeptOnce) {
  const auto run = one({{"a.sum", "inst", "n/a"}, {"a.sum", "inst", "5"}, {"a.sum", "inst", "6"}});
  EXPECT_EQ(value(run, "a.sum"), 5);
  EXPECT_EQ(run.measurements[0].counters.size(), 1U);
}

TEST(NcuCsv, TwoTablesInOneFileAreJudgedApart) {
  const auto all = import_ncu_csv(raw({{"a.avg", "us", "1.5"}, {"b.avg", "us", "1,234"}}) +
                                      raw({{"a.avg", "us", "1,5"}, {"b.avg", "us", "1,234"}}),
                                  "f.csv");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->runs.size(), 2U);
  EXPECT_EQ(value(all->runs[0], "b.avg"), 1234000);
  EXPECT_DOUBLE_EQ(value(all->runs[1], "b.avg"), 1234);
}

TEST(NcuCsv, LargeFilesTakeTimeInTheirLength) {
  std::string text = raw({{"a.sum", "inst", "5"}});
  for (int i = 1; i < 100'000; ++i)
    text += fmt::format("\"{}\",\"1\",\"k(int)\",\"5\"\n\"talk, \"\" and quotes\n", i);
  const auto from = std::chrono::steady_clock::now();
  const auto all = import_ncu_csv(text, "f.csv");
  ASSERT_TRUE(all) << core::to_text(all.error());
  EXPECT_EQ(all->runs.size(), 100'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(20));
}

TEST(NcuMeasurement, JoinsTheKernelsOfALaunch) {
  std::string text = raw({{"gpu__time_duration.sum", "ns", "5"}});
  text += "\"1\",\"1\",\"second(int)\",\"7\"\n\"2\",\"1\",\"third(int)\",\"n/a\"\n";
  const auto all = ncu_measurement(text, "f.csv", 2);
  ASSERT_TRUE(all) << core::to_text(all.error());
  ASSERT_EQ(all->kernels.size(), 2U);
  EXPECT_EQ(all->kernels[0].name, "second") << "the last launch is the warm one";
  EXPECT_EQ(all->kernels[1].ordinal, 1);
  ASSERT_EQ(all->counters.size(), 2U);
  EXPECT_EQ(all->counters[0].kernel, 0);
  EXPECT_EQ(all->counters[0].value, 7);
  EXPECT_EQ(all->counters[1].kernel, 1);
  EXPECT_FALSE(all->counters[1].value);
  EXPECT_EQ(all->status, core::MeasurementStatus::kPartial);

  const auto few = ncu_measurement(text, "f.csv", 5);
  ASSERT_TRUE(few);
  EXPECT_THAT(few->reason, HasSubstr("3 of the 5 kernels"));
}

TEST(ImportFormat, IsToldByContent) {
  using tests::content_of;
  for (const auto& file : tests::import_files()) {
    const bool timings = file.filename().string().starts_with("timings");
    const auto expected = timings                       ? ImportFormat::kTimingsJson
                          : file.extension() == ".json" ? ImportFormat::kNvbenchJson
                                                        : ImportFormat::kNcuCsv;
    EXPECT_EQ(import_format(content_of(file)), expected) << file;
  }
  EXPECT_EQ(import_format(std::string("NVR\0\2", 5)), ImportFormat::kNcuReport);
  EXPECT_EQ(import_format("{\"a\": 1}"), ImportFormat::kUnknown);
  EXPECT_EQ(import_format("SQLite format 3"), ImportFormat::kUnknown);
  EXPECT_EQ(import_format(""), ImportFormat::kUnknown);
}

}  // namespace
}  // namespace flashcore::collectors
