// What the library has: versions and the list of phases.
#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "core/build_info.h"
#include "kernels/c_api/flashcore_kernels.h"
#include "kernels/c_api/last_error.h"
#include "kernels/c_api/structs.h"
#include "kernels/phase_index.h"

namespace flashcore::c_api {
namespace {

// Texts with a zero at their end, which a view need not have. fc_phase_info points into them.
struct Texts {
  explicit Texts(const core::PhaseInfo& info)
      : id(info.id), title(info.title), idea(info.idea), builds_on(info.builds_on), problems(info.problems) {}
  std::string id, title, idea, builds_on, problems;
};

struct Listed {
  const core::PhaseInfo* info;
  Texts texts;
};

const std::vector<Listed>& listed() {
  static const std::vector<Listed> list = [] {
    std::vector<Listed> made;
    for (const kernels::PhaseDescriptor* phase : kernels::phases())
      made.push_back({&phase->info, Texts(phase->info)});
    return made;
  }();
  return list;
}

fc_phase_info info_of(const Listed& phase) {
  fc_phase_info info{};
  info.id = phase.texts.id.c_str();
  info.title = phase.texts.title.c_str();
  info.idea = phase.texts.idea.c_str();
  info.builds_on = phase.texts.builds_on.c_str();
  info.problems = phase.texts.problems.c_str();
  info.rung = phase.info->rung;
  info.reference = phase.info->reference ? 1 : 0;
  info.min_compute = phase.info->min_compute;
  return info;
}

constexpr std::size_t kLeastInfo = offsetof(fc_phase_info, reserved) + sizeof(fc_phase_info::reserved);

}  // namespace
}  // namespace flashcore::c_api

using namespace flashcore;

extern "C" {

int32_t fc_version(void) noexcept {
  return FLASHCORE_KERNELS_VERSION;
}

const char* fc_build(void) noexcept {
  const char* text = "";
  (void)c_api::guarded([&]() -> fc_status {
    static const std::string built = [] {
      const core::BuildInfo& info = core::build_info();
      return fmt::format("{}, {}, kernels {}", info.version,
                         info.cuda_toolkit.empty() ? "no CUDA" : fmt::format("CUDA {}", info.cuda_toolkit),
                         kernels::kernels_hash().substr(0, 12));
    }();
    text = built.c_str();
    return FC_OK;
  });
  return text;
}

size_t fc_phase_count(void) noexcept {
  size_t count = 0;
  (void)c_api::guarded([&]() -> fc_status {
    count = c_api::listed().size();
    return FC_OK;
  });
  return count;
}

fc_status fc_phase_at(size_t index, fc_phase_info* info) noexcept {
  return c_api::guarded([&]() -> fc_status {
    if (const fc_status status = c_api::check_room("fc_phase_info", info, c_api::kLeastInfo);
        status != FC_OK) {
      return status;
    }
    const auto& list = c_api::listed();
    if (index >= list.size()) {
      return c_api::failed({core::ErrorCode::kUsage,
                            fmt::format("there is no phase {}: there are {}", index, list.size()),
                            "phases are counted from 0 to fc_phase_count() - 1",
                            {}});
    }
    c_api::give_struct(c_api::info_of(list[index]), info);
    return FC_OK;
  });
}

}  // extern "C"
