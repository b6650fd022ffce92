#include "app/session/launch.h"

#include "collectors/device.h"
#include "kernels/phase_index.h"
#include "kernels/prepared_attention.h"

namespace flashcore::session {

core::Status launch_only(const std::string& phase, const core::Problem& problem, int device, int count,
                         std::uint64_t seed) {
  auto descriptor = kernels::find_phase(phase);
  if (!descriptor) return core::fail(descriptor.error());
  if (auto ok = (*descriptor)->supports(problem); !ok) return ok;
  if (auto ok = collectors::use_device(device); !ok) return core::fail(ok.error());
  if ((*descriptor)->available) {
    if (auto ok = (*descriptor)->available(); !ok) return ok;
  }
  auto prepared = kernels::PreparedAttention::create(**descriptor, problem, seed);
  if (!prepared) return core::fail(prepared.error());
  for (int i = 0; i < count; ++i) {
    if (auto ok = (*prepared)->launch(nullptr); !ok) return ok;
  }
  // Copying the answer back waits for all launches and brings their errors to light.
  auto output = (*prepared)->output();
  if (!output) return core::fail(output.error());
  return {};
}

}  // namespace flashcore::session
