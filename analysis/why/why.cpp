#include "analysis/why/why.h"

#include <fmt/format.h>

#include "analysis/run_values.h"
#include "analysis/why/causes.h"
#include "analysis/why/facts.h"
#include "analysis/why/splits.h"

namespace flashcore::analysis {
namespace {

std::string no_time(const CountedRun& side, std::string_view which) {
  const std::string objection = timing_objection(side.run().run);
  return fmt::format("{} has no graph time to split: {}", which,
                     objection.empty()
                         ? "it was not timed here; " + counting_command(side.run().run) + " times it"
                         : objection);
}

}  // namespace

Why why(const RunAnalysis& base, const RunAnalysis& now) {
  const CountedRun before(base), after(now);
  Why why;
  why.changed = changed_facts(before, after);
  if (before.ns() > 0) why.base_ns = before.ns();
  if (after.ns() > 0) why.now_ns = after.ns();
  if (!why.base_ns || !why.now_ns) {
    why.missing = no_time(why.base_ns ? after : before, why.base_ns ? "the later side" : "the base");
    return why;
  }
  why.difference_ns = *why.now_ns - *why.base_ns;
  why.splits = {split_by_clock(before, after),        split_by_kernels(before, after),
                split_by_issue_states(before, after), split_by_instructions(before, after),
                split_by_bytes(before, after),        split_by_launch(before, after)};
  why.causes = find_causes(before, after);
  return why;
}

}  // namespace flashcore::analysis
