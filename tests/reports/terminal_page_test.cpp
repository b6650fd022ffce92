// The page of a run and the sections that are asked for by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "reports/terminal_details.h"
#include "reports/text.h"
#include "tests/reports/fixture_runs.h"

namespace flashcore::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

const analysis::Catalogue& catalogue() {
  static const analysis::Catalogue builtin = analysis::Catalogue::builtin().value();
  return builtin;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<analysis::RunAnalysis> every_kind_of_run() {
  auto records = fixtures::usual_records();
  for (auto& run : fixtures::imported_records()) records.push_back(run);
  records.push_back(fixtures::wrong_record());
  records.push_back(fixtures::hostile_record());
  records.push_back(fixtures::library_record());
  records.push_back(fixtures::cold(fixtures::library_record("long128")));
  records.push_back(fixtures::old_record(fixtures::library_record()));
  records.push_back(fixtures::without_counters(fixtures::library_record()));
  records.push_back(fixtures::recorded(records.front()));
  records.push_back(core::RunRecord{});
  return fixtures::analysed(records, catalogue());
}

TEST(RunPage, FitsAPageWhateverTheRun) {
  for (const auto& run : every_kind_of_run()) {
    for (const int width : {60, 80, 100, 120}) {
      const std::string page = run_page(run, catalogue(), {false, width}, false);
      const auto lines = lines_of(page);
      EXPECT_LE(lines.size(), width >= 80 ? 50U : 65U) << width << "\n" << page;
      for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
      EXPECT_THAT(page, HasSubstr("sections: summary")) << page;
      if (width >= 80) {
        EXPECT_THAT(lines.back(), HasSubstr("--section NAME[,NAME]")) << page;
      }
    }
  }
}

TEST(RunPage, StaysAPageWithHundredsOfMessagesAndKernels) {
  auto record = fixtures::record(fixtures::ladder()[0]);
  for (int i = 0; i < 300; ++i) {
    core::DiagnosticRecord told;
    told.severity = i % 2 == 0 ? core::Severity::kError : core::Severity::kInfo;
    told.code = "c";
    told.message = "message " + std::to_string(i) + " " + std::string(5000, 'm');
    told.hint = std::string(3000, 'h') + " \x1b[2J";
    record.measurements.front().diagnostics.push_back(told);
    core::KernelRecord kernel;
    kernel.ordinal = 10 + i;
    kernel.name = "kernel_\xE6\xBC\xA2" + std::string(2000, 'k');
    record.kernels.push_back(kernel);
  }
  const auto run = fixtures::analysed({record}, catalogue()).front();
  const std::string page = run_page(run, catalogue(), {false, 80}, false);
  EXPECT_LE(lines_of(page).size(), 65U) << page;
  for (const std::string& line : lines_of(page)) EXPECT_LE(display_width(line), 80) << line;
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, HasSubstr("more: --section messages"));
  EXPECT_THAT(page, HasSubstr("more: --section kernels"));
}

TEST(RunPage, HasWhatIsWantedFirst) {
  const auto run = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue()).front();
  const std::string page = run_page(run, catalogue(), {false, 100}, false);
  for (const char* part :
       {"answer", "time of a launch", "share of the limit", "Tensor pipe active", "Resources", "registers",
        "sections: summary, speed_of_light, metrics (performance"}) {
    EXPECT_THAT(page, HasSubstr(part)) << page;
  }
  // A run that is wrong says so before all else.
  const auto wrong = fixtures::analysed({fixtures::wrong_record()}, catalogue()).front();
  EXPECT_THAT(run_page(wrong, catalogue(), {false, 100}, false), HasSubstr("wrong"));
}

TEST(RunPage, PlotsOfPlainCharactersWhenAskedFor) {
  const auto run = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue()).front();
  const std::string plain = run_page(run, catalogue(), {false, 80}, true);
  EXPECT_THAT(plain, Not(HasSubstr("█")));
  EXPECT_THAT(plain, Not(HasSubstr("▸")));
  EXPECT_THAT(plain, HasSubstr("intensity, FLOPs a byte (log)"));
  EXPECT_THAT(plain, HasSubstr("each unit against its own peak"));
  for (const std::string& line : lines_of(plain)) EXPECT_LE(display_width(line), 80) << line;
}

TEST(RunSections, AreThoseThatWereNamed) {
  const auto run = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue()).front();
  const TerminalStyle style{false, 100};
  const auto tensor = run_sections(run, catalogue(), {"tensor"}, style, false);
  ASSERT_TRUE(tensor);
  EXPECT_THAT(*tensor, HasSubstr("Tensor pipe active"));
  EXPECT_THAT(*tensor, Not(HasSubstr("Limit of the problem")));
  EXPECT_THAT(*tensor, Not(HasSubstr("Environment")));
  // A sheet has all its sections; what is named twice is there once, in the order of the sheets.
  const auto two =
      run_sections(run, catalogue(), {"messages", "summary", "summary.run", "summary"}, style, false);
  ASSERT_TRUE(two);
  EXPECT_EQ(two->find("\nRun\n"), two->rfind("\nRun\n"));
  EXPECT_LT(two->find("\nRun\n"), two->find("\nMessages\n"));
  // All of them together are what there is.
  EXPECT_EQ(run_sections(run, catalogue(), {"all"}, style, false).value(),
            run_details(run, catalogue(), style));
  for (const std::string& name : section_names(run, catalogue())) {
    const auto each = run_sections(run, catalogue(), {name}, style, true);
    ASSERT_TRUE(each) << name;
    EXPECT_GT(each->size(), 40U) << name;
  }
}

TEST(RunSections, ANameThatThereIsNotSaysWhatIsNear) {
  const auto run = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue()).front();
  for (const std::string name : {"tensr", "Tensor", "", "\x1b[2J", "all "}) {
    const auto none = run_sections(run, catalogue(), {"tensor", name}, {}, false);
    ASSERT_FALSE(none) << name;
    EXPECT_EQ(none.error().code, core::ErrorCode::kUsage);
  }
  EXPECT_THAT(run_sections(run, catalogue(), {"tensr"}, {}, false).error().message, HasSubstr("tensor"));
}

}  // namespace
}  // namespace flashcore::reports
