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
  kCompare,
  kHistory,
  kWhy,
  kGate,
  kManual,
  kCompletion,
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
  std::string run;                        // show: a word for runs (app/session/run_words.h)
  core::RowId session = 0;                // report: 0 is the newest
  int count = 1;                          // launch
  std::string record_to;                  // record
  std::vector<std::string> import_files;  // import
  std::vector<std::string> words;         // compare, why: base and now, words for runs or sides to measure
  std::string runs, base;                 // gate, report: words for runs; empty: not given
  bool measure = false, anyway = false;   // compare
  std::optional<double> until;            // compare --measure, relative: 0.005 is 0.5%
  double smallest = 0.01;                 // relative effect that matters
  int rounds = 0;                         // compare --measure
  double seconds = 0;                     // compare --measure; 0: no limit
  bool all_metrics = false;               // compare: those that did not change, too
  std::string metric = "duration";        // history
  bool ascii = false;                     // plots of characters
  std::vector<std::string> sections;      // show
  std::string gate_file;                  // gate
  std::optional<std::string> junit, markdown;  // gate, compare, report: files to write; "-": standard output
  std::string shell;                      // completion
  bool quiet = false;
  bool verbose = false;
  std::vector<std::string> idle;  // given beside --replay, which has no use for them
};

core::Result<Options> parse_options(int argc, const char* const* argv);

// What `list` can list.
const std::vector<std::string>& list_names();

}  // namespace flashcore::cli
