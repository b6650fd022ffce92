#include "app/session/collectors.h"

#include "collectors/registry.h"

namespace flashcore::session {

std::vector<CollectorInfo> list_collectors() {
  std::vector<CollectorInfo> infos;
  for (const auto& entry : collectors::registry().entries()) {
    infos.push_back({std::string(entry.id), std::string(entry.title), std::string(entry.takes),
                     std::string(entry.needs), entry.by_default, entry.always, entry.counts,
                     std::string(entry.falls_to)});
  }
  return infos;
}

core::Status check_collectors(const std::vector<std::string>& ids) {
  auto chosen = collectors::registry().choose(ids);
  return chosen ? core::Status() : core::fail(chosen.error());
}

}  // namespace flashcore::session
