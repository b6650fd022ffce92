// The registry of collectors: one entry a collector. Command line, worker protocol, orchestration and app
// read it and carry ids; a new collector is one entry here and its own files (docs/collectors.md, whose
// steps a test follows).
//
// Owns: static data. Threads: any. Errors: find_collector offers the nearest names (kUsage).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors {

// Where a collector works. kTiming: in the process that times, which never loads CUPTI. kHelper: in a
// process of its own that stays warm from run to run; its crash costs nothing that was taken before.
// kOutside: it starts a tool of its own (ncu), from the process that times.
enum class Place { kTiming, kHelper, kOutside };

struct CollectorEntry {
  std::string_view id;     // "cupti"
  std::string_view title;  // "Counters by CUPTI"
  std::string_view takes;  // one sentence: what it measures
  std::string_view needs;  // "a GPU and the right to read its counters"; for people
  Place place = Place::kTiming;
  int order = 0;            // lower goes first; all runs of a session pass one place before the next
  double cost = 1;          // share of a run's time, for progress
  bool by_default = false;  // taken where nobody chose
  bool always = false;      // cheap and taken with every run (resources)
  bool counts = false;      // takes counters; a refusal falls through to the next that does (see `falls_to`)
  std::string_view falls_to;  // id of the collector to try where this one is refused; empty: none
  std::function<std::unique_ptr<Collector>(const CollectOptions&)> make;
};

class Registry {
 public:
  explicit Registry(std::vector<CollectorEntry> entries);  // sorted by order
  std::span<const CollectorEntry> entries() const { return entries_; }
  const CollectorEntry* find(std::string_view id) const;  // null where there is none
  // The entries that a list of ids stands for, with those that are always taken, by order; for an empty
  // list those by default. kUsage with the nearest names.
  core::Result<std::vector<const CollectorEntry*>> choose(std::span<const std::string> ids) const;

 private:
  std::vector<CollectorEntry> entries_;
};

// resources, timing, cupti, ncu.
const Registry& registry();

}  // namespace flashcore::collectors
