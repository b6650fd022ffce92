#include "app/cli/command_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>

#include "app/cli/option_table.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

constexpr const char* kAbout =
    "Profiles the phases of a CUDA kernel: checks the answer, times it, counts what the\n"
    "hardware did, keeps the run in a database and shows where it stands.";

constexpr Example kExamples[] = {
    {"flashcore-profile", "all phases on the problem `mission`"},
    {"flashcore-profile --phase baseline,wmma --shape large --causal", ""},
    {"flashcore-profile --phase wmma --shape 2,8,1024,64 --set full --report r.html", ""},
    {"flashcore-profile --phase wmma --ncu", "count with Nsight Compute"},
    {"flashcore-profile --phase wmma --cache cold --verbose", ""},
    {"flashcore-profile --phase all --shape mission --json - > runs.json", ""},
    {"flashcore-profile --replay --report r.html", "no GPU? the shipped recording"},
    {"flashcore-profile import kernels.ncu-rep", "runs of other profilers"},
    {"flashcore-profile list runs --phase wmma --since 2026-01-31", ""},
    {"flashcore-profile show latest --ascii", "a page of one run"},
    {"flashcore-profile compare baseline@mission wmma@mission", ""},
    {"flashcore-profile why latest~1 latest", "what made the difference"},
    {"flashcore-profile history --phase fused --shape mission --ascii", ""},
    {"flashcore-profile gate limits.toml", "exit 1 when a limit is broken"},
    {"flashcore-profile doctor", "what is missing here, and what to do"},
    {"flashcore-profile manual | man -l -", "all of this as a manual page"}};

constexpr ExitCode kExitCodes[] = {{0, "well"},
                                   {1, "gate or comparison failed"},
                                   {2, "usage"},
                                   {3, "device or permission missing"},
                                   {4, "a kernel's answer is wrong"},
                                   {5, "database or file"},
                                   {6, "an outside tool"},
                                   {130, "stopped"}};

constexpr CommandSpec kCommands[] = {
    {Command::kList, "list", "phases, shapes, collectors, metrics, sections, counters, devices or runs"},
    {Command::kShow, "show", "one run on a page; with --section all everything of it"},
    {Command::kReport, "report", "write the HTML report of a session that is in the database"},
    {Command::kCompare, "compare",
     "is the second faster than the first: verdicts, intervals, metrics that changed"},
    {Command::kWhy, "why", "what the time difference of two runs is made of"},
    {Command::kHistory, "history", "a metric over commits, with its change points"},
    {Command::kGate, "gate", "hold runs against a file of limits"},
    {Command::kImport, "import",
     "take runs from files of others: .ncu-rep, ncu --csv, nvbench JSON, scripts/compare_torch"},
    {Command::kDoctor, "doctor", "GPU, driver, CUPTI, permission, NVML, ncu, display: each ok or its remedy"},
    {Command::kRecord, "record", "pack the database into a recording (FILE.db.zst)"},
    {Command::kManual, "manual",
     "print the manual page (roff); see it with: flashcore-profile manual | man -l -"},
    {Command::kCompletion, "completion", "print what a shell needs to complete commands and options"},
    {Command::kLaunch, "launch", "only launch a phase, with nothing watching (for ncu and sanitizers)"},
    {Command::kWorker, "worker", "", false},
    {Command::kHelper, "helper", "", false}};

void add_arguments(CLI::App& app, Command command, Options& o) {
  switch (command) {
    case Command::kList: app.add_option("what", o.list_what, "what to list")->required(); break;
    case Command::kShow:
      app.add_option("run", o.run,
                     "the run: its number, latest, latest~1, or any word for runs (docs/words.md)")
          ->required();
      break;
    case Command::kRecord:
      app.add_option("file", o.record_to, "the recording to write; - is standard output")->required();
      break;
    case Command::kCompare:
    case Command::kWhy:
      app.add_option("runs", o.words,
                     "BASE and NOW, words for runs: a number, latest~1, a tag, a commit, fused@mission")
          ->required()
          ->expected(2)
          ->type_name("BASE NOW");
      break;
    case Command::kGate:
      app.add_option("file", o.gate_file, "TOML file of limits (docs/gates.md)")->required();
      break;
    case Command::kCompletion: app.add_option("shell", o.shell, "bash, zsh or fish")->required(); break;
    case Command::kImport: app.add_option("files", o.import_files, "the files to import")->required(); break;
    default: break;
  }
}

constexpr std::size_t kHelpWidth = 79;

// "Examples:" and "Exit codes:".
std::string footer() {
  std::string text = "Examples:\n";
  for (const Example& example : kExamples) {
    constexpr std::size_t kColumn = 41;
    std::string line = fmt::format("  {}", example.command);
    if (*example.what != '\0') {
      line.resize(std::max(line.size() + 2, kColumn + 2), ' ');
      line += example.what;
    }
    text += line + "\n";
  }
  std::string line = "Exit codes:";
  for (const ExitCode& each : kExitCodes) {
    const std::string code =
        fmt::format("{} {}{}", each.code, each.what, &each == std::end(kExitCodes) - 1 ? "." : ",");
    if (line.size() + 1 + code.size() > kHelpWidth) {
      text += line + "\n";
      line = " ";
    }
    line += " " + code;
  }
  return text + line;
}

// Descriptions within seventy-nine columns: the terminal would break them anywhere.
class WrappedHelp : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description());
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, sub->get_name(), wrapped(sub->get_description()), get_column_width());
    return out.str();
  }

 private:
  std::string wrapped(const std::string& text) const {
    return reports::wrap(text, static_cast<int>(kHelpWidth - get_column_width()), 0, 0);
  }
};

OptionText text_of(const CLI::Option& option, std::string name) {
  return {std::move(name), option.get_expected_max() == 0 ? "" : option.get_type_name(),
          option.get_description(), option.get_default_str(),
          option.get_expected_max() > 0 && option.get_expected_min() == 0};
}

}  // namespace

std::span<const CommandSpec> commands() {
  return kCommands;
}
std::span<const Example> examples() {
  return kExamples;
}
std::span<const ExitCode> exit_codes() {
  return kExitCodes;
}
const char* about_program() {
  return kAbout;
}

void add_commands(CLI::App& app, Options& o) {
  app.require_subcommand(0, 1);
  for (const CommandSpec& spec : kCommands) {
    auto* sub = app.add_subcommand(spec.name, spec.about);
    if (!spec.for_people) sub->group("");
    add_arguments(*sub, spec.command, o);
    sub->fallthrough();  // every option is parsed in one place, and judged by check_belongs
  }
}

const CommandSpec* chosen_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return nullptr;
  const std::string name = chosen.front()->get_name();
  return std::find_if(std::begin(kCommands), std::end(kCommands),
                      [&](const CommandSpec& spec) { return spec.name == name; });
}

// Help shows what the command takes, and only that.
std::string help_of(const CommandSpec* command) {
  Options o;
  RawOptions raw;
  CLI::App app(command == nullptr ? kAbout : command->about,
               command == nullptr ? std::string("flashcore-profile")
                                  : fmt::format("flashcore-profile {}", command->name));
  app.formatter(std::make_shared<WrappedHelp>());
  add_options_of(app, command == nullptr ? "" : command->name, {o, raw});
  if (command != nullptr) {
    add_arguments(app, command->command, o);
    if (command->command == Command::kList)
      app.footer(fmt::format("What: {}\nNot every list takes every option.", fmt::join(list_names(), ", ")));
    return app.help();
  }
  app.set_version_flag("--version", "");
  add_commands(app, o);
  app.footer(footer());
  return app.help();
}

std::vector<CommandText> command_texts() {
  std::vector<CommandText> texts;
  const auto add = [&](const CommandSpec* command) {
    Options o;
    RawOptions raw;
    CLI::App app;
    CommandText text{
        command == nullptr ? "" : command->name, command == nullptr ? kAbout : command->about, {}, {}};
    add_options_of(app, text.name, {o, raw});
    if (command != nullptr) add_arguments(app, command->command, o);
    if (command == nullptr) app.set_version_flag("--version", "");
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_lnames().empty()) {
        text.arguments.push_back(text_of(*option, option->get_single_name()));
      } else {
        text.options.push_back(text_of(*option, "--" + option->get_lnames().front()));
      }
    }
    texts.push_back(std::move(text));
  };
  add(nullptr);
  for (const CommandSpec& spec : kCommands) {
    if (spec.for_people) add(&spec);
  }
  return texts;
}

}  // namespace flashcore::cli
