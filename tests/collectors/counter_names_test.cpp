// Every counter of the metric catalogue against CUPTI's host API, for every chip that is covered. Needs
// libcupti and neither a driver nor a GPU.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "collectors/cupti_plan.h"
#include "collectors/device.h"

namespace flashcore::collectors {
namespace {

using analysis::CounterSet;

constexpr CounterSet kSets[] = {CounterSet::kQuick, CounterSet::kStandard, CounterSet::kFull};

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
    // One by one, counters would take a pass each: packed they take far fewer.
    EXPECT_LE(plan->passes, names.size() / 2) << set_name;
    if (set == CounterSet::kQuick) {
      EXPECT_LE(plan->passes, 2u);
    }
    std::printf("%s, set %s: %zu counters in %zu passes\n", GetParam(), set_name.c_str(), names.size(),
                plan->passes);
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
