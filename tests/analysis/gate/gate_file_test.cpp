// Files of limits: what they may say, and what is said of one that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analysis/gate/gate.h"
#include "core/attention.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Catalogue& catalogue() {
  static const Catalogue kBuiltin = *Catalogue::builtin();
  return kBuiltin;
}

core::Result<GateFile> parse(const std::string& text) {
  return parse_gate_file(text, "x.toml", catalogue());
}

// The error of a file that has this one limit, its keys from line 2 on.
core::Error error_of(const std::string& keys) {
  const auto file = parse("[[limit]]\n" + keys);
  EXPECT_FALSE(file) << keys;
  if (file) return {};
  EXPECT_EQ(file.error().code, core::ErrorCode::kUsage);
  EXPECT_LT(file.error().message.size(), 600U);
  return file.error();
}
std::string message_of(const std::string& keys) {
  return error_of(keys).message;
}

TEST(GateFile, SaysEveryKey) {
  const auto file = parse(R"(
[[limit]]
name = "all of it"
phases = ["fused", "wmma"]
problems = ["mission,causal", "1,8,512,64"]
device = "H200"
cache = "cold"
metric = "registers"
min = 1
max = 120.5
optional = true
reason = """two
lines"""
)");
  ASSERT_TRUE(file) << core::to_text(file.error());
  ASSERT_EQ(file->limits.size(), 1U);
  const GateLimit& limit = file->limits.front();
  EXPECT_EQ(file->name, "x.toml");
  EXPECT_EQ(limit.line, 2);
  EXPECT_EQ(limit.kind, GateKind::kAbsolute);
  EXPECT_THAT(limit.phases, ElementsAre("fused", "wmma"));
  ASSERT_EQ(limit.problems.size(), 2U);
  EXPECT_EQ(limit.problems[1], *core::parse_problem("mission"));
  EXPECT_EQ(limit.device, "H200");
  EXPECT_EQ(limit.cache, core::CacheState::kCold);
  EXPECT_EQ(limit.unit, "registers");
  EXPECT_EQ(limit.min, 1);
  EXPECT_EQ(limit.max, 120.5);
  EXPECT_TRUE(limit.optional);
  EXPECT_EQ(limit.reason, "two lines");
}

TEST(GateFile, KnowsTheKindsOfLimit) {
  const auto file = parse(R"(
[[limit]]
name = "change"
metric = "duration"
base = "main"
max_change = "2.5 %"
[[limit]]
name = "speed-up"
reference = "wmma"
min_speedup = 2
[[limit]]
name = "answer"
metric = "answer"
)");
  ASSERT_TRUE(file) << core::to_text(file.error());
  EXPECT_EQ(file->limits[0].kind, GateKind::kChange);
  EXPECT_DOUBLE_EQ(*file->limits[0].max_change, 0.025);
  EXPECT_EQ(file->limits[1].kind, GateKind::kSpeedup);
  EXPECT_EQ(file->limits[1].metric, "duration");
  EXPECT_EQ(file->limits[2].kind, GateKind::kAnswer);
}

TEST(GateFile, NamesTheLineTheKeyAndTheNearestOne) {
  EXPECT_EQ(message_of("name = \"a\"\nmetirc = \"registers\"\nmax = 1\n"),
            "x.toml:3: unknown key 'metirc'; did you mean metric?");
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"registrs\"\nmax = 1\n"),
              ::testing::StartsWith("x.toml:3: unknown metric 'registrs'; did you mean registers"));
  EXPECT_EQ(message_of("name = \"a\"\nmetric = \"max_eror\"\nmax = 1\n")
                .find("x.toml:3: unknown metric 'max_eror'"),
            0U);
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"max_eror\"\nmax = 1\n"), HasSubstr("max_error"));
  const auto other = parse("[[limits]]\nname = \"a\"\n");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "x.toml:1: unknown key 'limits'; did you mean limit?");
}

TEST(GateFile, RefusesTheWrongType) {
  const std::string head = "name = \"a\"\nmetric = \"registers\"\n";
  EXPECT_THAT(message_of(head + "max = \"48 KB\"\n"), HasSubstr("x.toml:4: 'max' must be a finite number"));
  EXPECT_THAT(message_of(head + "max = true\n"), HasSubstr("x.toml:4: 'max'"));
  EXPECT_THAT(message_of(head + "max = nan\n"), HasSubstr("x.toml:4: 'max' must be a finite number"));
  EXPECT_THAT(message_of(head + "min = -inf\n"), HasSubstr("x.toml:4: 'min' must be a finite number"));
  EXPECT_THAT(message_of(head + "max = 1\nphases = \"fused\"\n"),
              HasSubstr("x.toml:5: 'phases' must be a list"));
  EXPECT_THAT(message_of(head + "max = 1\nphases = []\n"), HasSubstr("x.toml:5: 'phases' must be a list"));
  EXPECT_THAT(message_of(head + "max = 1\nphases = [1]\n"), HasSubstr("x.toml:5: 'phases' must be a text"));
  EXPECT_THAT(message_of(head + "max = 1\nphases = [\"a\", \"a\"]\n"), HasSubstr("names 'a' twice"));
  EXPECT_THAT(message_of(head + "max = 1\noptional = 1\n"),
              HasSubstr("x.toml:5: 'optional' must be true or false"));
  EXPECT_THAT(message_of(head + "max = 1\ncache = \"lukewarm\"\n"),
              HasSubstr("'lukewarm', not warm or cold"));
  EXPECT_THAT(message_of(head + "max = 1\nproblems = [\"mision\"]\n"), HasSubstr("x.toml:5: "));
  EXPECT_THAT(message_of(head + "max = 1\nproblems = [\"mision\"]\n"), HasSubstr("mission"));
  EXPECT_THAT(message_of("name = 3\nmetric = \"registers\"\nmax = 1\n"),
              HasSubstr("x.toml:2: 'name' must be a text"));
  EXPECT_THAT(message_of("metric = \"registers\"\nmax = 1\n"), HasSubstr("'name' is missing"));
  EXPECT_THAT(message_of("name = \"a\"\nmax = 1\n"), HasSubstr("'metric' is missing"));
}

TEST(GateFile, TakesAPercentageWithItsSignOnly) {
  const std::string head = "name = \"a\"\nmetric = \"duration\"\nbase = \"main\"\n";
  for (const char* wrong : {"0.02", "2", "\"2\"", "\"-1%\"", "\"nan%\"", "\"inf%\"", "\"2%%\"", "\"%\"",
                            "\"2000%\"", "[1]", "nan"}) {
    const core::Error error = error_of(head + "max_change = " + wrong + "\n");
    EXPECT_THAT(error.message, HasSubstr("x.toml:5: 'max_change' must be a text with a percent sign"))
        << wrong;
    EXPECT_THAT(error.hint, HasSubstr("max_change = \"2%\""));
  }
  EXPECT_TRUE(parse("[[limit]]\n" + head + "max_change = \"0%\"\n"));
}

TEST(GateFile, RefusesWhatCannotBeOneLimit) {
  const std::string head = "name = \"a\"\nmetric = \"duration\"\n";
  EXPECT_THAT(message_of(head), HasSubstr("the limit has no limit"));
  EXPECT_THAT(message_of(head + "min = 2\nmax = 1\n"), HasSubstr("x.toml:4: min 2 is above max 1"));
  EXPECT_THAT(message_of(head + "max = 1\nbase = \"m\"\nmax_change = \"1%\"\n"), HasSubstr("several things"));
  EXPECT_THAT(message_of(head + "max = 1\nreference = \"m\"\nmin_speedup = 2\n"),
              HasSubstr("several things"));
  EXPECT_THAT(message_of(head + "base = \"main\"\n"),
              HasSubstr("x.toml:4: 'base' and 'max_change' go together"));
  EXPECT_THAT(message_of(head + "max_change = \"1%\"\n"), HasSubstr("go together"));
  EXPECT_THAT(message_of(head + "reference = \"wmma\"\n"), HasSubstr("go together"));
  EXPECT_THAT(message_of(head + "reference = \"wmma\"\nmin_speedup = 0\n"), HasSubstr("must be above 0"));
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"registers\"\nreference = \"wmma\"\nmin_speedup = 2\n"),
              HasSubstr("x.toml:3: a speed-up is one of 'duration'"));
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"answer\"\nmax = 1\n"), HasSubstr("right or wrong"));
  // A metric that is neither better nor worse when it grows.
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"grid_blocks\"\nbase = \"m\"\nmax_change = \"1%\"\n"),
              HasSubstr("x.toml:3: 'grid_blocks' has no better direction"));
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"max_error\"\nbase = \"m\"\nmax_change = \"1%\"\n"),
              HasSubstr("no better direction"));
}

TEST(GateFile, RefusesNamesTwiceAndFilesThatCheckNothing) {
  const std::string limit = "[[limit]]\nname = \"a\"\nmetric = \"registers\"\nmax = 1\n";
  const auto twice = parse(limit + limit);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "x.toml:5: a second limit is named 'a'");
  for (const char* nothing :
       {"", "# a comment\n", "limit = []\n", "limit = 3\n", "[limit]\nname = \"a\"\n", "limit = [1]\n"}) {
    const auto file = parse(nothing);
    ASSERT_FALSE(file) << nothing;
    EXPECT_THAT(file.error().message, ::testing::StartsWith("x.toml:1: ")) << nothing;
  }
  const auto broken = parse("[[limit]]\nname = \"a\nmetric");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, ::testing::StartsWith("x.toml:2:"));
  EXPECT_THAT(broken.error().hint, HasSubstr("not valid TOML"));
}

TEST(GateFile, ShortensLongNamesAndRefusesThoseThatSteer) {
  const std::string name(10'000, 'n');
  EXPECT_THAT(message_of("name = \"" + name + "\"\nmetric = \"registers\"\nmax = 1\n"),
              HasSubstr("longer than 128"));
  EXPECT_THAT(message_of("name = \"a\"\n" + name + " = 1\n"), HasSubstr("x.toml:3: unknown key 'nnn"));
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"" + name + "\"\nmax = 1\n"), HasSubstr("longer than"));
  EXPECT_THAT(message_of("name = \"a\"\nmetric = \"registers\"\nmax = 1\nphases = [\"" + name + "\"]\n"),
              HasSubstr("x.toml:5: 'phases' is longer than"));
  for (const char* escape : {"\\u001b[31m", "\\u202e", "\\u0000", "a\\nb"}) {
    const std::string message =
        message_of("name = \"" + std::string(escape) + "\"\nmetric = \"registers\"\nmax = 1\n");
    EXPECT_THAT(message, HasSubstr("x.toml:2: 'name' holds control characters")) << escape;
    EXPECT_THAT(message, Not(HasSubstr("\x1b")));
    EXPECT_THAT(message, Not(HasSubstr("\xE2\x80\xAE")));
  }
  std::string deep = "a";
  for (int i = 0; i < 20'000; ++i) deep += ".a";
  EXPECT_FALSE(parse(deep + " = 1\n"));
}

TEST(GateFile, IsReadFromAFile) {
  const tests::TemporaryFolder folder;
  const auto path = folder / "my gates.toml";
  std::ofstream(path) << "[[limit]]\nname = \"a\"\nmetric = \"registers\"\nmx = 1\n";
  const auto file = read_gate_file(path, catalogue());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, ::testing::StartsWith("my gates.toml:4: unknown key 'mx'"));
  EXPECT_FALSE(read_gate_file(folder / "none.toml", catalogue()));
  EXPECT_FALSE(read_gate_file(folder.path(), catalogue()));
}

// What is shipped parses, and says why of every limit.
TEST(GateFile, ShippedOnesAreGood) {
  const std::filesystem::path folder = std::filesystem::path(FLASHCORE_SOURCE_DIR) / "docs/gates";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const auto file = read_gate_file(entry.path(), catalogue());
    ASSERT_TRUE(file) << core::to_text(file.error());
    for (const GateLimit& limit : file->limits) EXPECT_FALSE(limit.reason.empty()) << limit.name;
  }
  EXPECT_EQ(files, 2);
}

}  // namespace
}  // namespace flashcore::analysis
