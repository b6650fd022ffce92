#include "core/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/attention.h"
#include "core/nearest.h"

namespace flashcore::core {
namespace {

bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == ' ';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), plain);
}

// ',' '=' ':' and '%' would end a name or a value, and control characters a line.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c != ',' && c != '=' && c != ':' && c != '%' && static_cast<unsigned char>(c) >= 0x20;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc{} || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

Error unreadable(std::string_view text, std::string_view why) {
  return {ErrorCode::kUsage,
          fmt::format("problem '{}': {}", shortened(text), why),
          "a workload other than attention is written WORKLOAD:axis=value,axis=value",
          {}};
}

Result<Problem> parse_other(std::string_view text, std::size_t colon) {
  Problem problem;
  const auto workload = unescaped(text.substr(0, colon));
  if (!workload || !is_name(*workload)) return fail(unreadable(text, "its workload is no name"));
  problem.workload = *workload;
  std::string_view rest = text.substr(colon + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fail(unreadable(text, fmt::format("'{}' is not axis=value", shortened(part))));
    }
    const auto name = unescaped(part.substr(0, equals));
    const auto value = unescaped(part.substr(equals + 1));
    if (!name || !value || name->empty()) {
      return fail(unreadable(text, fmt::format("'{}' is not axis=value", shortened(part))));
    }
    if (problem.axis(*name) != nullptr) {
      return fail(unreadable(text, fmt::format("the axis '{}' is there twice", shortened(*name))));
    }
    problem.axes.push_back({*name, *value});
  }
  return problem;
}

}  // namespace

const std::string* Problem::axis(std::string_view name) const {
  const auto found = std::find_if(axes.begin(), axes.end(), [&](const Axis& a) { return a.name == name; });
  return found == axes.end() ? nullptr : &found->value;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string canonical_text(const Problem& problem) {
  std::string text = problem.workload == kAttention ? "" : escaped(problem.workload) + ":";
  for (std::size_t i = 0; i < problem.axes.size(); ++i) {
    if (i > 0) text += ',';
    text += escaped(problem.axes[i].name) + '=' + escaped(problem.axes[i].value);
  }
  return text;
}

std::string problem_label(const Problem& problem) {
  if (problem.workload != kAttention) return canonical_text(problem);
  const auto attention = attention_of(problem);
  return attention ? problem_label(*attention) : canonical_text(problem);
}

Result<Problem> parse_problem(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && text.substr(0, colon) != kAttention) return parse_other(text, colon);
  auto attention = parse_attention(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!attention) return fail(attention.error());
  return to_problem(*attention);
}

}  // namespace flashcore::core
