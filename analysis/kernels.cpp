#include "analysis/kernels.h"

#include <algorithm>

#include "analysis/aggregate.h"

namespace flashcore::analysis {
namespace {

// Takes what `joined` lacks from `other`; says whether there was any.
bool fill(core::ResourceRecord& joined, const core::ResourceRecord& other) {
  bool took = false;
  const auto take = [&](auto& mine, const auto& theirs) {
    if (mine || !theirs) return;
    mine = theirs;
    took = true;
  };
  take(joined.registers, other.registers);
  take(joined.static_shared_bytes, other.static_shared_bytes);
  take(joined.dynamic_shared_bytes, other.dynamic_shared_bytes);
  take(joined.stack_bytes, other.stack_bytes);
  take(joined.spill_store_bytes, other.spill_store_bytes);
  take(joined.spill_load_bytes, other.spill_load_bytes);
  take(joined.local_bytes, other.local_bytes);
  take(joined.binary_bytes, other.binary_bytes);
  take(joined.binary_arch, other.binary_arch);
  take(joined.theoretical_occupancy, other.theoretical_occupancy);
  take(joined.blocks_per_sm, other.blocks_per_sm);
  if (joined.occupancy_limiter.empty() && !other.occupancy_limiter.empty()) {
    joined.occupancy_limiter = other.occupancy_limiter;
    took = true;
  }
  return took;
}

KernelResources& of_ordinal(std::vector<KernelResources>& all, int ordinal) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const KernelResources& k) { return k.kernel.ordinal >= ordinal; });
  if (at != all.end() && at->kernel.ordinal == ordinal) return *at;
  KernelResources fresh;
  fresh.kernel.ordinal = fresh.resources.kernel = ordinal;
  return *all.insert(at, std::move(fresh));
}

}  // namespace

std::vector<KernelResources> kernel_resources(const core::RunRecord& run) {
  std::vector<KernelResources> all;
  for (const core::KernelRecord& kernel : run.kernels) of_ordinal(all, kernel.ordinal).kernel = kernel;

  std::vector<const core::MeasurementRecord*> measurements;
  for (const core::MeasurementRecord& m : run.measurements) measurements.push_back(&m);
  std::stable_sort(measurements.begin(), measurements.end(), [](const auto* a, const auto* b) {
    const auto rank = [](const auto* m) {
      return m->collector == "resources" ? -1 : collector_rank(m->collector);
    };
    return rank(a) < rank(b);
  });
  for (const core::MeasurementRecord* measurement : measurements) {
    for (const core::ResourceRecord& told : measurement->resources) {
      KernelResources& kernel = of_ordinal(all, told.kernel);
      if (kernel.sources.empty()) {
        kernel.resources = told;
      } else if (fill(kernel.resources, told) && !told.provenance.empty()) {
        std::string& provenance = kernel.resources.provenance;
        provenance += provenance.empty() ? told.provenance : " + " + told.provenance;
      }
      kernel.sources.push_back(&told);
    }
  }
  return all;
}

}  // namespace flashcore::analysis
