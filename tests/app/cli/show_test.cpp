// show: a page of one run, its sections, its plots; and the list of runs in a terminal's width.
#include <fmt/format.h>

#include <sstream>

#include "app/cli/options.h"
#include "reports/text.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Show : public CommandLine {
 protected:
  std::string two_runs() {
    return make_database(
        {sample_run("baseline", 1, "tiny", 400'000), sample_run("wmma", 2, "mission", 40'000)});
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(Show, FitsAPageAndSaysWhatElseThereIs) {
  const std::string db = two_runs();
  for (const char* columns : {"80", "120"}) {
    const auto page = run({"show", "latest", "--db", db}, {{"COLUMNS", columns}});
    ASSERT_EQ(page.exit_code, 0) << page.err;
    EXPECT_LE(lines_of(page.out).size(), 50U) << page.out;
    for (const std::string& line : lines_of(page.out))
      EXPECT_LE(reports::display_width(line), std::stoi(columns)) << line;
    EXPECT_THAT(page.out, HasSubstr("run 2: wmma on mission"));
    EXPECT_THAT(page.out, HasSubstr("sections:"));
    EXPECT_THAT(lines_of(page.out).back(), HasSubstr("all"));
    // Twice the same, byte for byte: people compare it.
    EXPECT_EQ(run({"show", "2", "--db", db}, {{"COLUMNS", columns}}).out, page.out);
  }
  const auto all = run({"show", "latest", "--db", db, "--section", "all"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_GT(lines_of(all.out).size(), 100U);
}

TEST_F(Show, SectionsByName) {
  const std::string db = two_runs();
  const auto some =
      run({"show", "2", "--db", db, "--section", "environment,tensor", "--section", "messages"});
  ASSERT_EQ(some.exit_code, 0) << some.err;
  for (const char* part : {"Device", "Tensor pipe", "Messages"}) EXPECT_THAT(some.out, HasSubstr(part));
  EXPECT_THAT(some.out, Not(HasSubstr("Limit of the problem")));
  const auto none = run({"show", "2", "--db", db, "--section", "tensor,enviroment"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("did you mean environment"));
  const auto hostile = run({"show", "2", "--db", db, "--section", "\x1b[2J" + std::string(10'000, 'x')});
  EXPECT_EQ(hostile.exit_code, 2);
  EXPECT_THAT(hostile.err, Not(HasSubstr("\x1b")));
  EXPECT_LT(hostile.err.size(), 2'000U);
}

TEST_F(Show, PlotsArePlain) {
  const std::string db = two_runs();
  const auto outcome = run({"show", "2", "--db", db, "--ascii"}, {{"COLUMNS", "80"}});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("█")));
  EXPECT_THAT(outcome.out, HasSubstr("Roofline"));
  for (const std::string& line : lines_of(outcome.out)) EXPECT_LE(reports::display_width(line), 80) << line;
}

// A library's kernels have long names, and which is which is told by them.
TEST_F(Show, TheListOfRunsHasRoomForNames) {
  auto long_name = sample_run("baseline", 1, "mission", 400'000);
  long_name.subject.name = "torch.flash_attention_2";
  const std::string db = make_database({long_name, sample_run("wmma", 2, "mission,causal", 40'000)});
  const auto list = run({"list", "runs", "--db", db}, {{"COLUMNS", "80"}});
  EXPECT_THAT(list.out, HasSubstr(" torch.flash_attention_2 "));
  EXPECT_THAT(list.out, HasSubstr("\non "));  // the device of all of them, once
  EXPECT_THAT(lines_of(list.out).front(), Not(HasSubstr("device")));
  long_name.device->name = "NVIDIA Other GPU";
  const std::string other =
      make_database({long_name, sample_run("wmma", 2, "mission,causal", 40'000)}, "other.db");
  const auto two = run({"list", "runs", "--db", other}, {{"COLUMNS", "80"}});
  EXPECT_THAT(lines_of(two.out).front(), HasSubstr("device"));
  EXPECT_THAT(two.out, HasSubstr(" Other"));
  EXPECT_THAT(two.out, HasSubstr("_2 "));  // cut in the middle, where names of a family are alike
  for (const auto& out : {list.out, two.out}) {
    for (const std::string& line : lines_of(out)) EXPECT_LE(reports::display_width(line), 80) << line;
  }
}

}  // namespace
}  // namespace flashcore::tests
