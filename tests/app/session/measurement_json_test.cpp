// A measurement that went through JSON is the one that was taken, in every field.
#include "app/session/measurement_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/sample_runs.h"

namespace flashcore::session {
namespace {

using core::MeasurementRecord;

// Every field has a value of its own, so that two that were swapped would be seen.
MeasurementRecord full() {
  MeasurementRecord m;
  m.id = 41;
  m.collector = "cupti";
  m.tool = "a \"tool\"\n\x1b[31m";
  m.tool_version = std::string("not \xff utf-8", 12);
  m.taken_at = "2026-01-02T03:04:05Z";
  m.passes = 7;
  m.parameters = {{"cache", "warm"}, {"\xfe", std::string("\0x", 2)}};
  m.status = core::MeasurementStatus::kPartial;
  m.reason = "µ";
  m.kernels = {{3, "k<64>", core::Extent3{1, 2, 3}, core::Extent3{4, 5, 6}}, {4, "library", {}, {}}};
  core::ResourceRecord r;
  r.kernel = 1, r.registers = 2, r.static_shared_bytes = 3, r.dynamic_shared_bytes = 4, r.stack_bytes = 5;
  r.spill_store_bytes = 6, r.spill_load_bytes = 7, r.local_bytes = 8, r.binary_bytes = 9, r.binary_arch = 90;
  r.theoretical_occupancy = 0.1, r.blocks_per_sm = 11, r.occupancy_limiter = "warps", r.provenance = "ptxas";
  m.resources = {r, {}};
  m.samples = {{core::SampleKind::kGraph, 1, 50, 0.1 + 0.2, 1797.25, 1980.0, 1965.0},
               {core::SampleKind::kEmpty, 2, 50, 550.5, std::nullopt, std::nullopt, std::nullopt}};
  m.counters = {{"a", 2, 1.0 / 3, ""}, {"b", std::nullopt, std::nullopt, "refused"}};
  m.checks = {{std::numeric_limits<std::uint64_t>::max(), "peaked", true, 1e-300, 5e-324, 1, 2, 3, 4.5, 6.5,
               7.5, "b 0, h 3", "fp64"},
              {}};
  m.clocks = {{12.5, 1.0, 2.0, 3.0, 4.0, std::int64_t{1} << 62, 5}, {}};
  m.steps = {{"prepare", 0.1 + 0.2}, {"passes", 161}};
  m.diagnostics = {{core::Severity::kWarning, "code", "message", "hint", "source"}};
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  m.artifacts = {{"ncu_report", "x.ncu-rep", "application/octet-stream", bytes}};
  return m;
}

TEST(MeasurementJson, EveryFieldSurvives) {
  const auto back = parse_measurement(measurement_json(full()));
  ASSERT_TRUE(back) << core::to_text(back.error());
  EXPECT_EQ(*back, full());
  const MeasurementRecord empty;
  EXPECT_EQ(*parse_measurement(measurement_json(empty)), empty);
}

TEST(MeasurementJson, NumbersThatAreNoneStayWhatTheyAre) {
  MeasurementRecord m;
  m.counters = {{"nan", {}, std::nan(""), ""}, {"inf", {}, HUGE_VAL, ""}, {"-inf", {}, -HUGE_VAL, ""}};
  const auto back = parse_measurement(measurement_json(m));
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::isnan(*back->counters[0].value));
  EXPECT_EQ(back->counters[1].value, HUGE_VAL);
  EXPECT_EQ(back->counters[2].value, -HUGE_VAL);
}

TEST(MeasurementJson, AListOfThemSurvivesInItsOrder) {
  const std::vector<MeasurementRecord> all{full(), {}, full()};
  const auto back = parse_measurements(measurements_json(all));
  ASSERT_TRUE(back) << core::to_text(back.error());
  EXPECT_EQ(*back, all);
  EXPECT_TRUE(parse_measurements("[]")->empty());
  for (const char* text : {"", "{}", "[3]", "[{}]", "null"}) EXPECT_FALSE(parse_measurements(text)) << text;
}

TEST(MeasurementJson, OneLineHoldsIt) {
  EXPECT_EQ(measurement_json(full()).find('\n'), std::string::npos);
}

TEST(MeasurementJson, WhatIsMissingUnknownOrOfAnotherTypeIsRefused) {
  const std::string good = measurement_json(full());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), changed("\"passes\":7", "\"passes\":7.5"),
        changed("\"passes\":7", "\"passes\":99999999999"), changed("\"partial\"", "\"partially\""),
        changed("\"reason\"", "\"raeson\""), changed("\"launches\":50", "\"launches\":true"),
        changed("\"kind\":\"empty\"", "\"kind\":\"void\""), changed("\"ms\":161.0", "\"ms\":\"161\""),
        changed("\"effective_clock_mhz\":1797.25,", ""),
        changed("{\"artifacts\"", "{\"new\":1,\"artifacts\"")}) {
    EXPECT_FALSE(parse_measurement(text)) << text.substr(0, 60);
  }
}

TEST(MeasurementJson, OptionsSurvive) {
  collectors::CollectOptions o{
      3, 7, core::CacheState::kCold, {"a.sum", "b.sum"}, "full", "wmma/*", "/opt/ncu", {"detailed"}, true};
  const auto back = parse_options_json(options_json(o));
  ASSERT_TRUE(back);
  EXPECT_EQ(options_json(*back), options_json(o));
  EXPECT_EQ(back->warmup, 3);
  EXPECT_EQ(back->iterations, 7);
  EXPECT_EQ(back->cache, core::CacheState::kCold);
  EXPECT_EQ(back->counters, o.counters);
  EXPECT_EQ(back->counter_set, "full");
  EXPECT_EQ(back->nvtx_filter, "wmma/*");
  EXPECT_EQ(back->ncu_path, "/opt/ncu");
  EXPECT_EQ(back->ncu_sets, o.ncu_sets);
  EXPECT_TRUE(back->keep_report);
}

}  // namespace
}  // namespace flashcore::session
