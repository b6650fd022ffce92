#include "app/session/helper_pool.h"

#include <algorithm>
#include <utility>

#include "app/session/measurement_json.h"

namespace flashcore::session {

using core::fail;
using Clock = std::chrono::steady_clock;

core::Result<HelperPool::Warm*> HelperPool::begun(const std::string& collector, int device,
                                                  std::span<const std::string> subjects) {
  Warm& warm = helpers_[collector];
  if (warm.helper && warm.device == device && warm.helper->alive()) return &warm;
  warm.helper.reset();  // its memory on the device is given back before the next one takes some
  auto fresh = make_();
  if (auto ok = fresh->begin(collector, device, subjects); !ok) return fail(ok.error());
  warm = {std::move(fresh), device, std::nullopt};
  return &warm;
}

core::Status HelperPool::begin(const std::string& collector, int device,
                               std::span<const std::string> subjects) {
  const auto warm = begun(collector, device, subjects);
  return warm ? core::Status() : fail(warm.error());
}

core::Result<Helper*> HelperPool::ready(const std::string& collector, int device,
                                        const collectors::CollectOptions& options,
                                        std::span<const HelperTask> ahead) {
  const std::string wanted = options_json(options);
  if (const auto known = helpers_.find(collector); known != helpers_.end()) {
    const auto& started = known->second.options;
    if (started && *started != wanted) drop(collector);
  }
  auto warm = begun(collector, device, {});
  if (!warm) return fail(warm.error());
  Helper& helper = *(*warm)->helper;
  // Before its set-up: what is prepared is launched, which must not go on while this process times.
  if (!ahead.empty()) {
    if (auto ok = helper.prepare(ahead); !ok) return fail(ok.error());
  }
  if (!(*warm)->options) {
    if (auto ok = helper.start(options); !ok) return fail(ok.error());
    (*warm)->options = wanted;
  }
  return &helper;
}

void HelperPool::drop_begun() {
  std::erase_if(helpers_, [](const auto& entry) { return !entry.second.options; });
}

void HelperPool::end(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  for (auto& [collector, warm] : helpers_) {
    if (warm.helper) warm.helper->end();
  }
  for (auto& [collector, warm] : helpers_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (warm.helper && patience.count() > 0)
      warm.helper->await_end(std::max(left, std::chrono::milliseconds(0)));
  }
}

}  // namespace flashcore::session
