// One TOML file of the catalogue as plain values, each with the place where it stands. Rules that one table
// can keep alone are checked here (keys, types, lengths); what needs other tables is CatalogueBuilder's.
//
// Owns: nothing. Threads: pure functions.
// Errors: kUsage, "FILE:LINE: what is wrong", with the rule as the hint.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/catalogue.h"
#include "core/result.h"

namespace flashcore::analysis {

// A value and where it was written: "tensor.toml:12".
template <typename Value>
struct Placed {
  Value value;
  std::string where;
};

struct ChipFamily {
  std::string name;  // "gh100"
  std::vector<std::string> chips;
};

struct ReadMetric {
  Metric metric;
  std::vector<std::string> formula_places;
  std::vector<std::string> guard_places;
};

struct CatalogueFile {
  std::vector<Placed<ChipFamily>> families;
  std::vector<Placed<Section>> sections;
  std::vector<Placed<ReadMetric>> metrics;
  std::vector<Placed<BarSpec>> bars;
  std::vector<Placed<NodeSpec>> nodes;
  std::vector<Placed<ArrowSpec>> arrows;
  std::vector<Placed<CounterOrder>> orders;
};

core::Result<CatalogueFile> read_catalogue_file(std::string_view file, std::string_view text);

}  // namespace flashcore::analysis
