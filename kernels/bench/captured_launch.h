// Which kernels a launch enqueues, found by capturing one in a CUDA graph and reading its nodes: the
// only way to know what a library chose.
//
// Owns: nothing. Threads: one; the current device. Errors: kDevice with the driver's text.
// The launch runs once for real before it is captured, because libraries load code on first use.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/launchable.h"
#include "core/result.h"

namespace flashcore::kernels::bench {

// The kernels in order. Those of `own` keep their entry; a library's has its name, its grid and its
// driver_function, and no function.
core::Result<std::vector<core::KernelPlan>> capture_kernels(
    const std::function<core::Status(core::StreamHandle)>& launch, std::span<const core::KernelPlan> own);

}  // namespace flashcore::kernels::bench
