#include "app/session/devices.h"

#include "collectors/device.h"

namespace flashcore::session {

core::Result<std::vector<core::DeviceRecord>> list_devices() {
  return collectors::list_devices();
}

}  // namespace flashcore::session
