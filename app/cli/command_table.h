// The commands of flashcore-profile: what each is for, what it takes, the examples and the exit codes. Help,
// the manual page and the completions of shells are written from here and from app/cli/option_table.h, so
// that there is one description.
//
// Owns: static data. Threads: called from main. Errors: none.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <vector>

#include "app/cli/options.h"

namespace flashcore::cli {

struct CommandSpec {
  Command command;
  const char* name;
  const char* about;
  bool for_people = true;
};
std::span<const CommandSpec> commands();

struct Example {
  const char* command;
  const char* what;  // may be empty
};
std::span<const Example> examples();

struct ExitCode {
  int code;
  const char* what;
};
std::span<const ExitCode> exit_codes();

// What the program is for, in one sentence.
const char* about_program();

void add_commands(CLI::App& app, Options& options);
const CommandSpec* chosen_command(const CLI::App& app);

// What the command takes, and only that; nullptr: the program's own.
std::string help_of(const CommandSpec* command);

// An option or an argument as pages and shells tell of it.
struct OptionText {
  std::string name;  // "--phase"; of an argument "run"
  std::string type;  // "NAME[,NAME]"; empty: a flag
  std::string help;
  std::string preset;  // its default; may be empty
  bool value_may_lack = false;
};
struct CommandText {
  std::string name;  // empty: the program without a command
  std::string about;
  std::vector<OptionText> arguments, options;
};
// For people, the program itself first.
std::vector<CommandText> command_texts();

}  // namespace flashcore::cli
