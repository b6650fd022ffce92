#include "collectors/registry.h"

#include <algorithm>
#include <utility>

#include "collectors/cupti.h"
#include "collectors/ncu.h"
#include "collectors/resources.h"
#include "collectors/timing.h"
#include "core/nearest.h"

namespace flashcore::collectors {

Registry::Registry(std::vector<CollectorEntry> entries) : entries_(std::move(entries)) {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const CollectorEntry& a, const CollectorEntry& b) { return a.order < b.order; });
}

const CollectorEntry* Registry::find(std::string_view id) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const CollectorEntry& e) { return e.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

core::Result<std::vector<const CollectorEntry*>> Registry::choose(std::span<const std::string> ids) const {
  for (const std::string& id : ids) {
    if (find(id) != nullptr) continue;
    std::vector<std::string> known;
    for (const CollectorEntry& entry : entries_) known.emplace_back(entry.id);
    return core::fail(core::unknown_name("collector", id, known));
  }
  std::vector<const CollectorEntry*> chosen;
  for (const CollectorEntry& entry : entries_) {
    const bool asked =
        ids.empty() ? entry.by_default : std::find(ids.begin(), ids.end(), entry.id) != ids.end();
    if (entry.always || asked) chosen.push_back(&entry);
  }
  return chosen;
}

const Registry& registry() {
  static const Registry all({
      {.id = "resources",
       .title = "Resources",
       .takes = "registers, shared memory, spills and theoretical occupancy of each kernel, a library's too",
       .needs = "nothing; a GPU adds what the driver says",
       .place = Place::kTiming,
       .order = 10,
       .cost = 0.02,
       .always = true,
       .make = [](const CollectOptions&) { return std::make_unique<ResourcesCollector>(); }},
      {.id = "timing",
       .title = "Timing",
       .takes = "how long a launch takes, one by one and in a CUDA graph, several runs in turns, with the SM "
                "clock stamped on the GPU beside each sample",
       .needs = "a GPU",
       .place = Place::kTiming,
       .order = 20,
       .cost = 1,
       .by_default = true,
       .make =
           [](const CollectOptions& options) {
             return std::make_unique<TimingCollector>(TimingOptions{
                 .warmup = options.warmup, .iterations = options.iterations, .cache = options.cache});
           }},
      {.id = "cupti",
       .title = "Counters by CUPTI",
       .takes = "hardware counters of each kernel, several runs in the same passes, in a helper process that "
                "stays warm with its configuration",
       .needs = "a GPU, libcupti and the right to read counters",
       .place = Place::kHelper,
       .order = 30,
       .cost = 2,
       .by_default = true,
       .counts = true,
       .falls_to = "ncu",
       .make =
           [](const CollectOptions& options) {
             return std::make_unique<CuptiCollector>(options.counters, options.counter_set, options.cache);
           }},
      {.id = "ncu",
       .title = "Counters by Nsight Compute",
       .takes = "the same counters, or ncu's own sets, by running each run's launches under ncu",
       .needs = "a GPU, Nsight Compute's ncu and the right to read counters",
       .place = Place::kOutside,
       .order = 40,
       .cost = 10,
       .counts = true,
       .make = [](const CollectOptions& options) { return make_ncu_collector(options); }},
  });
  return all;
}

}  // namespace flashcore::collectors
