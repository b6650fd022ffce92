// What can make a warp wait: the table behind analysis/why/causes.cpp. A cause is a candidate for the time of
// some stall reasons; its evidence is a number per instruction or per access, and how strongly that moved,
// times how well it explains a reason (`weight`), is its claim. docs/why.md tells the rule.
//
// Owns: static data. Threads: any. Errors: none.
#pragma once

#include <string_view>
#include <vector>

namespace flashcore::analysis {

struct CauseState {
  std::string_view state;  // id of an issue state; "*" for every reason to wait
  double weight = 1;       // 1: the state is what this cause makes; less: it may be
};

// A number that moves with the cause: sum of metrics over sum of metrics. `floor`: less of it than this is
// none.
struct Evidence {
  std::vector<std::string_view> over, under;
  double floor = 0;
};

// A number of both sides for the sentence: "registers 64 -> 32".
struct Shown {
  std::string_view title;
  std::vector<std::string_view> over, under;
  std::string_view unit;  // of analysis/units.h; "#" for whole numbers
};

struct CauseRule {
  std::string_view id;
  std::string_view slower, faster;  // what it is called where the evidence says more, and less
  int sign = 1;                     // -1: less of the evidence takes longer
  std::vector<CauseState> states;
  std::vector<Evidence> evidence;  // the first that both sides have
  std::vector<Shown> shown;
};

// Ids that have no rule in the table.
inline constexpr std::string_view kClockCause = "clock", kBlocksCause = "blocks",
                                  kInstructionsCause = "instructions", kSpillsCause = "spills",
                                  kUnexplained = "unexplained";

const std::vector<CauseRule>& cause_rules();

// What makes warps enter a state: the time of a state is that number times the time of each. Where nothing
// stands here, or it was not counted, that is all instructions.
struct StateDriver {
  std::string_view id;  // of the cause that a change of the number is
  std::string_view slower, faster;
  std::vector<std::string_view> metrics, states;
};
const std::vector<StateDriver>& state_drivers();

// States that are a cause by themselves, for what no rule of the table claims of them.
struct StateCause {
  std::string_view state, id, slower, faster;
};
const std::vector<StateCause>& state_causes();

}  // namespace flashcore::analysis
