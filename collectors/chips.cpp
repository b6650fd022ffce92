#include "collectors/chips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace flashcore::collectors {
namespace {

// The largest chip of a capability, and how many SMs its largest sister has: more than that and it is no
// sister. 0 where it has none; kUnknownSisters where that is not known.
constexpr int kUnknownSisters = 1 << 20;
struct Chip {
  int major, minor;
  std::string_view name;
  int most_sms_of_a_sister;
};
constexpr std::array kChips{
    Chip{8, 0, "GA100", 0},   Chip{8, 6, "GA102", 60},  // GA103
    Chip{8, 9, "AD102", 80},                            // AD103
    Chip{9, 0, "GH100", 0},   Chip{10, 0, "GB100", kUnknownSisters},
    Chip{12, 0, "GB202", 84},  // GB203
};

// Cards of smaller chips that were only ever built with one.
struct Card {
  std::string_view name, chip;
};
constexpr std::array kCards{Card{"NVIDIA A2", "GA107"}, Card{"NVIDIA A16", "GA107"},
                            Card{"NVIDIA L4", "AD104"}};

}  // namespace

ChipGuess guess_chip(int compute_major, int compute_minor, int sm_count,
                     std::string_view device_name) noexcept {
  for (const Card& card : kCards) {
    if (card.name == device_name) return {card.chip, true};
  }
  for (const Chip& chip : kChips) {
    if (chip.major != compute_major || chip.minor != compute_minor) continue;
    return {chip.name, sm_count > chip.most_sms_of_a_sister || chip.most_sms_of_a_sister == 0};
  }
  return {};
}

std::string uuid_text(std::span<const std::uint8_t, 16> bytes) {
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  std::string text = "GPU";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

}  // namespace flashcore::collectors
