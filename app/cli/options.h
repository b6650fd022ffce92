// Options: what a command line asked for, checked for form but not yet for sense.
//
// Owns: its strings. Threads: plain values. Errors: kUsage with the nearest names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::cli {

enum class Command { kProfile, kList, kShow, kReport, kDoctor, kWorker, kLaunch, kRecord, kText };

struct Options {
  Command command = Command::kProfile;
  std::string text;  // kText: --help or --version, to be printed as it is

  std::vector<std::string> phases{"all"};
  std::vector<std::string> shapes;
  bool causal = false;
  std::vector<std::string> collect{"timing", "cupti"};
  std::string set = "standard";
  int warmup = 20, iterations = 100, device = 0;
  std::uint64_t seed = 0;
  bool strict = false;
  std::optional<std::string> database, report, json, replay;  // replay "": the shipped recording
  std::optional<std::string> catalogue;
  std::map<std::string, std::string> tags;

  std::string list_what;    // list
  std::string chip;         // list counters
  core::RowId run = 0;      // show
  core::RowId session = 0;  // report: 0 is the newest
  int count = 1;            // launch
  std::string record_to;    // record
  bool quiet = false;
};

core::Result<Options> parse_options(int argc, const char* const* argv);

}  // namespace flashcore::cli
