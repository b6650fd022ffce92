// What one launch of ncu's file says, as records: kernel, resources, device, counters.
//
// Owns: its strings. Threads: pure functions. Errors: what cannot be read is a missing value with its reason.
// Source of the chips' numbers: NVIDIA's open-gpu-kernel-modules (architecture and implementation of
// BOOT_42).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/records.h"

namespace flashcore::collectors {

// A metric's value and its text in a launch; nothing where the launch has none of that name.
struct NcuLookup {
  std::function<std::optional<double>(std::string_view)> number;
  std::function<std::string(std::string_view)> text;
};

// "void a::(anonymous namespace)::k<64>(View)" is "a::(anonymous namespace)::k<64>"; long template arguments
// become "<...>".
std::string readable_kernel(std::string_view signature);

// "(64, 1, 1)"
std::optional<core::Extent3> extent_of(std::string_view text);

// "2026-Nov-21 15:13:15" as "2026-11-21T15:13:15Z"; empty where it is no such time.
std::string utc_of(std::string_view text);

std::optional<core::DeviceRecord> device_of(const NcuLookup& launch);

// Nothing where the launch has none of them.
std::optional<core::ResourceRecord> resources_of(const NcuLookup& launch);

}  // namespace flashcore::collectors
