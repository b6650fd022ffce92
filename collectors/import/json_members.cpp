#include "collectors/import/json_members.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/import/csv.h"

namespace flashcore::collectors {

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void JsonMembers::refuse(const JsonPlace& at, std::string_view why, std::string hint) {
  if (error_) return;
  const std::string path = core::shortened(path_of(at), kLongestJsonText);
  error_ = core::Error{core::ErrorCode::kUsage,
                       fmt::format("{}{}{}{}", position_of(file_, text_, offset_of(at, text_)), path,
                                   path.empty() ? "" : " ", why),
                       std::move(hint),
                       {}};
}

bool JsonMembers::there(const JsonPlace& at, Need need) {
  if (at.value != nullptr && !at.value->is_null()) return !broken();
  if (need == Need::kRequired) refuse(at, "is missing");
  return false;
}

bool JsonMembers::list(const JsonPlace& at, Need need) {
  if (!there(at, need)) return false;
  if (!at.value->is_array()) refuse(at, "is no list");
  return !broken();
}

bool JsonMembers::object(const JsonPlace& at, Need need) {
  if (!there(at, need)) return false;
  if (!at.value->is_object()) refuse(at, "is no object");
  return !broken();
}

std::string JsonMembers::text(const JsonPlace& at, Need need) {
  if (!there(at, need)) return {};
  if (!at.value->is_string()) {
    refuse(at, "is no text");
    return {};
  }
  const auto& value = at.value->get_ref<const std::string&>();
  if (need == Need::kRequired && value.empty()) refuse(at, "is empty");
  if (has_control(value)) refuse(at, "has a control character");
  return core::shortened(value, kLongestJsonText);
}

std::optional<double> JsonMembers::number(const JsonPlace& at, double least, double most, Need need) {
  if (!there(at, need)) return std::nullopt;
  if (!at.value->is_number()) {
    refuse(at, "is no number");
    return std::nullopt;
  }
  const auto value = at.value->get<double>();
  if (std::isfinite(value) && value >= least && value <= most) return value;
  refuse(at, fmt::format("is {:g}, which is not between {:g} and {:g}", value, least, most));
  return std::nullopt;
}

std::int64_t JsonMembers::whole(const JsonPlace& at, std::int64_t least, std::int64_t most, Need need) {
  const std::int64_t otherwise = std::max<std::int64_t>(least, 0);
  if (!number(at, static_cast<double>(least), static_cast<double>(most), need)) return otherwise;
  if (at.value->is_number_integer()) return at.value->get<std::int64_t>();
  refuse(at, "is no whole number");
  return otherwise;
}

bool JsonMembers::flag(const JsonPlace& at, Need need) {
  if (!there(at, need)) return false;
  if (at.value->is_boolean()) return at.value->get<bool>();
  refuse(at, "is neither true nor false");
  return false;
}

}  // namespace flashcore::collectors
