#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/import/importer.h"
#include "core/problem.h"
#include "tests/collectors/import/files.h"

namespace flashcore::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using tests::import_file;

const core::CounterValue* counter(const core::RunRecord& run, const std::string& name) {
  for (const auto& c : run.measurements.at(0).counters)
    if (c.name == name) return &c;
  return nullptr;
}

TEST(Nvbench, OneRunAState) {
  const auto all = import_nvbench_json(import_file("nvbench_2024.json"), "b.json");
  ASSERT_TRUE(all) << core::to_text(all.error());
  ASSERT_EQ(all->runs.size(), 3U);
  const auto& run = all->runs[0];
  EXPECT_EQ(run.subject.kind, core::SubjectKind::kMicrobenchmark);
  EXPECT_EQ(run.subject.name, "copy_sweep");
  EXPECT_EQ(run.answer, core::Answer::kDoesNotApply);
  EXPECT_EQ(core::canonical_text(*run.problem), "nvbench.copy_sweep:T=F32,Elements=1048576");
  EXPECT_EQ(run.device->name, "NVIDIA H200");
  EXPECT_EQ(run.device->compute_major, 9);
  EXPECT_EQ(run.device->sm_clock_max_khz, 1'980'000);
  EXPECT_EQ(run.measurements[0].collector, "nvbench");
  EXPECT_EQ(run.measurements[0].tool_version, "0.1.0");
  EXPECT_DOUBLE_EQ(*counter(run, "nv/cold/time/gpu/mean")->value, 12500);
  EXPECT_DOUBLE_EQ(*counter(run, "nv/batch/time/gpu/mean")->value, 12000);
  EXPECT_DOUBLE_EQ(*counter(run, "nv/cold/time/gpu/stdev/relative")->value, 1.25);
  EXPECT_EQ(*counter(run, "nv/cold/sample_size")->value, 1000);
  EXPECT_EQ(*counter(run, "nv/json/bin:nv/cold/sample_times/size")->value, 1000);
  EXPECT_EQ(counter(run, "gpu__time_duration.sum"), nullptr) << "nvbench measured no such counter";
  const auto* infinite = counter(all->runs[2], "nv/cold/bw/global/utilization");
  ASSERT_NE(infinite, nullptr);
  EXPECT_FALSE(infinite->value);
  EXPECT_THAT(infinite->reason, HasSubstr("inf"));
}

TEST(Nvbench, SkippedStatesAreNotes) {
  const auto all = import_nvbench_json(import_file("nvbench_2024.json"), "b.json");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->notes.at(0).code, "state_skipped");
  EXPECT_THAT(all->notes.at(0).message, HasSubstr("out of memory"));
}

TEST(Nvbench, FilesOf2021) {
  const auto all = import_nvbench_json(import_file("nvbench_2021.json"), "b.json");
  ASSERT_TRUE(all) << core::to_text(all.error());
  ASSERT_EQ(all->runs.size(), 1U);
  EXPECT_DOUBLE_EQ(*counter(all->runs[0], "Average GPU Time (Cold)")->value, 2000);
  EXPECT_EQ(*counter(all->runs[0], "Number of Trials (Cold)")->value, 512);
  const auto& problem = *all->runs[0].problem;
  EXPECT_EQ(*problem.axis("Mode"), "a,b=c");
  EXPECT_EQ(core::parse_problem(core::canonical_text(problem)).value(), problem);
}

TEST(Nvbench, GarbageSaysWhere) {
  const auto refusal = [](const std::string& text) {
    const auto all = import_nvbench_json(text, "b.json");
    EXPECT_FALSE(all) << text.substr(0, 100);
    return all ? std::string() : all.error().message;
  };
  const std::string good = import_file("nvbench_2024.json");
  EXPECT_THAT(refusal("{\n  \"benchmarks\": [,]}"), StartsWith("b.json:2:18: "));
  EXPECT_THAT(refusal(good.substr(0, good.size() / 2)), StartsWith("b.json:"));
  EXPECT_THAT(refusal("{\"benchmarks\": {}}"), HasSubstr("no list 'benchmarks'"));
  EXPECT_THAT(refusal("{\"benchmarks\": []}"), HasSubstr("no state"));
  EXPECT_THAT(refusal("{\"benchmarks\": [{\"name\": 5, \"states\": [1]}]}"), StartsWith("b.json:1:1: "));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), StartsWith("b.json:1:65: "));
  EXPECT_THAT(refusal("{\"benchmarks\": [\"\xff\"]}"), StartsWith("b.json:1:"));
  EXPECT_LT(refusal("{\"" + std::string(100'000, 'x')).size(), 500U);
}

}  // namespace
}  // namespace flashcore::collectors
