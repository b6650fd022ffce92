#include "app/session/launch.h"

#include "collectors/device.h"
#include "core/attention.h"
#include "cuda/nvtx.h"
#include "kernels/bench/attention_data.h"
#include "kernels/bench/prepared_attention.h"
#include "kernels/phase_index.h"

namespace flashcore::session {

core::Status launch_only(const std::string& phase, const core::Problem& problem, int device, int count,
                         std::uint64_t seed, const core::CancelToken& cancel) {
  auto descriptor = kernels::find_phase(phase);
  if (!descriptor) return core::fail(descriptor.error());
  auto attention = core::attention_of(problem);
  if (!attention) return core::fail(attention.error());
  if (auto ok = kernels::check_supported(**descriptor, kernels::contiguous_call(*attention)); !ok) return ok;
  if (auto used = collectors::use_device(device); !used) return core::fail(used.error());
  if ((*descriptor)->available) {
    if (auto ok = (*descriptor)->available(); !ok) return ok;
  }
  const cuda::NvtxRange phase_range(phase);
  const cuda::NvtxRange problem_range(core::problem_label(problem));
  auto data = kernels::bench::AttentionData::create(*attention);
  if (!data) return core::fail(data.error());
  if (auto ok = (*data)->load(core::InputKind::kNormal, seed); !ok) return ok;
  auto prepared = kernels::bench::PreparedAttention::create(**descriptor, *data);
  if (!prepared) return core::fail(prepared.error());
  {
    const cuda::NvtxRange step("launch");
    for (int i = 0; i < count; ++i) {
      if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "stopped");
      if (auto ok = (*prepared)->launch(nullptr); !ok) return ok;
    }
  }
  // Copying the answer back waits for all launches and brings their errors to light.
  auto output = (*prepared)->output();
  if (!output) return core::fail(output.error());
  return {};
}

}  // namespace flashcore::session
