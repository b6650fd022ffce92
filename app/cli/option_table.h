// The options of flashcore-profile and which command takes which: one table for parsing, for help and for the
// error that an option of another command gets.
//
// Owns: static data. Threads: called once from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/options.h"

namespace flashcore::cli {

// What is checked and taken into Options when all is parsed.
struct RawOptions {
  std::vector<std::string> tags;
  std::string device, replay, database, report, json, catalogue, cache, until, smallest, junit, markdown;
};

// Options and raw values that CLI11 writes to; both must outlive the parse.
struct OptionTargets {
  Options& options;
  RawOptions& raw;
};

// Every option, or those of one command ("", "list runs", "show", ...), added to `app`.
void add_all_options(CLI::App& app, OptionTargets targets);
void add_options_of(CLI::App& app, std::string_view command, OptionTargets targets);

// "--db", "--phase", ...: what `command` takes, in the order of the help.
const std::vector<std::string_view>& options_of(std::string_view command);

}  // namespace flashcore::cli
