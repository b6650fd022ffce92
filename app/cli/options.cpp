#include "app/cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "core/build_info.h"
#include "core/nearest.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

constexpr const char* kAbout =
    "Profiles the phases of a CUDA kernel: checks the answer, times it, counts what the hardware did,\n"
    "keeps the run in a database and shows where it stands.";

constexpr const char* kExamples = R"(Examples:
  flashcore-profile                                   all phases on the problem `mission`
  flashcore-profile --phase baseline,wmma --shape large --causal
  flashcore-profile --phase wmma --shape 2,8,1024,128 --set full --report wmma.html
  flashcore-profile --phase all --shape mission --json - > runs.json
  flashcore-profile --replay --report report.html     no GPU? look at the shipped recording
  flashcore-profile list phases
  flashcore-profile show 3
  flashcore-profile doctor                            what is missing on this machine, and what to do
Exit codes: 0 well, 1 gate or comparison failed, 2 usage, 3 device or permission missing,
  4 a kernel's answer is wrong, 5 database or file, 6 an outside tool, 130 stopped.)";

struct Raw {
  std::vector<std::string> tags;
  bool has_replay = false;
  std::string replay_file;
  std::string database, report, json, catalogue;
};

void add_profile_options(CLI::App& app, Options& o, Raw& raw) {
  app.add_option("--phase", o.phases, "phases to run, or `all` (see: list phases)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME[,NAME]");
  app.add_option("--shape", o.shapes, "problem; may be repeated (default: mission; see: list shapes)")
      ->allow_extra_args(false)
      ->type_name("NAME|B,H,S,D|B,H,Sq,Sk,D");
  app.add_flag("--causal", o.causal, "mask keys after the query, aligned bottom right");
  app.add_option("--collect", o.collect, "what to measure: timing, cupti (default: both)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME[,NAME]");
  app.add_option("--set", o.set, "how many counters: quick, standard or full")
      ->type_name("SET")
      ->capture_default_str();
  app.add_option("--warmup", o.warmup, "launches before timing")->capture_default_str()->type_name("N");
  app.add_option("--iters", o.iterations, "timed launches, and timed graph replays")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--device", o.device, "ordinal of the GPU")->capture_default_str()->type_name("N");
  app.add_option("--seed", o.seed, "seed of the timed inputs (answers are checked with 0, 42 and 12345)")
      ->capture_default_str()
      ->type_name("N");
  app.add_flag("--strict", o.strict, "end with 3 when counters are refused, instead of going on with timing");
  app.add_option("--tag", raw.tags, "label the runs; may be repeated")
      ->allow_extra_args(false)
      ->type_name("K=V");
  app.add_option("--db", raw.database, "database (default: $XDG_DATA_HOME/flashcore/runs.db)")
      ->type_name("FILE");
  app.add_option("--report", raw.report, "write an HTML report")->type_name("FILE");
  app.add_option("--json", raw.json, "write the runs as JSON; - is standard output")->type_name("FILE|-");
  app.add_option("--replay", raw.replay_file,
                 "serve a recording instead of measuring (default: the shipped one)")
      ->expected(0, 1)
      ->type_name("[FILE]");
  app.add_option("--catalogue", raw.catalogue, "folder of metric files laid over the built-in ones")
      ->envname("FLASHCORE_CATALOGUE")
      ->type_name("FOLDER");
  app.add_flag("--quiet", o.quiet, "no progress line and no table");
}

void add_commands(CLI::App& app, Options& o) {
  app.require_subcommand(0, 1);
  auto* list = app.add_subcommand("list", "phases, shapes, metrics, sections, devices, runs or counters");
  list->add_option("what", o.list_what, "what to list")->required();
  list->add_option("--chip", o.chip, "chip for `list counters`, e.g. GH100");
  auto* show = app.add_subcommand("show", "everything of one run");
  show->add_option("run", o.run, "number of the run (see: list runs)")->required();
  auto* report = app.add_subcommand("report", "write the HTML report of a session that is in the database");
  report->add_option("--session", o.session, "number of the session (default: the newest)");
  app.add_subcommand("doctor",
                     "GPU, driver, CUPTI, permission, NVML, ncu, display: each ok or with its remedy");
  auto* record = app.add_subcommand("record", "pack the database into a recording (FILE.db.zst)");
  record->add_option("file", o.record_to, "the recording to write")->required();
  auto* worker = app.add_subcommand("worker", "");
  auto* launch =
      app.add_subcommand("launch", "only launch a phase, with nothing watching (for ncu and sanitizers)");
  launch->add_option("--count", o.count, "launches")->capture_default_str();
  worker->group("");  // speaks with the desktop app; not for people
  for (auto* sub : app.get_subcommands({})) sub->fallthrough();
}

Command command_of(const CLI::App& app) {
  const std::map<std::string, Command> commands{{"list", Command::kList},     {"show", Command::kShow},
                                                {"report", Command::kReport}, {"doctor", Command::kDoctor},
                                                {"worker", Command::kWorker}, {"launch", Command::kLaunch},
                                                {"record", Command::kRecord}};
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? Command::kProfile : commands.at(chosen.front()->get_name());
}

// CLI11 says only that an argument was not expected; people want to know what they may have meant.
core::Error unexpected(const CLI::App& app, const std::vector<std::string>& extras) {
  std::vector<std::string> options, commands;
  for (const auto* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  }
  for (const auto* sub : app.get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); })) {
    commands.push_back(sub->get_name());
    for (const auto* option : sub->get_options()) {
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    }
  }
  std::sort(options.begin(), options.end());
  options.erase(std::unique(options.begin(), options.end()), options.end());
  const auto dashed =
      std::find_if(extras.begin(), extras.end(), [](const std::string& e) { return e.starts_with("-"); });
  const bool is_option = dashed != extras.end();
  std::string name = is_option ? dashed->substr(0, dashed->find('=')) : extras.front();
  const auto chosen = app.get_subcommands();
  if (!is_option && !chosen.empty()) {
    const std::string& command = chosen.front()->get_name();
    return {ErrorCode::kUsage,
            fmt::format("'{}' is one argument too many for {}", core::shortened(name), command),
            fmt::format("see flashcore-profile {} --help", command),
            {}};
  }
  core::Error error =
      core::unknown_name(is_option ? "option" : "command", name, is_option ? options : commands);
  error.hint = "see flashcore-profile --help";
  return error;
}

core::Status parse_tags(const std::vector<std::string>& texts, std::map<std::string, std::string>& tags) {
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kUsage,
                  fmt::format("tag '{}' is not of the form KEY=VALUE", core::shortened(text)),
                  "for example --tag branch=main");
    }
    tags[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return {};
}

std::optional<std::string> given(const CLI::App& app, const char* option, const std::string& value) {
  return app.get_option(option)->count() > 0 ? std::optional(value) : std::nullopt;
}

core::Status take_raw(const CLI::App& app, const Raw& raw, Options& o) {
  o.database = given(app, "--db", raw.database);
  o.report = given(app, "--report", raw.report);
  o.json = given(app, "--json", raw.json);
  o.replay = given(app, "--replay", raw.replay_file);
  if (!raw.catalogue.empty()) o.catalogue = raw.catalogue;
  for (const auto& [option, value] :
       {std::pair{"--db", o.database}, {"--report", o.report}, {"--json", o.json}}) {
    if (value && value->empty()) {
      return fail(ErrorCode::kUsage, fmt::format("{} was given an empty name", option), "name a file");
    }
  }
  for (const std::string& name : o.collect) {
    static const std::vector<std::string> kKnown{"timing", "cupti"};
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return fail(core::unknown_name("collector", name, kKnown));
    }
  }
  if (o.count < 1) return fail(ErrorCode::kUsage, fmt::format("--count {} is not at least 1", o.count));
  return parse_tags(raw.tags, o.tags);
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options o;
  Raw raw;
  CLI::App app(kAbout, "flashcore-profile");
  app.set_version_flag("--version", fmt::format("flashcore-profile {} ({})", core::build_info().version,
                                                core::build_info().git_sha.substr(0, 10)));
  app.footer(kExamples);
  add_profile_options(app, o, raw);
  add_commands(app, o);
  app.allow_extras(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    o.command = Command::kText;
    o.text = chosen.empty() ? app.help() : chosen.front()->help();
    return o;
  } catch (const CLI::CallForVersion& e) {
    o.command = Command::kText;
    o.text = std::string(e.what()) + "\n";
    return o;
  } catch (const CLI::ExtrasError&) {
    return fail(unexpected(app, app.remaining(true)));
  } catch (const CLI::RequiredError& e) {
    const auto chosen = app.get_subcommands();
    const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
    return fail(ErrorCode::kUsage, fmt::format("flashcore-profile{}: {}", command, e.what()),
                fmt::format("see flashcore-profile{} --help", command));
  } catch (const CLI::ParseError& e) {
    return fail(ErrorCode::kUsage, e.what(), "see flashcore-profile --help");
  }
  o.command = command_of(app);
  if (auto ok = take_raw(app, raw, o); !ok) return fail(ok.error());
  return o;
}

}  // namespace flashcore::cli
