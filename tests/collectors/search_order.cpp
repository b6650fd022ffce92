// Searches for the order of a set's counters that gives CUPTI the fewest passes, and writes it as a piece of
// analysis/catalogue/order.toml (docs/counters.md says how it works; scripts/search_counter_order runs it).
// Needs libcupti and neither a driver nor a GPU.
//
//   search_order GH100 @gh100 standard SECONDS [SEED] > piece.toml
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "collectors/cupti_plan.h"

namespace flashcore::collectors {
namespace {

using Names = std::vector<std::string>;
using Bin = std::vector<int>;  // places in the names; what one pass holds

bool in_memory(std::string_view name) {
  return name.starts_with("lts__") || name.starts_with("dram__") || name.starts_with("fbpa__");
}

class Search {
 public:
  // `fixed` come first and in their order: those of the smaller set.
  Search(std::string chip, Names fixed, Names names, double seconds, unsigned seed)
      : chip_(std::move(chip)), fixed_(fixed.size()), random_(seed), seconds_(seconds) {
    std::sort(names.begin(), names.end());
    names_ = std::move(fixed);
    for (std::string& name : names) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(std::move(name));
    }
  }

  // The best order found of what is not fixed, and CUPTI's own count of the passes: of all, of the counters
  // in L2 and DRAM alone, and of all in alphabetical order.
  struct Found {
    Names order;
    std::size_t passes = std::numeric_limits<std::size_t>::max();
    std::size_t memory_passes = 0, alphabetical = 0;
  };
  Found run() {
    Found found;
    Names sorted = names_;
    std::sort(sorted.begin(), sorted.end());
    found.alphabetical = passes(sorted);
    const Bin memory = order_memory();
    keep(found, memory, {});
    const double bins_until = seconds_ / 2;
    while (elapsed() < bins_until) {
      std::vector<Bin> bins = fill(memory);
      const std::size_t fixed = fixed_bins(bins);
      keep(found, memory, bins);
      const double until = std::min(bins_until, elapsed() + seconds_ / 6);
      while (elapsed() < until) {
        if (empty_one(bins, fixed, until)) keep(found, memory, bins);
      }
    }
    climb(found, memory.size());
    Names dear;
    std::copy_if(found.order.begin(), found.order.end(), std::back_inserter(dear), in_memory);
    found.memory_passes = dear.empty() ? 0 : passes(dear);
    found.order.erase(found.order.begin(), found.order.begin() + static_cast<std::ptrdiff_t>(fixed_));
    return found;
  }

 private:
  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  Names names_of(const Bin& places) const {
    Names names;
    for (const int place : places) names.push_back(names_[static_cast<std::size_t>(place)]);
    return names;
  }
  std::size_t passes(const Names& names) const {
    const auto plan = plan_counters(chip_, names);
    if (!plan || !plan->unknown.empty()) {
      fmt::print(stderr, "{}\n", plan ? "unknown: " + plan->unknown.front() : core::to_text(plan.error()));
      std::exit(2);
    }
    return plan->passes;
  }
  bool fits(Bin bin) {
    std::sort(bin.begin(), bin.end());
    const auto [known, is_new] = fits_.try_emplace(bin, false);
    if (is_new) known->second = passes(names_of(bin)) == 1;
    return known->second;
  }

  // The dear ones alone: a few names, so that shuffling them finds the least.
  Bin order_memory() {
    Bin best;
    for (std::size_t i = fixed_; i < names_.size(); ++i) {
      if (in_memory(names_[i])) best.push_back(static_cast<int>(i));
    }
    if (best.empty()) return best;
    std::size_t least = passes(names_of(best));
    for (int i = 0; i < 200 && least > 1 && elapsed() < seconds_ / 5; ++i) {
      Bin other = best;
      std::shuffle(other.begin(), other.end(), random_);
      const std::size_t now = passes(names_of(other));
      if (now < least) least = now, best = std::move(other);
    }
    return best;
  }

  // First fit: the fixed ones, the dear ones, then the others in a random order.
  std::vector<Bin> fill(const Bin& memory) {
    Bin fixed(fixed_);
    std::iota(fixed.begin(), fixed.end(), 0);
    Bin rest;
    for (std::size_t i = fixed_; i < names_.size(); ++i) {
      if (!in_memory(names_[i])) rest.push_back(static_cast<int>(i));
    }
    std::shuffle(rest.begin(), rest.end(), random_);
    std::vector<Bin> bins;
    for (const Bin* list : {static_cast<const Bin*>(&fixed), &memory, static_cast<const Bin*>(&rest)}) {
      for (const int place : *list) {
        const auto room = std::find_if(bins.begin(), bins.end(), [&](const Bin& bin) {
          Bin more = bin;
          more.push_back(place);
          return fits(more);
        });
        if (room != bins.end()) {
          room->push_back(place);
        } else {
          bins.push_back({place});
        }
      }
    }
    return bins;
  }
  // A counter that stays in its pass: one of the smaller set, or a dear one.
  bool stays(int place) const {
    const auto at = static_cast<std::size_t>(place);
    return at < fixed_ || in_memory(names_[at]);
  }
  std::size_t fixed_bins(const std::vector<Bin>& bins) const {
    std::size_t fixed = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      if (std::any_of(bins[i].begin(), bins[i].end(), [&](int place) { return stays(place); })) fixed = i + 1;
    }
    return fixed;
  }

  bool put(std::vector<Bin>& bins, std::size_t into, int place) {
    Bin more = bins[into];
    more.push_back(place);
    if (!fits(more)) return false;
    bins[into] = std::move(more);
    return true;
  }

  // Moves one counter out of the smallest bin, into another or in exchange for one that fits elsewhere. True
  // when the bin is gone.
  bool empty_one(std::vector<Bin>& bins, std::size_t fixed, double until) {
    if (bins.size() <= fixed + 1) return false;
    std::size_t from = fixed;
    for (std::size_t i = fixed; i < bins.size(); ++i) {
      if (bins[i].size() < bins[from].size()) from = i;
    }
    if (below(8) == 0) from = fixed + below(bins.size() - fixed);
    while (!bins[from].empty() && elapsed() < until) {
      if (!move_out(bins, from) && below(40) == 0) return false;
    }
    if (!bins[from].empty()) return false;
    bins.erase(bins.begin() + static_cast<std::ptrdiff_t>(from));
    return true;
  }
  bool move_out(std::vector<Bin>& bins, std::size_t from) {
    const std::size_t at = below(bins[from].size());
    const int place = bins[from][at];
    const auto left = [&] { bins[from].erase(bins[from].begin() + static_cast<std::ptrdiff_t>(at)); };
    for (std::size_t i = 0; i < bins.size(); ++i) {
      if (i != from && put(bins, i, place)) return left(), true;
    }
    for (int tries = 0; tries < 6; ++tries) {
      const std::size_t other = below(bins.size());
      if (other == from || bins[other].empty()) continue;
      const std::size_t which = below(bins[other].size());
      const int out = bins[other][which];
      if (stays(out)) continue;
      Bin exchanged = bins[other];
      exchanged[which] = place;
      if (!fits(exchanged)) continue;
      for (std::size_t i = 0; i < bins.size(); ++i) {
        if (i == from || i == other || !put(bins, i, out)) continue;
        bins[other] = std::move(exchanged);
        return left(), true;
      }
      Bin back = bins[from];
      back[at] = out;
      if (below(4) == 0 && fits(back)) {
        bins[other] = std::move(exchanged);
        bins[from] = std::move(back);
        return false;
      }
    }
    return false;
  }

  // Moves a few names and keeps what is no worse: CUPTI splits a counter of many raw ones over passes, which
  // the bins do not, so that this finds a pass less on some chips.
  void climb(Found& found, std::size_t memory) {
    const std::size_t first = fixed_ + memory;
    if (found.order.size() < first + 2) return;
    while (elapsed() < seconds_) {
      Names order = found.order;
      for (std::size_t moves = 1 + below(4); moves > 0; --moves) {
        const auto from = order.begin() + static_cast<std::ptrdiff_t>(first + below(order.size() - first));
        std::string name = std::move(*from);
        order.erase(from);
        order.insert(order.begin() + static_cast<std::ptrdiff_t>(first + below(order.size() + 1 - first)),
                     std::move(name));
      }
      const std::size_t now = passes(order);
      if (now > found.passes) continue;
      if (now < found.passes) fmt::print(stderr, "{:.0f} s: {} passes\n", elapsed(), now);
      found.passes = now;
      found.order = std::move(order);
    }
  }

  // What CUPTI itself makes of the bins one behind the other: it splits a counter of many raw ones over
  // passes, which the bins do not, so that it can need fewer.
  void keep(Found& found, const Bin& memory, const std::vector<Bin>& bins) {
    Names order(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(fixed_));
    for (std::string& name : names_of(memory)) order.push_back(std::move(name));
    for (const Bin& bin : bins) {
      for (std::string& name : names_of(bin)) {
        if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(std::move(name));
      }
    }
    for (const std::string& name : names_) {
      if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    }
    const std::size_t now = passes(order);
    if (now > found.passes || (now == found.passes && !bins.empty())) return;
    if (now < found.passes) fmt::print(stderr, "{:.0f} s: {} passes\n", elapsed(), now);
    found.passes = now;
    found.order = std::move(order);
  }

  std::string chip_;
  std::size_t fixed_;  // of the names, the first
  Names names_;
  std::mt19937 random_;
  double seconds_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::map<Bin, bool> fits_;
};

int search(int count, char** arguments) {
  if (count < 5) {
    fmt::print(stderr, "usage: search_order CHIP @FAMILY SET SECONDS [SEED]\n");
    return 2;
  }
  const auto set = analysis::parse_counter_set(arguments[3]);
  const auto catalogue = analysis::Catalogue::builtin();
  if (!set || !catalogue) {
    fmt::print(stderr, "{}\n", core::to_text(set ? catalogue.error() : set.error()));
    return 2;
  }
  const unsigned seed = count > 5 ? static_cast<unsigned>(std::strtoul(arguments[5], nullptr, 10)) : 1;
  Names fixed;
  if (*set == analysis::CounterSet::kFull) {
    fixed = catalogue->counters_for(arguments[1], analysis::CounterSet::kStandard);
  }
  Search search(arguments[1], std::move(fixed), catalogue->counters_for(arguments[1], *set),
                std::strtod(arguments[4], nullptr), seed);
  const auto found = search.run();
  fmt::print("# {}: {} passes, {} of them with L2 or DRAM; in alphabetical order {}.\n", arguments[1],
             found.passes, found.memory_passes, found.alphabetical);
  fmt::print("[[order]]\nchips = [\"{}\"]\nset = \"{}\"\ncounters = \"\"\"\n", arguments[2], arguments[3]);
  for (const std::string& name : found.order) fmt::print("{}\n", name);
  fmt::print("\"\"\"\n");
  return 0;
}

}  // namespace
}  // namespace flashcore::collectors

int main(int count, char** arguments) {
  return flashcore::collectors::search(count, arguments);
}
