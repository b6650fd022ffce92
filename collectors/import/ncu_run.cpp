#include "collectors/import/ncu_run.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "collectors/import/numbers.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr std::size_t kLongestName = 80;
constexpr std::size_t kLongestArguments = 40;

struct Chip {
  int number;
  std::string_view name;
};
constexpr Chip kChips[] = {
    {0x140, "GV100"}, {0x162, "TU102"}, {0x164, "TU104"}, {0x166, "TU106"}, {0x167, "TU117"},
    {0x168, "TU116"}, {0x170, "GA100"}, {0x172, "GA102"}, {0x173, "GA103"}, {0x174, "GA104"},
    {0x176, "GA106"}, {0x177, "GA107"}, {0x180, "GH100"}, {0x192, "AD102"}, {0x193, "AD103"},
    {0x194, "AD104"}, {0x196, "AD106"}, {0x197, "AD107"}, {0x1a0, "GB100"}, {0x1a2, "GB102"},
    {0x1b2, "GB202"}, {0x1b3, "GB203"}, {0x1b5, "GB205"}, {0x1b6, "GB206"}, {0x1b7, "GB207"}};

template <typename Integer>
std::optional<Integer> whole(std::optional<double> value) {
  if (!value || *value < 0 || *value >= 9e15 ||
      *value > static_cast<double>(std::numeric_limits<Integer>::max()))
    return std::nullopt;
  return static_cast<Integer>(std::llround(*value));
}

std::optional<int> part(std::string_view text) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Outline {
  std::size_t parameters = std::string_view::npos;  // where the last group in parentheses outside <> begins
  std::size_t name = 0;                             // after the last space outside of everything before it
};

// Depths only: a signature that does not balance gives positions that are still inside the text.
Outline outline_of(std::string_view text) {
  Outline outline;
  int angle = 0, round = 0, curly = 0;
  std::size_t space = 0, space_before_parameters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' && angle == 0 && round == 0 && curly == 0) {
      outline.parameters = i;
      space_before_parameters = space;
    }
    round += c == '(' ? 1 : c == ')' && round > 0 ? -1 : 0;
    curly += c == '{' ? 1 : c == '}' && curly > 0 ? -1 : 0;
    if (round == 0 && curly == 0) angle += c == '<' ? 1 : c == '>' && angle > 0 ? -1 : 0;
    if (c == ' ' && angle == 0 && round == 0 && curly == 0) space = i + 1;
  }
  outline.name = outline.parameters == std::string_view::npos ? 0 : space_before_parameters;
  return outline;
}

std::string without_arguments(std::string_view name) {
  std::string out;
  int angle = 0;
  for (const char c : name) {
    if (c == '<' && angle++ == 0) out += "<...>";
    if (angle == 0) out += c;
    if (c == '>' && angle > 0) --angle;
  }
  return out;
}

}  // namespace

std::string readable_kernel(std::string_view signature) {
  signature = trimmed(signature);
  const Outline outline = outline_of(signature);
  std::string_view name = signature;
  // "(anonymous namespace)::k" has parentheses and no parameters.
  if (outline.parameters != std::string_view::npos && outline.parameters > outline.name &&
      signature.substr(outline.parameters).find(")::") == std::string_view::npos)
    name = signature.substr(outline.name, outline.parameters - outline.name);
  std::string flat;
  for (const char c : name) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank)
      flat += c;
    else if (!flat.empty() && flat.back() != ' ')
      flat += ' ';
  }
  const auto open = flat.find('<');
  if (open != std::string::npos && (flat.size() > kLongestName || flat.size() - open > kLongestArguments))
    flat = without_arguments(flat);
  return core::shortened(flat, kLongestName);
}

std::optional<core::Extent3> extent_of(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  std::array<std::int64_t, 3> sides{1, 1, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto comma = text.find(',');
    const auto side = part(trimmed(text.substr(0, comma)));
    if (!side || *side < 1) return std::nullopt;
    sides[i] = *side;
    if (comma == std::string_view::npos)
      return i == 2 ? std::optional(core::Extent3{sides[0], sides[1], sides[2]}) : std::nullopt;
    text.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

std::string utc_of(std::string_view text) {
  text = trimmed(text);
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 20 || text[4] != '-' || text[8] != '-' || text[11] != ' ' || text[14] != ':' ||
      text[17] != ':')
    return {};
  const auto month = kMonths.find(text.substr(5, 3));
  const auto year = part(text.substr(0, 4)), day = part(text.substr(9, 2)), hour = part(text.substr(12, 2)),
             minute = part(text.substr(15, 2)), second = part(text.substr(18, 2));
  if (month == std::string_view::npos || month % 3 != 0 || !year || *year < 2000 || !day || *day < 1 ||
      *day > 31 || !hour || *hour < 0 || *hour > 23 || !minute || *minute < 0 || *minute > 59 || !second ||
      *second < 0 || *second > 60)
    return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", *year, month / 3 + 1, *day, *hour, *minute,
                     *second);
}

std::optional<core::DeviceRecord> device_of(const NcuLookup& launch) {
  core::DeviceRecord device;
  device.name = core::shortened(launch.text("device__attribute_display_name"), 200);
  if (device.name.empty()) return std::nullopt;
  const auto attribute = [&](std::string_view name) {
    return launch.number(fmt::format("device__attribute_{}", name));
  };
  const auto to_int = [&](std::string_view name, int fallback) {
    return whole<int>(attribute(name)).value_or(fallback);
  };
  const auto to_long = [&](std::string_view name) {
    return whole<std::int64_t>(attribute(name)).value_or(0);
  };
  const int chip = to_int("chip", 0);
  for (const auto& [number, name] : kChips)
    if (number == chip) device.chip = name;
  device.compute_major = to_int("compute_capability_major", 0);
  device.compute_minor = to_int("compute_capability_minor", 0);
  device.sm_count = to_int("multiprocessor_count", 0);
  device.sm_clock_max_khz = to_long("clock_rate");
  device.memory_clock_max_khz = to_long("memory_clock_rate");
  device.memory_bus_bits = to_int("global_memory_bus_width", 0);
  device.memory_bytes = to_long("total_memory");
  device.l2_bytes = to_long("l2_cache_size");
  device.shared_per_sm_bytes = to_long("max_shared_memory_per_multiprocessor");
  device.shared_per_block_optin_bytes = to_long("max_shared_memory_per_block_optin");
  device.shared_reserved_per_block_bytes = to_long("reserved_shared_memory_per_block");
  device.registers_per_sm = to_int("max_registers_per_multiprocessor", 0);
  device.max_threads_per_sm = to_int("max_threads_per_multiprocessor", 0);
  device.max_blocks_per_sm = to_int("max_blocks_per_multiprocessor", 0);
  device.warp_size = to_int("warp_size", 32);
  return device;
}

std::optional<core::ResourceRecord> resources_of(const NcuLookup& launch) {
  core::ResourceRecord resources;
  resources.registers = whole<int>(launch.number("launch__registers_per_thread"));
  resources.static_shared_bytes = whole<std::int64_t>(launch.number("launch__shared_mem_per_block_static"));
  resources.dynamic_shared_bytes = whole<std::int64_t>(launch.number("launch__shared_mem_per_block_dynamic"));
  if (const auto percent = launch.number("sm__maximum_warps_per_active_cycle_pct"))
    resources.theoretical_occupancy = *percent / 100;
  struct Limit {
    std::string_view metric, name;
  };
  static constexpr Limit kLimits[] = {{"launch__occupancy_limit_registers", "registers"},
                                      {"launch__occupancy_limit_shared_mem", "shared"},
                                      {"launch__occupancy_limit_warps", "warps"},
                                      {"launch__occupancy_limit_blocks", "blocks"},
                                      {"launch__occupancy_limit_barriers", "barriers"}};
  for (const auto& [metric, name] : kLimits) {
    const auto blocks = whole<int>(launch.number(metric));
    if (!blocks || *blocks < 1) continue;
    if (!resources.blocks_per_sm || *blocks < *resources.blocks_per_sm) {
      resources.blocks_per_sm = blocks;
      resources.occupancy_limiter = name;
    } else if (*blocks == *resources.blocks_per_sm) {
      resources.occupancy_limiter += fmt::format("+{}", name);
    }
  }
  if (resources == core::ResourceRecord{}) return std::nullopt;
  resources.provenance = "ncu";
  return resources;
}

}  // namespace flashcore::collectors
