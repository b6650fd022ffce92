// Results of gates for tests of their forms: one row of each state, and one of names that would break out of
// each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/attention.h"
#include "reports/gate_text.h"

namespace flashcore::tests {

// Rows point into the file, so neither is copied.
struct GateFixture {
  analysis::GateFile file;
  analysis::GateResult result;

  GateFixture() = default;
  GateFixture(GateFixture&&) = default;
  GateFixture(const GateFixture&) = delete;

  reports::GateView view(bool strict = false) const {
    return {file, result, "the 3 runs of session 4", strict};
  }

  void add_row(std::size_t limit, analysis::GateState state, std::string label, std::string value,
               std::string sentence) {
    analysis::GateRow row;
    row.limit = &file.limits.at(limit);
    row.label = std::move(label);
    row.state = state;
    row.value = std::move(value);
    row.allowed = "at most 120 registers";
    row.sentence = std::move(sentence);
    if (state != analysis::GateState::kMissing) {
      row.run = 7;
      row.runs = 3;
      row.measured = 142;
    }
    result.rows.push_back(std::move(row));
  }
};

inline analysis::GateLimit gate_limit(const std::string& name, const std::string& reason) {
  analysis::GateLimit limit;
  limit.name = name;
  limit.line = 3;
  limit.metric = "registers";
  limit.title = "Registers of a thread";
  limit.unit = "registers";
  limit.max = 120;
  limit.reason = reason;
  return limit;
}

inline GateFixture usual_gate() {
  using enum analysis::GateState;
  GateFixture gate;
  gate.file.name = "gates.toml";
  gate.file.limits.push_back(gate_limit("registers", "two blocks an SM"));
  analysis::GateLimit change = gate_limit("no slower than main", "");
  change.kind = analysis::GateKind::kChange;
  change.metric = "duration";
  change.max.reset();
  change.base = "main";
  change.max_change = 0.02;
  gate.file.limits.push_back(change);
  gate.file.limits.push_back(gate_limit("of a phase to come", ""));
  gate.file.limits.back().optional = true;
  gate.add_row(0, kKept, "wmma on mission", "96 registers", "Registers of a thread is 96 registers");
  gate.add_row(0, kBroken, "fused on mission", "142 registers", "Registers of a thread is 142 registers");
  gate.add_row(1, kAmbiguous, "wmma on mission", "+1.50 % (-0.50 to +3.50)",
               "AMBIGUOUS; 4 more runs would decide");
  gate.result.rows.back().measured = 0.015;
  gate.result.rows.back().low = -0.005;
  gate.result.rows.back().high = 0.035;
  gate.add_row(1, kMissing, "fused on mission", "missing", "main holds no run of fused on mission");
  gate.add_row(2, kMissing, "tuned", "missing", "no run of phase 'tuned'");
  gate.result.notes.push_back(
      "wmma on mission: 1 run(s) of other builds were left out, the newest build is judged");
  return gate;
}

// Of imports and databases that somebody else made. "\xFF" is no UTF-8, U+FFFE no character of XML.
inline std::string hostile_name() {
  using namespace std::string_literals;
  return "\x1b[31mred\x07 ]]> --> </failure><x a='1' b=\"2\">&amp; | `code` *b* _i_ [l](http://x.test) "
         "@somebody #1 \n\r\n| a | b |\n\0nul \xE2\x80\xAE\x64\x65 \xEF\xBF\xBE \xFF "
         "<script>alert(1)</script> "
         "www.x.test"s;
}

inline GateFixture hostile_gate() {
  using enum analysis::GateState;
  GateFixture gate;
  gate.file.name = hostile_name();
  gate.file.limits.push_back(gate_limit(hostile_name(), hostile_name()));
  for (const auto state : {kKept, kBroken, kAmbiguous, kMissing}) {
    gate.add_row(0, state, hostile_name(), hostile_name(), hostile_name());
    gate.result.rows.back().allowed = hostile_name();
  }
  gate.result.notes.push_back(hostile_name());
  return gate;
}

}  // namespace flashcore::tests
