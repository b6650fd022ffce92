// CatalogueBuilder: TOML text to sections and metrics, with every rule of docs/metrics.md checked.
// Layers: what a later layer defines replaces what an earlier one defined under the same id.
//
// Owns: what was parsed. Threads: one.
// Errors: kUsage, "FILE:LINE: what is wrong", with the rule as the hint.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/catalogue.h"
#include "core/result.h"

namespace flashcore::analysis {

class CatalogueBuilder {
 public:
  // Formulas of a trusted layer (the compiled-in one, which the tests evaluate whole) are not compiled
  // here: that would cost more than all the rest. Those of other layers are, and their examples computed.
  core::Status add_file(std::string_view file, std::string_view text, int layer, bool trusted);

  // Checks what needs all files, expands chip families and sorts.
  core::Status finish(std::vector<Section>& sections, std::vector<Metric>& metrics);

 private:
  struct Origin {
    std::string where;  // "tensor.toml:12"
    int layer = 0;
    bool trusted = false;
  };
  struct Entry {
    Metric metric;
    Origin origin;
    std::vector<std::string> formula_origins;
  };
  struct Reader;

  core::Status check_formula(const Metric& metric, const MetricFormula& formula, const std::string& where,
                             bool trusted) const;
  core::Status expand_chips(Metric& metric, const Entry& entry) const;

  std::map<std::string, std::vector<std::string>> families_;
  std::map<std::string, Origin> family_origins_;
  std::vector<Section> sections_;
  std::map<std::string, Origin> section_origins_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> entry_of_;
};

}  // namespace flashcore::analysis
