#include "analysis/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

class SheetTest : public ::testing::Test {
 protected:
  std::vector<Sheet> sheets(core::RunRecord run) {
    return sheets_of(analyse(std::move(run), catalogue_), catalogue_);
  }
  Catalogue catalogue_ = Catalogue::builtin().value();
};

const SheetRow* find_row(const Sheet& sheet, const std::string& id) {
  for (const SheetSection& section : sheet.sections) {
    for (const SheetRow& row : section.rows) {
      if (row.id == id) return &row;
    }
  }
  return nullptr;
}

SheetRow row(const std::vector<Sheet>& sheets, const char* sheet, const std::string& id) {
  const SheetRow* found = find_row(*find_sheet(sheets, sheet), id);
  EXPECT_NE(found, nullptr) << sheet << " " << id;
  return found != nullptr ? *found : SheetRow{};
}

// A run of which only one thing is known at a time.
std::vector<core::RunRecord> kinds() {
  core::RunRecord wrong = sample_run();
  wrong.answer = core::Answer::kWrong;
  measured(wrong, "check").checks.front().passed = false;
  core::RunRecord nowhere = sample_run();
  nowhere.device.reset();
  nowhere.problem.reset();
  nowhere.model.reset();
  core::RunRecord bench;
  bench.subject = {core::SubjectKind::kMicrobenchmark, "dram_copy", "", {}, ""};
  bench.answer = core::Answer::kDoesNotApply;
  return {sample_run(), imported_run(), wrong, nowhere, bench, core::RunRecord{}};
}

TEST_F(SheetTest, EveryRunHasEverySheetAndEveryRowAValueOrAReason) {
  for (const core::RunRecord& run : kinds()) {
    const std::vector<Sheet> all = sheets(run);
    std::vector<std::string> ids;
    for (const Sheet& sheet : all) {
      ids.push_back(sheet.id);
      ASSERT_FALSE(sheet.sections.empty()) << sheet.id;
      std::set<std::string> seen;
      for (const SheetSection& section : sheet.sections) {
        EXPECT_FALSE(section.title.empty()) << section.id;
        EXPECT_TRUE(seen.insert(section.id).second) << section.id << " is there twice";
        EXPECT_FALSE(section.rows.empty() && section.description.empty()) << sheet.id << " says nothing";
        std::set<std::string> rows;
        for (const SheetRow& r : section.rows) {
          EXPECT_TRUE(rows.insert(r.id).second) << r.id << " is there twice";
          EXPECT_FALSE(r.value.empty()) << r.id;
          EXPECT_EQ(r.state == RowState::kMissing, r.value == "missing") << r.id;
          EXPECT_FALSE(r.state == RowState::kMissing && r.note.empty()) << r.id;
        }
      }
    }
    EXPECT_THAT(ids, ::testing::ElementsAre("summary", "metrics", "timing", "kernels", "measurements",
                                            "environment", "messages"));
  }
}

TEST_F(SheetTest, TheSummaryOfAMeasuredRun) {
  core::RunRecord run = sample_run();
  run.tags = {{"branch", "main"}};
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "summary", "subject").value, "wmma");
  EXPECT_EQ(row(all, "summary", "problem").value, "mission");
  EXPECT_EQ(row(all, "summary", "problem.sq").value, "512");
  EXPECT_EQ(row(all, "summary", "problem.mask").value, "full");
  EXPECT_EQ(row(all, "summary", "device").value, "NVIDIA H200");
  EXPECT_EQ(row(all, "summary", "answer").state, RowState::kGood);
  EXPECT_EQ(row(all, "summary", "time").value, "10.0 µs");
  EXPECT_EQ(row(all, "summary", "time").note, "graph p50 of 5");
  EXPECT_EQ(row(all, "summary", "tag.branch").value, "main");
  EXPECT_EQ(row(all, "summary", "origin").value, "live");
  EXPECT_EQ(row(all, "timing", "graph.p50").value, "10.0 µs");
  EXPECT_EQ(row(all, "timing", "check.0").value, "right");
  EXPECT_EQ(row(all, "environment", "device.sm_count").value, "132");
  EXPECT_EQ(row(all, "metrics", "theoretical_occupancy").note, "resources (driver+ptxas), limited by shared");
  EXPECT_THAT(row(all, "metrics", "roofline.dram").note,
              HasSubstr("FLOPs: model; bytes: model; time: graph p50"));
}

TEST_F(SheetTest, AnImportSaysWhereItIsFromAndShowsItsTime) {
  const auto all = sheets(imported_run());
  EXPECT_EQ(row(all, "summary", "subject.kind").value, "kernel");
  EXPECT_EQ(row(all, "summary", "problem").value, "missing");
  EXPECT_EQ(row(all, "summary", "answer").value, "does not apply");
  EXPECT_EQ(row(all, "summary", "time").value, "20.0 µs");
  EXPECT_THAT(row(all, "summary", "origin").note,
              HasSubstr("import from Nsight Compute 2025.3 of NVIDIA H200, taken 2026-02-01T10:00:00Z"));
  EXPECT_EQ(row(all, "timing", "time").note, "gpu__time_duration.sum, ncu");
  EXPECT_EQ(row(all, "kernels", "kernel.0.grid").value, "8 x 4 x 1");
  EXPECT_EQ(row(all, "measurements", "measurement.0.tool").value, "Nsight Compute 2025.3");
}

// Such a run carries the time of its import, which nobody must take for that of the measurement.
TEST_F(SheetTest, AFileThatDoesNotSayWhenItWasTakenWasImportedAndNotTaken) {
  core::RunRecord run = imported_run();
  measured(run, "ncu").taken_at.clear();
  const auto all = sheets(run);
  EXPECT_THAT(row(all, "summary", "origin").note, HasSubstr("NVIDIA H200, imported 2026-02-01T10:00:00Z"));
  EXPECT_EQ(row(all, "summary", "taken_at").name, "imported");
  EXPECT_EQ(row(all, "measurements", "measurement.0.taken_at").note, "the file does not say when");
  EXPECT_EQ(row(sheets(imported_run()), "summary", "taken_at").name, "taken");
  EXPECT_EQ(row(all, "summary", "commit").state, RowState::kMissing);
}

// What was computed from a file's rates is no counter of the file that nothing reads.
TEST_F(SheetTest, DerivedCountersAreNotListedAsUnread) {
  core::RunRecord run = imported_run();
  add_counter(run, "lts__t_tag_requests.sum.per_second", 1e9, 0, "ncu");
  const Sheet* sheet = nullptr;
  const auto all = sheets(run);
  sheet = find_sheet(all, "measurements");
  ASSERT_NE(sheet, nullptr);
  std::vector<std::string> names;
  for (const SheetRow& r : sheet->sections.front().rows) names.push_back(r.name);
  EXPECT_THAT(names, ::testing::Contains("lts__t_tag_requests.sum.per_second"));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("lts__t_tag_requests.sum")));
  EXPECT_EQ(row(sheets(sample_run()), "measurements", "measurement.2.holds").value, "resources of 1 kernel");
}

TEST_F(SheetTest, AWrongAnswerHidesTheTimes) {
  core::RunRecord run = sample_run();
  run.answer = core::Answer::kWrong;
  auto& check = measured(run, "check").checks.front();
  check.passed = false;
  check.max_error = 1.5;
  check.max_tolerance = 0.5;
  const auto all = sheets(run);
  EXPECT_EQ(row(all, "summary", "answer").state, RowState::kBad);
  EXPECT_THAT(row(all, "summary", "answer").note, HasSubstr("WRONG: max error 1.5 > 0.5"));
  for (const char* id : {"graph.p50", "launch.p50"}) {
    EXPECT_EQ(row(all, "timing", id).value, "missing");
    EXPECT_THAT(row(all, "timing", id).note, HasSubstr("the answer is wrong"));
  }
}

TEST_F(SheetTest, KernelsShowEverySourceThatSaysSomethingElse) {
  core::RunRecord run = sample_run();
  core::ResourceRecord other;
  other.registers = 40;
  other.stack_bytes = 16;
  other.dynamic_shared_bytes = 98304;
  other.provenance = "ncu";
  measured(run, "ncu").resources.push_back(other);
  const auto all = sheets(run);
  const SheetRow registers = row(all, "kernels", "kernel.0.registers");
  EXPECT_EQ(registers.value, "168");
  EXPECT_EQ(registers.note, "driver+ptxas; ncu says 40");
  EXPECT_EQ(registers.state, RowState::kWarning);
  EXPECT_EQ(row(all, "kernels", "kernel.0.stack").value, "16 B") << "taken from the one that knows it";
  EXPECT_EQ(row(all, "kernels", "kernel.0.stack").note, "ncu");
  EXPECT_EQ(row(all, "kernels", "kernel.0.dynamic_shared").state, RowState::kPlain) << "both say the same";
}

TEST_F(SheetTest, MeasurementsTellWhatTheyWereAndWhatLost) {
  core::RunRecord run = sample_run();
  add_counter(run, "dram__bytes.sum", 100);
  add_counter(run, "dram__bytes.sum", 103, std::nullopt, "ncu");
  add_counter(run, "vendor__unheard_of.sum", 7, std::nullopt, "ncu");
  measured(run, "ncu").status = core::MeasurementStatus::kPartial;
  measured(run, "ncu").reason = "killed";
  measured(run, "ncu").parameters = {{"cache", "flushed"}};
  const auto all = sheets(run);
  const Sheet& sheet = *find_sheet(all, "measurements");
  const SheetSection& ncu = sheet.sections.back();
  EXPECT_EQ(ncu.title, "ncu");
  const std::string id = ncu.id;
  EXPECT_EQ(row(all, "measurements", id + ".status").value, "partial");
  EXPECT_EQ(row(all, "measurements", id + ".status").note, "killed");
  EXPECT_EQ(row(all, "measurements", id + ".parameter.cache").value, "flushed");
  EXPECT_EQ(row(all, "measurements", id + ".holds").value, "2 counters");
  const SheetRow lost = row(all, "measurements", "counter.dram__bytes.sum");
  EXPECT_EQ(lost.value, "103");
  EXPECT_EQ(lost.note, "not used: 100 by cupti, 4 passes, CUPTI 130000 goes before it");
  EXPECT_EQ(row(all, "measurements", "counter.vendor__unheard_of.sum").value, "7");
}

TEST_F(SheetTest, MessagesAreSortedByWeight) {
  core::RunRecord run = sample_run();
  run.diagnostics.push_back({core::Severity::kInfo, "note", "A note.", "", "test"});
  measured(run, "timing")
      .diagnostics.push_back({core::Severity::kWarning, "drift", "It drifted.", "Lock it.", "nvml"});
  const Sheet messages = *find_sheet(sheets(run), "messages");
  ASSERT_EQ(messages.sections.front().rows.size(), 2u);
  EXPECT_EQ(messages.sections.front().rows[0].id, "drift");
  EXPECT_EQ(messages.sections.front().rows[0].note, "Lock it.");
  EXPECT_EQ(messages.sections.front().rows[0].state, RowState::kWarning);
  EXPECT_EQ(find_sheet(sheets(sample_run()), "messages")->sections.front().description, "There are none.");
}

}  // namespace
}  // namespace flashcore::analysis
