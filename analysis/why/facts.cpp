#include "analysis/why/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/describe.h"
#include "analysis/kernels.h"
#include "analysis/why/attribution.h"
#include "analysis/why/shown_numbers.h"

namespace flashcore::analysis {
namespace {

constexpr double kLeastFact = 0.02;  // counted numbers that moved by less are not told

struct CountedFact {
  const char* title;
  const char* metric;
  const char* unit;
};
constexpr std::array<CountedFact, 11> kCounted = {{{"instructions", "instructions", "#"},
                                                   {"L1 bytes", "l1_bytes", "B"},
                                                   {"L2 bytes", "l2_bytes", "B"},
                                                   {"DRAM bytes", "dram_bytes", "B"},
                                                   {"L1 hit rate", "l1_hit_rate", "%"},
                                                   {"L2 hit rate", "l2_hit_rate", "%"},
                                                   {"shared wavefronts", "shared_wavefronts", "#"},
                                                   {"busy SM cycles", "sm_busy", "%"},
                                                   {"warps on a busy SM", "active_warps", "1"},
                                                   {"tensor pipe active", "tensor_pipe_active", "%"},
                                                   {"SM clock", "sm_clock", "Hz"}}};

std::string dimensions(const std::optional<core::Extent3>& extent) {
  if (!extent) return "unknown";
  if (extent->y == 1 && extent->z == 1) return fmt::format("{}", extent->x);
  return fmt::format("{} x {} x {}", extent->x, extent->y, extent->z);
}

class FactList {
 public:
  void text(const std::string& of, const std::string& title, const std::string& before,
            const std::string& after) {
    if (before != after && !before.empty() && !after.empty())
      facts_.push_back(fmt::format("{}{} {} -> {}", of, title, before, after));
  }
  template <typename Number>
  void number(const std::string& of, const std::string& title, const std::optional<Number>& before,
              const std::optional<Number>& after, std::string_view unit) {
    if (before && after && *before != *after) {
      facts_.push_back(fmt::format("{}{} {}", of, title,
                                   from_to(static_cast<double>(*before), static_cast<double>(*after), unit)));
    }
  }
  std::vector<std::string> take() { return std::move(facts_); }

 private:
  std::vector<std::string> facts_;
};

std::optional<double> percent(const std::optional<double>& share) {
  return share ? std::optional(100 * *share) : std::nullopt;
}

void kernel_facts(FactList& facts, const std::string& of, const KernelResources& before,
                  const KernelResources& after) {
  const core::ResourceRecord &a = before.resources, &b = after.resources;
  facts.text(of, "kernel", before.kernel.name, after.kernel.name);
  facts.text(of, "blocks", dimensions(before.kernel.grid), dimensions(after.kernel.grid));
  facts.text(of, "threads of a block", dimensions(before.kernel.block), dimensions(after.kernel.block));
  facts.number(of, "registers", a.registers, b.registers, "#");
  facts.number(of, "static shared memory", a.static_shared_bytes, b.static_shared_bytes, "B");
  facts.number(of, "dynamic shared memory", a.dynamic_shared_bytes, b.dynamic_shared_bytes, "B");
  facts.number(of, "spill stores", a.spill_store_bytes, b.spill_store_bytes, "B a thread");
  facts.number(of, "spill loads", a.spill_load_bytes, b.spill_load_bytes, "B a thread");
  facts.number(of, "theoretical occupancy", percent(a.theoretical_occupancy),
               percent(b.theoretical_occupancy), "%");
  facts.number(of, "blocks that fit on an SM", a.blocks_per_sm, b.blocks_per_sm, "#");
  facts.text(of, "occupancy limited by", a.occupancy_limiter, b.occupancy_limiter);
}

}  // namespace

std::vector<std::string> changed_facts(const CountedRun& base, const CountedRun& now) {
  FactList facts;
  const auto before = kernel_resources(base.run().run), after = kernel_resources(now.run().run);
  facts.text("", "kernels of a launch", std::to_string(before.size()), std::to_string(after.size()));
  facts.text("", "chosen", launch_choice(base.run().run), launch_choice(now.run().run));
  const bool several = before.size() > 1 || after.size() > 1;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    kernel_facts(facts, several ? fmt::format("kernel {}: ", i + 1) : "", before[i], after[i]);
  }
  facts.number("", "waves", base.metric("waves"), now.metric("waves"), "1");
  for (const CountedFact& fact : kCounted) {
    const auto a = base.metric(fact.metric), b = now.metric(fact.metric);
    if (!a || !b || *a == *b) continue;
    const bool moved = *a == 0 || *b == 0 || std::abs(log_ratio(*a, *b)) > kLeastFact;
    if (moved) facts.number("", fact.title, a, b, fact.unit);
  }
  return facts.take();
}

}  // namespace flashcore::analysis
