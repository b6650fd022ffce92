// The GPUs of this machine, for faces that only list them.
//
// Owns: nothing. Errors: kNoDevice with the remedy. Threads: any.
#pragma once

#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::session {

core::Result<std::vector<core::DeviceRecord>> list_devices();

}  // namespace flashcore::session
