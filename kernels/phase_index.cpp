#include "kernels/phase_index.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "core/nearest.h"
#include "kernels/phase_table.h"

namespace flashcore::kernels {

std::vector<const PhaseDescriptor*> phases(bool with_hidden) {
  std::vector<const PhaseDescriptor*> found;
  for (const PhaseEntry& entry : phase_table()) {
    if (with_hidden || !entry.descriptor->info.hidden) found.push_back(entry.descriptor);
  }
  const auto place = [](const PhaseDescriptor* phase) {
    const core::PhaseInfo& info = phase->info;
    return std::tuple(info.hidden, info.reference, info.rung, info.id);
  };
  std::sort(found.begin(), found.end(), [&](auto* a, auto* b) { return place(a) < place(b); });
  return found;
}

core::Result<const PhaseDescriptor*> find_phase(std::string_view id) {
  for (const PhaseEntry& entry : phase_table()) {
    if (entry.descriptor->info.id == id) return entry.descriptor;
  }
  std::vector<std::string> names;
  for (const PhaseDescriptor* phase : phases()) names.emplace_back(phase->info.id);
  return core::fail(core::unknown_name("phase", id, names));
}

std::string_view phase_hash(std::string_view id) noexcept {
  for (const PhaseEntry& entry : phase_table()) {
    if (entry.descriptor->info.id == id) return entry.hash;
  }
  return {};
}

#if !FLASHCORE_CUDA
std::span<const CompilerReport> compiler_reports() noexcept {
  return {};
}
#endif

}  // namespace flashcore::kernels
