// Reads what a phase chooses by (DeviceTraits) from the CUDA runtime.
//
// Owns: nothing. Threads: any. Errors: kNoDevice without a toolkit or such a device, kDevice with the
// driver's text.
#pragma once

#include "core/result.h"
#include "kernels/planned_launch.h"

namespace flashcore::kernels {

// Kept a device for the life of the process: the second call costs nothing.
core::Result<DeviceTraits> read_device_traits(int ordinal);

// Of the calling thread's current device.
core::Result<DeviceTraits> current_device_traits();

}  // namespace flashcore::kernels
