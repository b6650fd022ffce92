#include "app/session/doctor.h"

#include <cstdlib>

#include "app/session/replay.h"

namespace flashcore::session {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

collectors::Finding display() {
  for (const char* name : {"WAYLAND_DISPLAY", "DISPLAY"}) {
    if (is_set(name)) return {"display", true, std::string(name) + "=" + std::getenv(name), ""};
  }
  return {"display", false, "neither DISPLAY nor WAYLAND_DISPLAY is set",
          "the desktop app needs a display: log in with one, use `ssh -X`, or open the database or the HTML "
          "report on another machine"};
}

collectors::Finding recording() {
  auto path = shipped_recording();
  if (!path) return {"recording", false, path.error().message, path.error().hint};
  auto text = describe_recording(*path);
  if (!text) return {"recording", false, text.error().message, text.error().hint};
  return {"recording", true, *text, ""};
}

}  // namespace

std::vector<collectors::Finding> examine(int device) {
  auto findings = collectors::examine_machine(device);
  findings.push_back(display());
  findings.push_back(recording());
  return findings;
}

}  // namespace flashcore::session
