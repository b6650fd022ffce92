#include "analysis/why/causes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/units.h"
#include "analysis/why/attribution.h"
#include "analysis/why/cause_table.h"
#include "analysis/why/shown_numbers.h"
#include "analysis/why/splits.h"

namespace flashcore::analysis {
namespace {

// Evidence that moved by less is noise of counting.
constexpr double kLeastMove = 0.03;  // natural logarithm: 3 %
// Waiting may grow faster than what makes it, for queues fill: evidence that doubled may claim a state that
// grew fourfold, and no more.
constexpr double kReach = 2;
// Of the times: less is what rounding left.
constexpr double kRounding = 1e-14;
// What counts as the change of a state that was not there before.
const double kMostMove = std::log(50.0);

// Where the time of one state went.
struct StateShare {
  std::string title;
  double base = 0, now = 0;  // ns of the launch in it
  double ns = 0;
};

struct Account {
  std::string slower, faster;  // what it is called, by its sign
  double ns = 0;
  std::vector<StateShare> states;  // that it was given time of
};

struct Claim {
  const CauseRule* rule = nullptr;
  double move = 0;  // of the evidence, signed: above zero takes longer
};

// What warps enter a state for: how often on both sides, and the cause that a change of it is.
struct Driver {
  std::string_view id, slower, faster;
  double base = 0, now = 0;
};

constexpr std::string_view kNothing = "nothing that was counted explains it";

class CauseFinder {
 public:
  CauseFinder(const CountedRun& base, const CountedRun& now) : base_(base), now_(now) {}

  std::vector<WhyCause> find() {
    scale_ = log_mean(now_.ns(), base_.ns());
    double left = difference() - take_clock();
    if (!base_.states() || !now_.states()) {
      add(kUnexplained, split_by_issue_states(base_, now_).missing, left);
      return ranked();
    }
    const double reach0 = reached(base_), reach1 = reached(now_);
    const double blocks = -scale_ * log_ratio(reach0, reach1);
    add(kBlocksCause, blocks > 0 ? "fewer SMs have a block" : "more SMs have a block", blocks);
    take_states(left - blocks, reach0, reach1);
    return ranked();
  }

 private:
  double difference() const { return now_.ns() - base_.ns(); }

  void add(std::string_view id, std::string_view title, double ns) {
    Account& account = accounts_[std::string(id)];
    if (ns != 0) (ns > 0 ? account.slower : account.faster) = title;
    account.ns += ns;
  }

  double take_clock() {
    if (!base_.clock() || !now_.clock()) return 0;
    const double ns = -scale_ * log_ratio(base_.clock()->hz, now_.clock()->hz);
    add(kClockCause, ns > 0 ? "the clock is lower" : "the clock is higher", ns);
    return ns;
  }

  // Share of the SMs that a block of the grid reaches at all, the mean over the kernels' time. What it leaves
  // idle is idle for as long as the launch takes; beside it an SM is without warps at the start and the end.
  static double reached(const CountedRun& run) {
    double reach = 0;
    for (const KernelShare& kernel : run.run().kernels) {
      const double share = run.run().kernels.size() == 1 ? 1 : kernel.share.value_or(-1);
      if (share < 0 || !kernel.kernel.grid || !run.run().run.device || run.run().run.device->sm_count <= 0)
        return 1;
      const auto blocks = static_cast<double>(kernel.kernel.grid->count());
      reach += share * std::min(1.0, blocks / run.run().run.device->sm_count);
    }
    return std::clamp(reach, run.states()->busy, 1.0);
  }

  // The cycles of the SMs that have a block, `whole` ns of the difference, state by state: first what how
  // often a state is entered makes of it, then the rest, which is how long each time takes.
  void take_states(double whole, double reach0, double reach1) {
    for (const CauseRule& rule : cause_rules()) {
      if (const double move = move_of(rule); std::abs(move) > kLeastMove) claims_.push_back({&rule, move});
    }
    instructions_ = all_instructions();
    const double f0 = base_.clock() && now_.clock() ? base_.clock()->hz : 1;
    const double f1 = base_.clock() && now_.clock() ? now_.clock()->hz : 1;
    const double cycles0 = base_.ns() * f0, cycles1 = now_.ns() * f1;
    const double weight = scale_ / log_mean(cycles1 * reach1, cycles0 * reach0);
    double left = whole;
    for (WhyPart part : split_by_issue_states(base_, now_).parts) {
      const bool no_warp = part.id == "no_warp";
      const double x0 = cycles0 * (*part.base / 100 - (no_warp ? 1 - reach0 : 0));
      const double x1 = cycles1 * (*part.now / 100 - (no_warp ? 1 - reach1 : 0));
      part.base = 100 * x0 / cycles0, part.now = 100 * x1 / cycles1;
      const std::vector<Driver> drivers = drivers_of(part.id);
      double n0 = 0, n1 = 0;
      for (const Driver& driver : drivers) n0 += driver.base, n1 += driver.now;
      double waiting = weight * (x1 - x0);
      left -= waiting;
      // L(x) ln(n1 / n0) = L(x) / L(n) (n1 - n0), and n is the sum of the drivers.
      const double each = n0 > 0 && n1 > 0 ? weight * log_mean(x1, x0) / log_mean(n1, n0) : 0;
      for (const Driver& driver : drivers) {
        const double ns = each * (driver.now - driver.base);
        give(part, driver.id, ns > 0 ? driver.slower : driver.faster, ns);
        waiting -= ns;
      }
      const double grew = x0 > 0 && x1 > 0 ? log_ratio(x0, x1) - log_ratio(n0, n1) : kMostMove;
      hand_out(part, waiting, std::abs(grew));
    }
    add(kUnexplained, kNothing, left);  // rounding alone
  }

  // What a state's warps wait for, one by one; the numbers of two drivers of one state add up.
  std::vector<Driver> drivers_of(const std::string& state) const {
    if (state == "no_warp") return {};  // no instruction makes it
    std::vector<Driver> drivers;
    double n0 = 0, n1 = 0;
    for (const StateDriver& driver : state_drivers()) {
      if (std::find(driver.states.begin(), driver.states.end(), state) == driver.states.end()) continue;
      const auto before = base_.sum(driver.metrics), after = now_.sum(driver.metrics);
      if (!before || !after) continue;
      drivers.push_back({driver.id, driver.slower, driver.faster, *before, *after});
      n0 += *before, n1 += *after;
    }
    if (n0 > 0 && n1 > 0) return drivers;
    return instructions_;
  }

  // All instructions, those for spilled registers by themselves.
  std::vector<Driver> all_instructions() const {
    Driver local{kSpillsCause, "registers spill", "fewer registers spill"};
    Driver rest{kInstructionsCause, "more instructions", "fewer instructions"};
    for (const InstructionKind& kind : instruction_kinds(base_, now_)) {
      Driver& driver = kind.id == "local" ? local : rest;
      driver.base += kind.base, driver.now += kind.now;
    }
    return {local, rest};
  }

  double move_of(const CauseRule& rule) const {
    for (const Evidence& evidence : rule.evidence) {
      const auto before = base_.ratio(evidence.over, evidence.under);
      const auto after = now_.ratio(evidence.over, evidence.under);
      if (!before || !after) continue;
      return rule.sign * log_ratio(std::max(*before, evidence.floor), std::max(*after, evidence.floor));
    }
    return 0;
  }

  void give(const WhyPart& state, std::string_view id, std::string_view title, double ns) {
    if (ns == 0) return;
    add(id, title, ns);
    accounts_[std::string(id)].states.push_back(
        {state.title, *state.base / 100 * base_.ns(), *state.now / 100 * now_.ns(), ns});
  }

  // `ns` of waiting in one state, which grew (or shrank) `grew`-fold an instruction, to those that claim it.
  void hand_out(const WhyPart& state, double ns, double grew) {
    double claimed = 0;
    const auto claim_on = [&](const Claim& claim) {
      if (state.id == "issued" || state.id == "no_warp" || claim.move * ns <= 0) return 0.0;
      for (const CauseState& its : claim.rule->states) {
        if (its.state == "*" || its.state == state.id) return its.weight * std::abs(claim.move);
      }
      return 0.0;
    };
    for (const Claim& claim : claims_) claimed += claim_on(claim);
    double left = ns;
    if (claimed > 0) {
      const double explained = grew > 0 ? std::min(1.0, kReach * claimed / grew) : 1.0;
      for (const Claim& claim : claims_) {
        const double part = ns * explained * claim_on(claim) / claimed;
        give(state, claim.rule->id, claim.move > 0 ? claim.rule->slower : claim.rule->faster, part);
        left -= part;
      }
    }
    for (const StateCause& cause : state_causes()) {
      if (cause.state != state.id) continue;
      give(state, cause.id, left > 0 ? cause.slower : cause.faster, left);
      return;
    }
    give(state, kUnexplained, kNothing, left);
  }

  static std::optional<double> all_blocks(const CountedRun& run) {
    double blocks = 0;
    for (const KernelShare& kernel : run.run().kernels) {
      if (!kernel.kernel.grid) return std::nullopt;
      blocks += static_cast<double>(kernel.kernel.grid->count());
    }
    return blocks > 0 ? std::optional(blocks) : std::nullopt;
  }

  std::vector<WhyCause> ranked() {
    std::vector<WhyCause> causes;
    for (auto& [id, account] : accounts_) {
      if (std::abs(account.ns) <= kRounding * (base_.ns() + now_.ns())) continue;
      const std::string& title = account.ns > 0 ? account.slower : account.faster;
      WhyCause cause{id, title.empty() ? account.slower + account.faster : title, account.ns, 0, "", {}};
      if (difference() != 0) cause.share = account.ns / difference();
      tell(cause, account);
      causes.push_back(std::move(cause));
    }
    std::stable_sort(causes.begin(), causes.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.ns) > std::abs(b.ns); });
    return causes;
  }

  void tell(WhyCause& cause, Account& account) const {
    std::vector<std::string> evidence = evidence_of(cause);
    std::stable_sort(account.states.begin(), account.states.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.ns) > std::abs(b.ns); });
    const std::size_t told = cause.id == kUnexplained ? 3 : 1;
    for (std::size_t i = 0; i < std::min(told, account.states.size()); ++i) {
      const StateShare& state = account.states[i];
      if (std::abs(state.ns) < 0.05 * std::abs(cause.ns)) break;
      evidence.push_back(fmt::format("{} {} -> {}", lower_first(state.title), format_duration_ns(state.base),
                                     format_duration_ns(state.now)));
    }
    cause.sentence =
        fmt::format("{} of {}: {}{}{}", format_duration_ns(cause.ns), format_duration_ns(difference()),
                    cause.title, evidence.empty() ? "" : ": ", fmt::join(evidence, ", "));
  }

  std::vector<std::string> evidence_of(WhyCause& cause) const {
    if (cause.id == kClockCause)
      return {fmt::format("{:.0f} MHz -> {:.0f} MHz", base_.clock()->hz * 1e-6, now_.clock()->hz * 1e-6)};
    if (cause.id == kInstructionsCause) return told_instructions(cause);
    if (cause.id == kBlocksCause) return told_blocks();
    std::vector<std::string> told;
    for (const StateDriver& driver : state_drivers()) {
      if (driver.id != cause.id || driver.id == "tensor") continue;
      told.push_back(both_numbers(base_, now_, {"instructions for it", driver.metrics, {}, "#"}));
      cause.metrics.insert(cause.metrics.end(), driver.metrics.begin(), driver.metrics.end());
    }
    for (const CauseRule& rule : cause_rules()) {
      if (rule.id != cause.id) continue;
      for (const Shown& shown : rule.shown) {
        const std::string numbers = both_numbers(base_, now_, shown);
        if (numbers.empty()) continue;
        told.push_back(numbers);
        for (const auto* ids : {&shown.over, &shown.under})
          cause.metrics.insert(cause.metrics.end(), ids->begin(), ids->end());
      }
    }
    return told;
  }

  std::vector<std::string> told_blocks() const {
    std::vector<std::string> told;
    const auto before = all_blocks(base_), after = all_blocks(now_);
    if (before && after) told.push_back(fmt::format("blocks {}", from_to(*before, *after, "#")));
    const auto& device = base_.run().run.device;
    if (device) told.push_back(fmt::format("{} SMs", device->sm_count));
    told.push_back(fmt::format("cycles with warps {}",
                               from_to(100 * base_.states()->busy, 100 * now_.states()->busy, "%")));
    return told;
  }

  std::vector<std::string> told_instructions(WhyCause& cause) const {
    cause.metrics.emplace_back("instructions");
    std::vector<std::string> told = {
        from_to(*base_.metric("instructions"), *now_.metric("instructions"), "#")};
    std::vector<InstructionKind> kinds = instruction_kinds(base_, now_);
    std::erase_if(kinds, [](const InstructionKind& kind) { return kind.id == "local"; });  // spills have them
    std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
      return std::abs(a.now - a.base) > std::abs(b.now - b.base);
    });
    for (std::size_t i = 0; i < std::min<std::size_t>(3, kinds.size()); ++i) {
      if (kinds[i].now == kinds[i].base) break;
      told.push_back(
          fmt::format("{} {}", lower_first(kinds[i].title), from_to(kinds[i].base, kinds[i].now, "#")));
    }
    return told;
  }

  const CountedRun& base_;
  const CountedRun& now_;
  double scale_ = 0;
  std::vector<Claim> claims_;
  std::vector<Driver> instructions_;
  std::map<std::string, Account> accounts_;
};

}  // namespace

std::vector<WhyCause> find_causes(const CountedRun& base, const CountedRun& now) {
  return CauseFinder(base, now).find();
}

}  // namespace flashcore::analysis
