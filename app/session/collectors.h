// The collectors that there are, for faces that list and offer them. They come from the registry
// (collectors/registry.h): a new collector appears here by itself.
//
// Owns: its strings. Threads: any. Errors: kUsage with the nearest names.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace flashcore::session {

struct CollectorInfo {
  std::string id, title, takes, needs;
  bool by_default = false;
  bool always = false;   // taken with every run, chosen or not
  bool counts = false;   // takes counters
  std::string falls_to;  // what is tried where it is refused; may be empty
};

std::vector<CollectorInfo> list_collectors();
core::Status check_collectors(const std::vector<std::string>& ids);

}  // namespace flashcore::session
