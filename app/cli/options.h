// Options: what a command line asked for, checked for form but not yet for sense. Each command takes the
// options that concern it and no other: one that it does not use is an error that names those it takes.
//
// Owns: its strings. Threads: plain values. Errors: kUsage with the nearest names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::cli {

enum class Command {
  kProfile,
  kList,
  kShow,
  kReport,
  kImport,
  kDoctor,
  kWorker,
  kHelper,
  kLaunch,
  kRecord,
  kText
};

struct Options {
  Command command = Command::kProfile;
  std::string text;  // kText: --help or --version, to be printed as it is

  std::vector<std::string> phases;  // empty: all of them
  std::vector<std::string> shapes;
  bool causal = false;
  std::vector<std::string> collect;  // ids of the registry; empty: those by default
  bool ncu = false;                  // ncu in place of whatever else counts
  std::string ncu_path;
  std::vector<std::string> ncu_sets;
  bool keep_report = false;
  std::string nvtx;
  std::string set = "standard";
  int warmup = 20, iterations = 100;
  std::optional<core::CacheState> cache;  // nothing: warm; of a replay and of lists all of them
  int device = 0;
  std::string device_name;  // list runs: part of the device's name
  std::uint64_t seed = 0;
  bool strict = false;
  std::optional<std::string> database, report, json,
      replay;  // json "-": standard output; replay "": the shipped one
  std::optional<std::string> catalogue;
  core::Tags tags;

  std::string list_what;                  // list
  std::string chip;                       // list counters
  std::string since;                      // list runs
  int limit = 50;                         // list runs
  core::RowId before = 0;                 // list runs
  std::string run;                        // show: a number, latest, latest~1
  core::RowId session = 0;                // report: 0 is the newest
  int count = 1;                          // launch
  std::string record_to;                  // record
  std::vector<std::string> import_files;  // import
  bool quiet = false;
  bool verbose = false;
  std::vector<std::string> idle;  // given beside --replay, which has no use for them
};

core::Result<Options> parse_options(int argc, const char* const* argv);

// What `list` can list.
const std::vector<std::string>& list_names();

}  // namespace flashcore::cli
