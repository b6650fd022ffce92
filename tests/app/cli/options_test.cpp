// The form of the command line.
#include "app/cli/options.h"

#include <regex>

#include "app/cli/inputs.h"
#include "app/cli/progress.h"
#include "app/cli/steps_text.h"
#include "app/session/collectors.h"
#include "reports/text.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

core::Result<cli::Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "flashcore-profile");
  return cli::parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CliOptions, PhasesAreAListAndShapesRepeat) {
  const auto o =
      parse({"--phase", "baseline,wmma", "--shape", "mission", "--shape", "1,8,128,64", "--causal"});
  ASSERT_TRUE(o);
  EXPECT_THAT(o->phases, ElementsAre("baseline", "wmma"));
  EXPECT_THAT(o->shapes, ElementsAre("mission", "1,8,128,64"));
  EXPECT_TRUE(o->causal);
}

TEST(CliOptions, ReplayTakesAFileOrNone) {
  EXPECT_FALSE(parse({})->replay.has_value());
  EXPECT_EQ(parse({"--replay"})->replay, "");
  EXPECT_EQ(parse({"--replay", "x.db.zst"})->replay, "x.db.zst");
  EXPECT_EQ(parse({"--replay", "--shape", "tiny"})->replay, "");
}

TEST(CliOptions, CachesAreWarmWhereNothingIsSaid) {
  EXPECT_FALSE(parse({})->cache.has_value());
  const auto usual = cli::make_request(*parse({}));
  EXPECT_EQ(usual->cache, core::CacheState::kWarm);
  EXPECT_FALSE(usual->replay_cache);
  const auto cold = cli::make_request(*parse({"--cache", "cold"}));
  EXPECT_EQ(cold->cache, core::CacheState::kCold);
  EXPECT_EQ(cold->replay_cache, core::CacheState::kCold);
  EXPECT_THAT(cold->command, HasSubstr(" --cache cold"));
  EXPECT_TRUE(parse({"--replay", "--cache", "cold"})->idle.empty());  // it chooses among the recorded runs
  EXPECT_TRUE(parse({"--verbose"})->verbose);
  EXPECT_FALSE(parse({"show", "3", "--cache", "cold"}));
  EXPECT_FALSE(parse({"list", "phases", "--cache", "cold"}));
}

// --- where the time went -----------------------------------------------------------------------------------

analysis::RunAnalysis counted(const char* phase, const char* shape, std::vector<core::StepRecord> steps) {
  analysis::RunAnalysis analysis;
  analysis.run = sample_head(phase, 1, shape);
  core::add_measurement(analysis.run, sample_timing(40'000));
  core::add_measurement(analysis.run, sample_counters(phase, 40'000, 1e6));
  analysis.run.measurements.back().steps = std::move(steps);
  return analysis;
}

TEST(Verbose, StepsStandOnceWithTheirSharesAndInColumns) {
  const std::vector<core::StepRecord> session{{"driver", 200}, {"check", 50.04}, {"total", 500}};
  const std::vector<core::StepRecord> shared{{"prepare", 10}, {"passes", 30}};
  const std::string text =
      cli::steps_text(session,
                      {counted("baseline", "mission", shared), counted("wmma", "mission", shared),
                       counted("wmma", "tiny", {{"prepare", 1}})},
                      {}, 80);
  EXPECT_EQ(text,
            "session                                ms   share\n"
            "  driver                            200.0   40.0%\n"
            "  check                              50.0   10.0%\n"
            "  elsewhere                         250.0   50.0%\n"
            "  total                             500.0  100.0%\n"
            "cupti of baseline, wmma on mission     ms   share\n"
            "  prepare                            10.0   25.0%\n"
            "  passes                             30.0   75.0%\n"
            "  total                              40.0  100.0%\n"
            "cupti of wmma on tiny                  ms   share\n"
            "  prepare                             1.0  100.0%\n"
            "  total                               1.0  100.0%\n");
}

TEST(Verbose, NothingWasMeasuredNothingIsSaidAndNamesSteerNoTerminal) {
  EXPECT_EQ(cli::steps_text({}, {}, {}, 80), "");
  const std::vector<core::StepRecord> zero{{"a\x1b[31m", 0}, {"total", 0}};
  const std::string text = cli::steps_text(zero, {}, {}, 80);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("nan"), std::string::npos);
}

TEST(CliOptions, TagsSplitAtTheFirstEquals) {
  const auto o = parse({"--tag", "a=b=c", "--tag", "empty="});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->tags.at("a"), "b=c");
  EXPECT_EQ(o->tags.at("empty"), "");
}

TEST(CliOptions, HelpHasExamplesAndExitCodes) {
  const auto o = parse({"--help"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->command, cli::Command::kText);
  EXPECT_THAT(o->text, HasSubstr("Examples:"));
  EXPECT_THAT(o->text, HasSubstr("Exit codes:"));
  EXPECT_EQ(parse({"--version"})->command, cli::Command::kText);
}

TEST(CliOptions, OptionsMayFollowACommand) {
  const auto o = parse({"show", "3", "--db", "x.db"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->command, cli::Command::kShow);
  EXPECT_EQ(o->run, "3");
  EXPECT_EQ(o->database, "x.db");
}

TEST(CliOptions, OptionsMayStandBeforeACommandToo) {
  const auto o = parse({"--db", "x.db", "show", "latest~1"});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->run, "latest~1");
  EXPECT_EQ(o->database, "x.db");
}

// `list runs --set bogus --iters -5` listed everything.
TEST(CliOptions, AnOptionThatACommandDoesNotUseIsAnError) {
  const std::vector<std::vector<const char*>> cases{{"list", "runs", "--set", "quick", "--iters", "5"},
                                                    {"list", "runs", "--iters", "-5"},
                                                    {"--iters", "5", "list", "runs"},
                                                    {"list", "phases", "--db", "x"},
                                                    {"list", "counters", "--since", "2026-01-01"},
                                                    {"show", "3", "--phase", "wmma"},
                                                    {"doctor", "--db", "x"},
                                                    {"record", "x", "--json"},
                                                    {"import", "x", "--phase", "wmma"},
                                                    {"launch", "--iters", "3"},
                                                    {"--chip", "GH100"},
                                                    {"--limit", "3"},
                                                    {"worker", "--db", "x"},
                                                    {"helper", "--db", "x"}};
  for (const auto& arguments : cases) {
    const auto o = parse(arguments);
    ASSERT_FALSE(o) << ::testing::PrintToString(arguments);
    EXPECT_EQ(o.error().code, core::ErrorCode::kUsage);
    EXPECT_THAT(o.error().message, HasSubstr("takes no --"));
    EXPECT_THAT(o.error().hint, HasSubstr("it takes"));
  }
  const auto list = parse({"list", "runs", "--iters", "-5"});
  EXPECT_THAT(list.error().message, HasSubstr("list runs takes no --iters"));
  EXPECT_THAT(list.error().hint, HasSubstr("--phase"));
}

TEST(CliOptions, ValuesAreCheckedEarly) {
  EXPECT_THAT(parse({"list", "counters", "--chip", "GH100", "--set", "bogus"}).error().message,
              HasSubstr("bogus"));
  EXPECT_FALSE(parse({"--set", "quik"}));
  EXPECT_FALSE(parse({"--device", "H200"}));
  EXPECT_FALSE(parse({"--device", "-1"}));
  EXPECT_EQ(parse({"list", "runs", "--device", "H200"})->device_name, "H200");
  for (const char* since :
       {"yesterday", "2026", "2026-1-31", "2026-01-31 12:00", "2026-01-31T12:00:00Z0", "2026-13-01",
        "2026-02-29", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T", "2026-01-31T1"})
    EXPECT_FALSE(parse({"list", "runs", "--since", since})) << since;
  for (const char* since : {"2026-01-31", "2028-02-29", "2026-01-31T12", "2026-01-31T12:00:00Z"})
    EXPECT_TRUE(parse({"list", "runs", "--since", since})) << since;
  EXPECT_FALSE(parse({"list", "runs", "--limit", "0"}));
}

TEST(CliOptions, CollectorsAreThoseOfTheRegistry) {
  EXPECT_THAT(parse({"--collect", "timing,ncu"})->collect, ElementsAre("timing", "ncu"));
  EXPECT_THAT(parse({"--collect", "timng"}).error().message, HasSubstr("timing"));
  // Broken where a terminal's line ends.
  const std::string help = std::regex_replace(parse({"--help"})->text, std::regex("\\s+"), " ");
  for (const auto& info : session::list_collectors()) {
    if (!info.always) {
      EXPECT_THAT(help, HasSubstr(info.id + " (" + info.title + ")"));
    }
  }
}

TEST(CliOptions, NcuStandsInPlaceOfWhatElseCounts) {
  const auto chosen = [](std::vector<const char*> arguments) {
    return cli::make_request(*parse(std::move(arguments)))->collectors;
  };
  EXPECT_THAT(chosen({"--ncu"}), ::testing::UnorderedElementsAre("ncu", "timing"));
  EXPECT_THAT(chosen({"--ncu", "--collect", "cupti"}), ElementsAre("ncu"));
  EXPECT_THAT(chosen({}), ::testing::IsEmpty());
}

TEST(CliOptions, TheRequestHasAllThatWasAskedFor) {
  const auto o = parse({"--ncu-path", "/n", "--ncu-set", "detailed", "--ncu-set", "source", "--keep-report",
                        "--nvtx", "wmma/*", "--strict", "--seed", "18446744073709551615", "--shape",
                        "b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal"});
  ASSERT_TRUE(o);
  const auto request = cli::make_request(*o);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ncu_path, "/n");
  EXPECT_THAT(request->ncu_sets, ElementsAre("detailed", "source"));
  EXPECT_TRUE(request->keep_report);
  EXPECT_EQ(request->nvtx_filter, "wmma/*");
  EXPECT_TRUE(request->strict);
  EXPECT_EQ(request->seed, 18446744073709551615U);
  EXPECT_EQ(core::problem_label(request->problems.front()), "mission,hkv=2,bf16,causal");
}

TEST(CliOptions, JsonAloneIsStandardOutput) {
  EXPECT_EQ(parse({"list", "runs", "--json"})->json, "-");
  EXPECT_EQ(parse({"show", "3", "--json", "x.json"})->json, "x.json");
}

TEST(CliOptions, HelpOfACommandShowsItsOwnOptionsOnly) {
  const auto list = parse({"list", "--help"})->text;
  EXPECT_THAT(list, HasSubstr("--since"));
  EXPECT_THAT(list, HasSubstr("collectors"));
  EXPECT_THAT(list, ::testing::Not(HasSubstr("--iters")));
  EXPECT_THAT(parse({"record", "--help"})->text, HasSubstr("--db"));
}

TEST(Progress, HostileNamesNeitherSteerTheTerminalNorWrap) {
  session::ProfileEvent e;
  e.run_count = 3;
  e.subject = "\x1b]0;title\x07" + std::string(500, 'x');
  e.problem = "\xe4\xb8\xad\xe6\x96\x87";
  const std::string text = cli::progress_text(e, 40);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_LE(reports::display_width(text), 40);
}

}  // namespace
}  // namespace flashcore::tests
