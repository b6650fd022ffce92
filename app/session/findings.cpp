#include "app/session/findings.h"

#include <cstdlib>

#include "app/session/replay.h"
#include "collectors/doctor.h"

namespace flashcore::session {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

Finding display() {
  for (const char* name : {"WAYLAND_DISPLAY", "DISPLAY"}) {
    if (is_set(name)) return {"display", true, std::string(name) + "=" + std::getenv(name), ""};
  }
  return {"display", false, "neither DISPLAY nor WAYLAND_DISPLAY is set",
          "the desktop app needs a display: log in with one, use `ssh -X`, or open the database or the HTML "
          "report on another machine"};
}

Finding recording() {
  auto path = shipped_recording();
  if (!path) return {"recording", false, path.error().message, path.error().hint};
  auto text = describe_recording(*path);
  if (!text) return {"recording", false, text.error().message, text.error().hint};
  return {"recording", true, *text, ""};
}

}  // namespace

std::vector<Finding> examine(int device) {
  std::vector<Finding> findings;
  for (const auto& f : collectors::examine_machine(device)) {
    findings.push_back({f.id, f.ok, f.detail, f.remedy});
  }
  findings.push_back(display());
  findings.push_back(recording());
  return findings;
}

}  // namespace flashcore::session
