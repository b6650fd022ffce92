// Every counter of the metric catalogue against CUPTI's host API, for every chip that is covered. Needs
// libcupti and neither a driver nor a GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/catalogue.h"
#include "collectors/cupti_plan.h"
#include "collectors/device.h"

namespace flashcore::collectors {
namespace {

using analysis::CounterSet;

constexpr CounterSet kSets[] = {CounterSet::kQuick, CounterSet::kStandard, CounterSet::kFull};

// What CUPTI 13.0 plans for each set in the order that the catalogue gives, and how many of these passes hold
// counters of L2 or DRAM, which cost several times the others (docs/counters.md). More is a fault: look at
// what was added, then let scripts/search_counter_order search anew.
struct Passes {
  std::size_t all, memory;
};
struct Planned {
  const char* chip;
  Passes quick, standard, full;
};
constexpr Planned kPlanned[] = {
    {"GA100", {1, 1}, {10, 2}, {17, 9}}, {"GA102", {1, 1}, {11, 2}, {18, 4}},
    {"AD102", {1, 1}, {11, 2}, {18, 5}}, {"AD104", {1, 1}, {11, 2}, {18, 5}},
    {"GH100", {1, 1}, {12, 2}, {20, 5}}, {"GB100", {1, 1}, {12, 2}, {19, 6}},
    {"GB202", {1, 1}, {12, 2}, {20, 6}},
};
Passes planned_for(std::string_view chip, CounterSet set) {
  for (const Planned& planned : kPlanned) {
    if (chip != planned.chip) continue;
    return set == CounterSet::kQuick      ? planned.quick
           : set == CounterSet::kStandard ? planned.standard
                                          : planned.full;
  }
  ADD_FAILURE() << "no numbers of passes for " << chip;
  return {0, 0};
}

bool lies_in_memory(const std::string& name) {
  for (const char* unit : {"lts__", "dram__", "fbpa__", "gpu__compute_memory", "gpu__dram"}) {
    if (name.starts_with(unit)) return true;
  }
  return false;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += "\n  " + name;
  return text;
}

class CounterNames : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!built_with_cuda()) GTEST_SKIP() << "a viewer build has no CUPTI to ask";
  }
  analysis::Catalogue catalogue_ = analysis::Catalogue::builtin().value();
};

TEST_P(CounterNames, AreKnownToTheChip) {
  for (const CounterSet set : kSets) {
    const std::string set_name(analysis::name_of(set));
    const auto names = catalogue_.counters_for(GetParam(), set);
    const auto plan = plan_counters(GetParam(), names);
    ASSERT_TRUE(plan) << core::to_text(plan.error());
    EXPECT_TRUE(plan->unknown.empty()) << GetParam() << " does not know" << joined(plan->unknown);
    EXPECT_EQ(plan->known.size(), names.size());
    EXPECT_GT(plan->passes, 0u);
    std::printf("%s, set %s: %zu counters in %zu passes\n", GetParam(), set_name.c_str(), names.size(),
                plan->passes);
  }
}

TEST_P(CounterNames, TakeNoMorePassesThanTheyHave) {
  for (const CounterSet set : kSets) {
    const std::string set_name(analysis::name_of(set));
    const auto names = catalogue_.counters_for(GetParam(), set);
    const Passes planned = planned_for(GetParam(), set);
    const auto plan = plan_counters(GetParam(), names);
    ASSERT_TRUE(plan) << core::to_text(plan.error());
    EXPECT_EQ(plan->passes, planned.all) << GetParam() << ", set " << set_name;
    std::vector<std::string> memory;
    std::copy_if(names.begin(), names.end(), std::back_inserter(memory), lies_in_memory);
    const auto dear = plan_counters(GetParam(), memory);
    ASSERT_TRUE(dear) << core::to_text(dear.error());
    EXPECT_EQ(dear->passes, planned.memory) << GetParam() << ", set " << set_name << ", L2 and DRAM";
  }
}

TEST_P(CounterNames, AreInAnOrderThatIsNoWorseThanTheAlphabet) {
  for (const CounterSet set : kSets) {
    auto names = catalogue_.counters_for(GetParam(), set);
    const auto plan = plan_counters(GetParam(), names);
    std::sort(names.begin(), names.end());
    const auto sorted = plan_counters(GetParam(), names);
    ASSERT_TRUE(plan && sorted);
    EXPECT_LE(plan->passes, sorted->passes) << GetParam() << ", set " << analysis::name_of(set);
    if (std::string(GetParam()) == "GH100" && set != CounterSet::kQuick) {
      EXPECT_LT(plan->passes, sorted->passes) << "the search has won nothing";
    }
  }
}

// The siblings of these seven chips (next test) are asked for the full set alone.
INSTANTIATE_TEST_SUITE_P(Chips, CounterNames,
                         ::testing::Values("GA100", "GA102", "AD102", "AD104", "GH100", "GB100", "GB202"),
                         [](const auto& info) { return std::string(info.param); });

TEST(CounterNamesOfSiblings, AreKnownToo) {
  if (!built_with_cuda()) GTEST_SKIP() << "a viewer build has no CUPTI to ask";
  const analysis::Catalogue catalogue = analysis::Catalogue::builtin().value();
  const auto chips = supported_chips();
  ASSERT_TRUE(chips) << core::to_text(chips.error());
  const std::set<std::string> supported(chips->begin(), chips->end());
  for (const char* chip : {"GA103", "GA104", "GA106", "GA107", "AD103", "AD106", "AD107", "GB102", "GB203",
                           "GB205", "GB206", "GB207"}) {
    if (!supported.contains(chip)) {
      std::printf("%s is not known to this CUPTI, not asked\n", chip);
      continue;
    }
    const auto plan = plan_counters(chip, catalogue.counters_for(chip, CounterSet::kFull));
    ASSERT_TRUE(plan) << core::to_text(plan.error());
    EXPECT_TRUE(plan->unknown.empty()) << chip << " does not know" << joined(plan->unknown);
  }
}

}  // namespace
}  // namespace flashcore::collectors
