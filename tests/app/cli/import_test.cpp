// Imported runs appear in the database like any other, and a broken file leaves nothing.
#include <filesystem>

#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// Two kernels, as `ncu --csv --page raw` prints them: a row of names, a row of units, a row a kernel.
constexpr const char* kRawPage =
    "==PROF== Connected to process 12\n"
    "\"ID\",\"Process ID\",\"Process Name\",\"Host Name\",\"Kernel Name\",\"Context\",\"Stream\",\"Block "
    "Size\","
    "\"Grid Size\",\"Device\",\"CC\",\"dram__bytes.sum\",\"gpu__time_duration.sum\"\n"
    "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"Kbyte\",\"us\"\n"
    "\"0\",\"12\",\"demo\",\"127.0.0.1\",\"saxpy(int, float)\",\"1\",\"7\",\"(256, 1, 1)\",\"(4, 1, "
    "1)\",\"0\","
    "\"9.0\",\"1,024.50\",\"2.50\"\n"
    "\"1\",\"12\",\"demo\",\"127.0.0.1\",\"reduce(float *)\",\"1\",\"7\",\"(128, 1, 1)\",\"(1, 1, 1)\",\"0\","
    "\"9.0\",\"8\",\"1.25\"\n";

class Imports : public CommandLine {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::string db() const { return (folder_ / "runs.db").string(); }
};

TEST_F(Imports, RunsOfOtherProfilersAreListedShownAndReported) {
  const auto report = (folder_ / "r.html").string();
  const auto outcome =
      run({"import", file("demo.csv", kRawPage), "--db", db(), "--tag", "from=demo", "--report", report});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(content(report), HasSubstr("saxpy"));
  const auto list = json::parse(run({"list", "runs", "--db", db(), "--tag", "from=demo", "--json"}).out);
  ASSERT_EQ(list["runs"].size(), 2U);
  EXPECT_EQ(list["runs"][0]["origin"], "import");
  EXPECT_EQ(list["runs"][0]["answer"], "does_not_apply");
  EXPECT_NEAR(list["runs"][1]["counted_us"].get<double>(), 2.5, 1e-9);
  EXPECT_THAT(run({"list", "runs", "--db", db()}).out, HasSubstr("import"));
  const auto show = run({"show", "latest", "--db", db()});
  EXPECT_EQ(show.exit_code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("reduce"));
}

// The phase is this program's, the model that of the problem: so PyTorch has a point under the same roof.
TEST_F(Imports, TimingsBesidePyTorchStandWithTheLadder) {
  const std::string timings =
      std::string(FLASHCORE_SOURCE_DIR) + "/tests/collectors/import/files/timings_1.json";
  const auto report = (folder_ / "r.html").string(), runs_json = (folder_ / "runs.json").string();
  const auto outcome = run({"import", timings, "--db", db(), "--report", report, "--json", runs_json});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::map<std::string, json> by_name;
  const json all = json::parse(content(runs_json));
  for (const json& one : all["runs"]) by_name.emplace(one["subject"]["name"], one);
  ASSERT_EQ(by_name.size(), 9U);  // five phases and PyTorch's four backends
  const json& cudnn = by_name["torch.cudnn"];
  EXPECT_EQ(cudnn["answer"], "right");
  EXPECT_EQ(cudnn["roofline"]["points"][0]["flops_provenance"], "model");
  // 4 * 8 * 64 * 512 * 512 FLOPs.
  EXPECT_DOUBLE_EQ(cudnn["roofline"]["points"][0]["flops"].get<double>(), 536'870'912.0);
  EXPECT_EQ(by_name["wmma"]["subject"]["ladder"]["rung"], 2);
  EXPECT_EQ(by_name["fused"]["subject"]["ladder"]["rung"], 3);
  EXPECT_TRUE(cudnn["subject"]["ladder"]["reference"]);
  EXPECT_THAT(content(report), HasSubstr("torch.cudnn"));
  const auto list = json::parse(run({"list", "runs", "--db", db(), "--json"}).out);
  EXPECT_EQ(list["runs"].size(), 34U);
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("no time of each")));
  EXPECT_THAT(run({"list", "runs", "--db", db()}).out, HasSubstr(" torch.efficient "));
}

TEST_F(Imports, ABrokenFileIsToldWithItsPlaceAndLeavesNothing) {
  std::string broken = kRawPage;
  broken += "\"2\",\"12\",\"demo\n";
  const auto outcome = run({"import", file("broken.csv", broken), "--db", db()});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, ::testing::ContainsRegex("broken.csv:[0-9]+:[0-9]+: "));
  const auto list = run({"list", "runs", "--db", db(), "--json"});
  if (list.exit_code == 0) {
    EXPECT_TRUE(json::parse(list.out)["runs"].empty());
  }
}

TEST_F(Imports, WhatIsNoneOfTheFormatsLeavesNoDatabase) {
  for (const std::string text : {"", "hello", "{}",
                                 "\x7f"
                                 "ELF"}) {
    const auto outcome = run({"import", file("x", text), "--db", db()});
    EXPECT_EQ(outcome.exit_code, 2) << text << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("x:1:1"));
  }
  EXPECT_EQ(run({"import", (folder_ / "none").string(), "--db", db()}).exit_code, 5);
  EXPECT_EQ(run({"import", "--db", db()}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs.db"));
}

TEST_F(Imports, FilesBeforeABadOneStay) {
  const auto outcome = run({"import", file("a.csv", kRawPage), file("b.csv", "nothing"), "--db", db()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(json::parse(run({"list", "runs", "--db", db(), "--json"}).out)["runs"].size(), 2U);
}

TEST_F(Imports, AReportNeedsNcuAndSaysSo) {
  const std::string report = file("x.ncu-rep", std::string("NVR\0", 4) + std::string(100, 'x'));
  const auto outcome = run({"import", report, "--ncu-path", (folder_ / "none").string(), "--db", db()});
  EXPECT_EQ(outcome.exit_code, 6) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("hint:"));
}

}  // namespace
}  // namespace flashcore::tests
