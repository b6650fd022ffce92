#include "analysis/why/cause_table.h"

namespace flashcore::analysis {
namespace {

using Names = std::vector<std::string_view>;

const Names kInstructions = {"instructions"};
const Names kLocal = {"local_ld_instructions", "local_st_instructions"};
const Names kGlobal = {"global_ld_instructions", "global_st_instructions", "cp_async_instructions"};
const Names kThroughL1 = {"global_ld_instructions", "global_st_instructions", "cp_async_instructions",
                          "local_ld_instructions", "local_st_instructions"};
// Copies write shared memory without being an access to it.
const Names kIntoShared = {"shared_ld_instructions", "shared_st_instructions", "ldmatrix_instructions",
                           "cp_async_instructions"};
const Names kShared = {"shared_ld_instructions", "shared_st_instructions", "ldmatrix_instructions"};

std::vector<CauseRule> rules() {
  return {
      {.id = kSpillsCause,
       .slower = "registers spill",
       .faster = "fewer registers spill",
       .states = {{"long_scoreboard"},
                  {"lg_throttle"},
                  {"drain", 0.5},
                  {"mio_throttle", 0.5},
                  {"wait", 0.25},
                  {"barrier", 0.5}},
       .evidence = {{kLocal, kInstructions, 0.002}, {{"spill_bytes"}, {}, 4}},
       .shown = {{"spilled", {"spill_bytes"}, {}, "B a thread"},
                 {"registers", {"registers"}, {}, "#"},
                 {"local memory instructions", kLocal, {}, "#"}}},
      {.id = "uncoalesced",
       .slower = "accesses to global memory are coalesced worse",
       .faster = "accesses to global memory are coalesced better",
       .states = {{"long_scoreboard"},
                  {"lg_throttle"},
                  {"drain", 0.5},
                  {"mio_throttle", 0.5},
                  {"short_scoreboard", 0.25},
                  {"barrier", 0.5}},
       .evidence = {{{"l1_bytes"}, kThroughL1, 16}, {{"l1_bytes"}, {"pipe_lsu_instructions"}, 4}},
       .shown = {{"bytes through L1 an access", {"l1_bytes"}, kThroughL1, "B"},
                 {"bytes from L2", {"l2_to_l1_bytes"}, {}, "B"}}},
      {.id = "l1_misses",
       .slower = "less of what is read comes out of L1",
       .faster = "more of what is read comes out of L1",
       .states = {{"long_scoreboard"}, {"lg_throttle", 0.5}},
       .evidence = {{{"l2_to_l1_bytes"}, {"l1_bytes"}, 0.02}},
       .shown = {{"L1 hit rate", {"l1_hit_rate"}, {}, "%"}, {"bytes from L2", {"l2_to_l1_bytes"}, {}, "B"}}},
      {.id = "l2_misses",
       .slower = "more comes from DRAM",
       .faster = "less comes from DRAM",
       .states = {{"long_scoreboard"}, {"drain", 0.5}},
       .evidence = {{{"dram_bytes"}, {"l2_bytes"}, 0.05}},
       .shown = {{"DRAM bytes", {"dram_bytes"}, {}, "B"}, {"L2 hit rate", {"l2_hit_rate"}, {}, "%"}}},
      {.id = "bank_conflicts",
       .slower = "shared memory has bank conflicts",
       .faster = "shared memory has fewer bank conflicts",
       .states = {{"short_scoreboard"},
                  {"mio_throttle"},
                  {"barrier", 0.5},
                  {"lg_throttle", 0.5},
                  {"long_scoreboard", 0.5},
                  {"math_pipe_throttle", 0.25},
                  {"wait", 0.25}},
       .evidence = {{{"shared_wavefronts"}, kIntoShared, 0.5}},
       .shown = {{"wavefronts of a shared access", {"shared_wavefronts"}, kIntoShared, "1"},
                 {"shared wavefronts lost to conflicts", {"shared_conflict_share"}, {}, "%"}}},
      {.id = "tensor",
       .slower = "more tensor products, which take long",
       .faster = "fewer tensor products",
       .states = {{"math_pipe_throttle"}, {"dispatch_stall", 0.5}},
       .evidence = {{{"tensor_instructions"}, {}, 1}},
       .shown = {{"tensor instructions", {"tensor_instructions"}, {}, "#"},
                 {"tensor pipe active", {"tensor_pipe_active"}, {}, "%"}}},
      {.id = "occupancy",
       .slower = "fewer warps hide the waiting",
       .faster = "more warps hide the waiting",
       .sign = -1,
       .states = {{"*"}},
       .evidence = {{{"active_warps"}, {}, 0.5}},
       .shown = {{"warps on a busy SM", {"active_warps"}, {}, "1"},
                 {"theoretical occupancy", {"theoretical_occupancy"}, {}, "%"}}},
  };
}

}  // namespace

const std::vector<CauseRule>& cause_rules() {
  static const std::vector<CauseRule> table = rules();
  return table;
}

const std::vector<StateDriver>& state_drivers() {
  static const std::vector<StateDriver> table = {{"global_accesses",
                                                  "more accesses to global memory",
                                                  "fewer accesses to global memory",
                                                  kGlobal,
                                                  {"long_scoreboard", "lg_throttle", "drain"}},
                                                 {"shared_accesses",
                                                  "more accesses to shared memory",
                                                  "fewer accesses to shared memory",
                                                  kShared,
                                                  {"short_scoreboard", "mio_throttle"}},
                                                 {"special_functions",
                                                  "more special functions",
                                                  "fewer special functions",
                                                  {"pipe_xu_instructions"},
                                                  {"short_scoreboard", "mio_throttle"}},
                                                 {"tensor",
                                                  "more tensor products, which take long",
                                                  "fewer tensor products",
                                                  {"tensor_instructions"},
                                                  {"gmma"}}};
  return table;
}

const std::vector<StateCause>& state_causes() {
  static const std::vector<StateCause> table = {
      {"barrier", "synchronisation", "warps wait longer for each other", "warps wait less for each other"},
      {"membar", "synchronisation", "warps wait longer for each other", "warps wait less for each other"},
      {"no_instruction", "instruction_fetch", "instructions come late", "instructions come sooner"},
      {"branch_resolving", "instruction_fetch", "instructions come late", "instructions come sooner"},
      {"imc_miss", "instruction_fetch", "instructions come late", "instructions come sooner"},
      {"wait", "dependencies", "instructions wait longer for the one before them",
       "instructions wait less for the one before them"},
      {"math_pipe_throttle", "pipes", "arithmetic pipes are in the way more",
       "arithmetic pipes are in the way less"},
      {"dispatch_stall", "pipes", "arithmetic pipes are in the way more",
       "arithmetic pipes are in the way less"},
      {"no_warp", "balance", "subpartitions have no warp for longer at the start and the end",
       "subpartitions have no warp for a shorter time at the start and the end"},
      {"gmma", "tensor", "warps wait longer for warpgroup products",
       "warps wait less for warpgroup products"}};
  return table;
}

}  // namespace flashcore::analysis
