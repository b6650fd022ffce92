#include "core/problem.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "core/nearest.h"

namespace flashcore::core {
namespace {

constexpr std::array<NamedShape, 8> kShapes{{
    {"tiny", 1, 1, 32, 64, "quick sanity"},
    {"small", 1, 2, 64, 64, "intermediate"},
    {"medium", 1, 4, 128, 64, "scaling"},
    {"mission", 1, 8, 512, 64, "primary target"},
    {"multi_batch", 4, 8, 256, 64, "batching"},
    {"large", 1, 8, 1024, 64, "twice the mission's keys and queries"},
    {"long", 4, 16, 4096, 64, "throughput, D = 64"},
    {"long128", 4, 16, 4096, 128, "throughput, D = 128"},
}};

Result<std::vector<std::int64_t>> parse_extents(std::string_view text) {
  std::vector<std::int64_t> extents;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, comma - begin);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error == std::errc::result_out_of_range) {
      return fail(
          ErrorCode::kUsage,
          fmt::format("shape '{}': {} does not fit a 64-bit integer", shortened(text), shortened(part)),
          fmt::format("an extent is at most {}", kMaxExtent));
    }
    if (error != std::errc{} || end != part.data() + part.size()) {
      return fail(ErrorCode::kUsage,
                  fmt::format("shape '{}': '{}' is not a whole number", shortened(text), shortened(part)),
                  "give B,H,S,D or B,H,Sq,Sk,D, for example 1,8,512,64");
    }
    extents.push_back(value);
    begin = comma + 1;
  }
  return extents;
}

Error rule(const Problem& p, std::string sentence) {
  return Error{ErrorCode::kUsage,
               fmt::format("shape {}: {}", shape_name(p), sentence),
               "give B,H,S,D or B,H,Sq,Sk,D, for example 1,8,512,64",
               {}};
}

}  // namespace

std::span<const NamedShape> named_shapes() noexcept {
  return kShapes;
}

Result<Problem> parse_shape(std::string_view text) {
  for (const NamedShape& s : kShapes) {
    if (s.name == text) return Problem{s.batch, s.heads, s.heads, s.seq, s.seq, s.head_dim};
  }
  const bool is_name =
      text.empty() || (text.find(',') == std::string_view::npos && text.find_first_of("0123456789+-") != 0);
  if (is_name) {
    std::vector<std::string> names;
    for (const NamedShape& s : kShapes) names.emplace_back(s.name);
    return fail(unknown_name("shape", text, names));
  }
  auto extents = parse_extents(text);
  if (!extents) return fail(extents.error());
  const auto& e = *extents;
  Problem p;
  if (e.size() == 4) {
    p = Problem{e[0], e[1], e[1], e[2], e[2], e[3]};
  } else if (e.size() == 5) {
    p = Problem{e[0], e[1], e[1], e[2], e[3], e[4]};
  } else {
    return fail(ErrorCode::kUsage,
                fmt::format("shape '{}' has {} number{}; it takes four (B,H,S,D) or five (B,H,Sq,Sk,D)",
                            shortened(text), e.size(), e.size() == 1 ? "" : "s"),
                "for example 1,8,512,64");
  }
  if (auto ok = validate(p); !ok) return fail(ok.error());
  return p;
}

Status validate(const Problem& p) {
  const std::array<std::pair<const char*, std::int64_t>, 6> extents{{{"B", p.batch},
                                                                     {"H", p.heads},
                                                                     {"Hkv", p.kv_heads},
                                                                     {"Sq", p.seq_q},
                                                                     {"Sk", p.seq_k},
                                                                     {"D", p.head_dim}}};
  for (const auto& [name, value] : extents) {
    if (value < 1) return fail(rule(p, fmt::format("{} = {}, but every extent is at least 1", name, value)));
    if (value > kMaxExtent) {
      return fail(rule(p, fmt::format("{} = {}, but an extent is at most {}", name, value, kMaxExtent)));
    }
  }
  if (p.heads % p.kv_heads != 0) {
    return fail(rule(p, fmt::format("Hkv = {} does not divide H = {}", p.kv_heads, p.heads)));
  }
  if (p.head_dim != 64 && p.head_dim != 128) {
    return fail(rule(p, fmt::format("D = {}, but the ladder serves D = 64 and D = 128", p.head_dim)));
  }
  if (p.dtype != "f16") return fail(rule(p, fmt::format("dtype '{}', but only f16 is served", p.dtype)));
  // Extents are at most 2^24 and D at most 2^7, so B*H fits, and dividing keeps the rest exact.
  const std::int64_t rows_allowed = kMaxTensorElements / p.head_dim / std::max(p.seq_q, p.seq_k);
  if (p.batch * p.heads > rows_allowed) {
    return fail(rule(p, fmt::format("a tensor would hold more than {} elements (2 TiB), past the memory "
                                    "of any GPU",
                                    kMaxTensorElements)));
  }
  return {};
}

std::string shape_name(const Problem& p) {
  for (const NamedShape& s : kShapes) {
    if (s.batch == p.batch && s.heads == p.heads && s.heads == p.kv_heads && s.seq == p.seq_q &&
        s.seq == p.seq_k && s.head_dim == p.head_dim) {
      return std::string(s.name);
    }
  }
  if (p.seq_q == p.seq_k) return fmt::format("{},{},{},{}", p.batch, p.heads, p.seq_q, p.head_dim);
  return fmt::format("{},{},{},{},{}", p.batch, p.heads, p.seq_q, p.seq_k, p.head_dim);
}

std::string problem_label(const Problem& p) {
  return p.causal ? shape_name(p) + ", causal" : shape_name(p);
}

std::int64_t tensor_bytes(const Problem& p) noexcept {
  return 2 * (2 * p.q_elements() + 2 * p.kv_elements());
}

}  // namespace flashcore::core
