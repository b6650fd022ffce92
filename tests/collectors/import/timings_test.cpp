// Files of timings become runs with samples, clocks and checks; what does not fit is refused with its path.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "collectors/import/importer.h"
#include "core/problem.h"
#include "tests/collectors/import/files.h"

namespace flashcore::collectors {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using tests::import_file;

Imported read(const std::string& text) {
  auto all = import_timings_json(text, "t.json");
  EXPECT_TRUE(all) << (all ? "" : core::to_text(all.error()));
  return all ? *std::move(all) : Imported{};
}

const core::RunRecord& run_named(const Imported& all, const std::string& name) {
  const auto found = std::find_if(all.runs.begin(), all.runs.end(),
                                  [&](const core::RunRecord& run) { return run.subject.name == name; });
  EXPECT_NE(found, all.runs.end()) << name;
  return *found;
}

// The file with one change: what was measured has no wrong answer, no missing clock.
Imported read_changed(const std::function<void(json&)>& change) {
  json file = json::parse(import_file("timings_1.json"));
  change(file);
  return read(file.dump(1));
}

json& subject(json& file, int i) {
  return file["problems"][0]["subjects"][static_cast<std::size_t>(i)];
}

// By their places on the first problem.
enum Subject { kBaseline, kWmma, kFused, kCublas, kCudnn, kFlashAttention2, kTorchCudnn, kEfficient, kMath };

TEST(Timings, OneRunASubjectAndProblem) {
  const Imported all = read(import_file("timings_1.json"));
  ASSERT_EQ(all.runs.size(), 34U);  // nine on three problems, seven on the fourth
  const auto& run = run_named(all, "torch.flash_attention_2");
  EXPECT_EQ(run.origin, core::Origin::kImport);
  EXPECT_EQ(run.subject.kind, core::SubjectKind::kKernel);
  ASSERT_TRUE(run.subject.ladder);
  EXPECT_TRUE(run.subject.ladder->reference);
  EXPECT_EQ(core::problem_label(*run.problem), "mission");
  EXPECT_EQ(run.cache, core::CacheState::kWarm);
  EXPECT_EQ(run.answer, core::Answer::kRight);
  EXPECT_EQ(run.taken_at, "2026-11-21T23:04:15Z");
  EXPECT_EQ(core::problem_label(*all.runs.back().problem), "8,32,1,8192,128,hkv=8");
  const auto& phase = run_named(all, "wmma");
  EXPECT_EQ(phase.subject.kind, core::SubjectKind::kPhase);
  EXPECT_FALSE(phase.subject.ladder) << "where a phase stands is not the file's to say";
}

TEST(Timings, SamplesHaveTheirLaunchesAndClocks) {
  const Imported all =
      read_changed([](json& file) { subject(file, kWmma)["samples"][2].erase("clock_mhz"); });
  const auto& run = run_named(all, "wmma");
  const auto timed = run.measured_by("timing");
  ASSERT_EQ(timed.size(), 1U);
  EXPECT_EQ(timed[0]->tool, "PyTorch");
  EXPECT_EQ(timed[0]->tool_version, "2.11.0+cu130");
  EXPECT_EQ(timed[0]->taken_at, "2026-11-21T23:04:15Z");
  EXPECT_EQ(timed[0]->parameters.at("torch_cudnn"), "9.19.0");
  EXPECT_EQ(timed[0]->parameters.at("choice"), "64 x 64 tiles");
  EXPECT_EQ(timed[0]->parameters.at("cache"), "warm");
  ASSERT_EQ(timed[0]->samples.size(), 6U);
  const core::Sample& sample = timed[0]->samples[1];
  EXPECT_EQ(sample.kind, core::SampleKind::kGraph);
  EXPECT_EQ(sample.index, 5);
  EXPECT_EQ(sample.launches, 69);
  EXPECT_DOUBLE_EQ(sample.duration_ns, 14487.188795338507);
  EXPECT_EQ(sample.effective_clock_mhz, 1801.46);
  EXPECT_FALSE(timed[0]->samples[2].effective_clock_mhz) << "a clock that is missing stays missing";
}

TEST(Timings, ChecksOfOneMomentAreOneMeasurement) {
  const Imported all = read(import_file("timings_1.json"));
  const auto checks = run_named(all, "torch.math").measured_by("check");
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0]->parameters.at("moment"), "before timing");
  ASSERT_EQ(checks[0]->checks.size(), 2U);
  EXPECT_EQ(checks[0]->checks[0].input, "peaked");
  EXPECT_EQ(checks[0]->checks[0].seed, 12345U);
  EXPECT_DOUBLE_EQ(checks[0]->checks[0].max_error, 0.0016805566159625585);
  EXPECT_EQ(checks[1]->parameters.at("moment"), "after timing");
}

TEST(Timings, AWrongAnswerStaysAndHasNoTimes) {
  const Imported all = read_changed([](json& file) {
    json& efficient = subject(file, kEfficient);
    efficient["answer"] = "wrong";
    efficient["checks"][0]["passed"] = false;
    efficient["checks"][0]["max_error"] = 0.5;
    efficient.erase("samples");
  });
  const auto& wrong = run_named(all, "torch.efficient");
  EXPECT_EQ(wrong.answer, core::Answer::kWrong);
  EXPECT_TRUE(core::all_samples(wrong).empty());
}

TEST(Timings, KernelsAndDeviceAreTaken) {
  const Imported all =
      read_changed([](json& file) { subject(file, kMath)["kernels"][13].erase("registers"); });
  const auto& run = run_named(all, "torch.math");
  ASSERT_EQ(run.kernels.size(), 14U);
  EXPECT_EQ(run.kernels[6].ordinal, 6);
  EXPECT_THAT(run.kernels[6].name, HasSubstr("softmax_warp_forward"));
  EXPECT_EQ(run.kernels[6].grid, (core::Extent3{1024, 1, 1}));
  EXPECT_EQ(run.kernels[6].block, (core::Extent3{32, 4, 1}));
  const auto& resources = run.measured_by("timing")[0]->resources;
  ASSERT_EQ(resources.size(), 13U) << "the last kernel says no registers";
  EXPECT_EQ(resources[6].registers, 32);
  EXPECT_EQ(run_named(all, "torch.flash_attention_2").kernels.size(), 2U);
  EXPECT_LT(run_named(all, "torch.flash_attention_2").kernels.at(0).name.size(), 100U);
  ASSERT_TRUE(run.device);
  core::DeviceRecord expected;
  expected.name = "NVIDIA H200";
  expected.chip = "GH100";
  expected.compute_major = 9;
  expected.sm_count = 132;
  expected.sm_clock_max_khz = 1'980'000;
  expected.memory_clock_max_khz = 3'201'000;
  expected.memory_bus_bits = 6016;
  expected.memory_bytes = 150'109'880'320;
  expected.l2_bytes = 62'914'560;
  expected.shared_per_sm_bytes = 233'472;
  expected.shared_per_block_optin_bytes = 232'448;
  expected.shared_reserved_per_block_bytes = 1024;
  expected.registers_per_sm = 65'536;
  expected.max_threads_per_sm = 2048;
  expected.max_blocks_per_sm = 32;
  EXPECT_EQ(*run.device, expected);
}

TEST(Timings, WhatWasLeftOutIsANote) {
  const Imported all = read(import_file("timings_1.json"));
  const auto note = std::find_if(all.notes.begin(), all.notes.end(),
                                 [](const auto& one) { return one.code == "subject_left_out"; });
  ASSERT_NE(note, all.notes.end());
  EXPECT_THAT(note->message,
              HasSubstr("torch.efficient was left out on 8,32,1,8192,128,hkv=8: Memory efficient "
                        "kernel not used because: "));
}

// The file with one change.
std::string refusal(const std::function<void(json&)>& change) {
  json file = json::parse(import_file("timings_1.json"));
  change(file);
  const auto all = import_timings_json(file.dump(1), "t.json");
  EXPECT_FALSE(all);
  if (all) return {};
  EXPECT_EQ(all.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(all.error().message, ContainsRegex("^t.json:[0-9]+:[0-9]+: "));
  return all.error().message;
}

TEST(Timings, DamageIsRefusedWithItsPath) {
  EXPECT_THAT(refusal([](json& f) { f["version"] = 2; }), HasSubstr("version is 2; this program reads"));
  EXPECT_THAT(refusal([](json& f) { f["schema"] = "flashcore.timing"; }), HasSubstr("schema is not"));
  EXPECT_THAT(refusal([](json& f) { f.erase("cache"); }), HasSubstr("cache is missing"));
  EXPECT_THAT(refusal([](json& f) { f["cache"] = "hot"; }),
              HasSubstr("cache is 'hot', which is none of warm"));
  EXPECT_THAT(refusal([](json& f) { f["taken_at"] = "yesterday"; }), HasSubstr("taken_at is no time"));
  EXPECT_THAT(refusal([](json& f) { f["tool"] = nullptr; }), HasSubstr("tool is missing"));
  EXPECT_THAT(refusal([](json& f) { f["device"]["sm_count"] = -1; }), HasSubstr("device.sm_count is -1"));
  EXPECT_THAT(refusal([](json& f) { f["problems"] = json::array(); }),
              HasSubstr("problems holds no subject"));
  EXPECT_THAT(refusal([](json& f) { f["problems"][0]["problem"] = "mission"; }),
              HasSubstr("problems[0].problem is not the canonical text"));
  EXPECT_THAT(refusal([](json& f) { f["problems"][0]["problem"] = "b=0"; }), HasSubstr("is no problem"));
  EXPECT_THAT(refusal([](json& f) { subject(f, 2)["kind"] = "library"; }),
              HasSubstr("problems[0].subjects[2].kind is 'library', which is none of phase, kernel"));
  EXPECT_THAT(refusal([](json& f) { subject(f, 2)["name"] = "a\nb"; }), HasSubstr("has a control character"));
  EXPECT_THAT(refusal([](json& f) {
                subject(f, 2)["kernels"][0]["grid"] = {1, 2};
              }),
              HasSubstr("subjects[2].kernels[0].grid has not three sides"));
  EXPECT_THAT(refusal([](json& f) {
                subject(f, 0).erase("samples"), subject(f, 0).erase("checks"), subject(f, 0).erase("answer");
              }),
              HasSubstr("subjects[0] was neither checked nor timed"));
}

TEST(Timings, DamagedSamplesAreRefused) {
  const auto sample = [](const char* member, const json& value) {
    return refusal([&](json& f) { subject(f, 3)["samples"][4][member] = value; });
  };
  EXPECT_THAT(sample("duration_ns", -3.5),
              HasSubstr("problems[0].subjects[3].samples[4].duration_ns is -3.5"));
  EXPECT_THAT(sample("duration_ns", 0), HasSubstr("duration_ns is 0"));
  EXPECT_THAT(sample("duration_ns", "9 us"), HasSubstr("duration_ns is no number"));
  EXPECT_THAT(sample("duration_ns", nullptr), HasSubstr("duration_ns is missing"));
  EXPECT_THAT(sample("launches", 0), HasSubstr("launches is 0"));
  EXPECT_THAT(sample("launches", 1.5), HasSubstr("launches is no whole number"));
  EXPECT_THAT(sample("clock_mhz", 2e7), HasSubstr("clock_mhz is 2e+07"));
}

TEST(Timings, AWordCannotMakeAnAnswerRight) {
  EXPECT_THAT(refusal([](json& f) { subject(f, 4)["checks"][0]["passed"] = false; }),
              HasSubstr("answer is 'right', and the checks of the subject make it wrong"));
  EXPECT_THAT(refusal([](json& f) { subject(f, 4)["checks"][0]["max_error"] = 0.5; }),
              HasSubstr("checks[0] says that it passed, and its errors are not within its limits"));
  EXPECT_THAT(refusal([](json& f) { subject(f, 3)["checks"][1]["nan_count"] = 1; }),
              HasSubstr("checks[1] says that it passed"));
  EXPECT_THAT(refusal([](json& f) { subject(f, 3)["checks"] = json::array(); }),
              HasSubstr("answer is 'right', and the checks of the subject make it unchecked"));
}

TEST(Timings, ARefusalNamesTheLineOfTheMember) {
  std::string text = import_file("timings_1.json");
  const auto at =
      text.find("\"duration_ns\": ",
                text.find("torch.cudnn\", \"kind\"") == std::string::npos ? text.find("torch.cudnn") : 0);
  ASSERT_NE(at, std::string::npos);
  const auto value = at + std::string("\"duration_ns\": ").size();
  text[value] = '-';
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(value), '\n');
  const auto column = value - text.rfind('\n', value);
  const auto all = import_timings_json(text, "t.json");
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message, StartsWith(fmt::format("t.json:{}:{}: problems[0]", line, column)));
}

TEST(Timings, WhatIsNoJsonSaysWhere) {
  const std::string good = import_file("timings_1.json");
  for (const std::string& text :
       {good.substr(0, good.size() / 2), std::string("[]"), std::string("{}"), std::string(100, '['),
        std::string("{\"schema\": \"flashcore.timings\", \"version\": 1}")}) {
    const auto all = import_timings_json(text, "t.json");
    ASSERT_FALSE(all);
    EXPECT_THAT(all.error().message, ContainsRegex("^t.json:[0-9]+:[0-9]+: ")) << text.substr(0, 50);
  }
}

// What the script's own parser makes of a text.
std::string of_script(const std::string& text) {
  const std::string command =
      fmt::format("python3 '{}/scripts/attention_problem.py' '{}' 2>&1", FLASHCORE_SOURCE_DIR, text);
  const std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(command.c_str(), "r"), ::pclose);
  std::string line(400, '\0');
  if (out == nullptr || std::fgets(line.data(), static_cast<int>(line.size()), out.get()) == nullptr)
    return {};
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

TEST(Timings, TheScriptReadsProblemsAsFlashCoreDoes) {
  if (of_script("mission").find("not found") != std::string::npos) GTEST_SKIP() << "there is no python3";
  for (const std::string text : {"mission",
                                 "long128,causal",
                                 "8,32,1,8192,128,hkv=8",
                                 "8,32,1,8192,128,hkv=8,bf16",
                                 "1,8,1024,64",
                                 "mission,h=4",
                                 "mission, h = 4,hkv=2",
                                 "tiny,full,dtype=bf16",
                                 "1,8,128,512,64,causal",
                                 "b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal",
                                 "b=1,h=8,sq=5,sk=7,d=64",
                                 "attention:mission",
                                 "small,e4m3",
                                 "1,2,3",
                                 "1,2,3,4,5,6",
                                 "x",
                                 "",
                                 "mission,hkv=3",
                                 "mission,causal,full",
                                 "mission,q=1",
                                 "b=1,h=8,sq=5",
                                 "mission,sq=0",
                                 "mission,d=2048",
                                 "mission,bf17",
                                 "-1,8,512,64",
                                 "1,8,512,x",
                                 "16777216,1024,4096,64",
                                 "mission,",
                                 "mission,mask=none"}) {
    const auto problem = core::parse_problem(text);
    const std::string script = of_script(text);
    if (problem) {
      EXPECT_EQ(script, core::canonical_text(*problem)) << text;
    } else {
      EXPECT_THAT(script, StartsWith("refused: ")) << text << ": " << problem.error().message;
    }
  }
}

}  // namespace
}  // namespace flashcore::collectors
