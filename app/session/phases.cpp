#include "app/session/phases.h"

#include "kernels/phase_index.h"

namespace flashcore::session {

std::vector<core::PhaseInfo> list_phases() {
  std::vector<core::PhaseInfo> infos;
  for (const auto* phase : kernels::phases()) infos.push_back(phase->info);
  return infos;
}

}  // namespace flashcore::session
