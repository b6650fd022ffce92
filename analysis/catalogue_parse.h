// CatalogueBuilder: files of TOML to one catalogue, with every rule of docs/metrics.md checked that needs
// more than one table. Layers: what a later layer defines replaces what an earlier one defined under the same
// id.
//
// Owns: what was parsed. Threads: one.
// Errors: kUsage, "FILE:LINE: what is wrong", with the rule as the hint.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/catalogue_reader.h"
#include "core/result.h"

namespace flashcore::analysis {

// What a catalogue is made of, checked.
struct CatalogueParts {
  std::vector<Section> sections;  // in order
  std::vector<Metric> metrics;    // by section
  SpeedOfLightSpec speed_of_light;
  std::vector<CounterOrder> orders;
};

class CatalogueBuilder {
 public:
  // Formulas of a trusted layer (the compiled-in one, which the tests evaluate whole) are not compiled
  // here: that would cost more than all the rest. Those of other layers are, and their examples computed.
  core::Status add_file(std::string_view file, std::string_view text, int layer, bool trusted);

  // Checks what needs all files, expands chip families and sorts. Once a builder.
  core::Result<CatalogueParts> finish();

 private:
  struct Origin {
    std::string where;  // "tensor.toml:12"
    int layer = 0;
    bool trusted = false;
  };
  template <typename Value>
  struct Entry {
    std::string id;
    Value value;
    Origin origin;
  };
  template <typename Value>
  using Entries = std::vector<Entry<Value>>;

  template <typename Value>
  core::Status put(Entries<Value>& into, std::string_view what, std::string id, Placed<Value> placed,
                   int layer, bool trusted);
  core::Status check_metric(const Entry<ReadMetric>& entry) const;
  core::Status expand_chips(std::vector<std::string>& chips, const std::string& what,
                            const std::string& where) const;
  core::Status expand_formulas(Entry<ReadMetric>& entry) const;
  core::Status check_speed_of_light() const;
  core::Result<std::vector<CounterOrder>> take_orders();

  std::map<std::string, std::vector<std::string>> families_;
  Entries<Section> sections_;
  Entries<ReadMetric> metrics_;
  Entries<BarSpec> bars_;
  Entries<NodeSpec> nodes_;
  Entries<ArrowSpec> arrows_;
  Entries<CounterOrder> orders_;
};

}  // namespace flashcore::analysis
