#include "reports/reasons.h"

#include <algorithm>
#include <string_view>

namespace flashcore::reports {

std::string cause_of(std::string reason) {
  constexpr std::string_view kCounter = "counter ";
  if (reason.starts_with(kCounter)) {
    const std::size_t end = reason.find(' ', kCounter.size());
    return end == std::string::npos ? reason : "its counter" + reason.substr(end);
  }
  const std::size_t colon = reason.find(": ");
  const auto variable = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (colon == std::string::npos ||
      !std::all_of(reason.begin(), reason.begin() + static_cast<long>(colon), variable))
    return reason;
  return reason.substr(colon + 2);
}

}  // namespace flashcore::reports
