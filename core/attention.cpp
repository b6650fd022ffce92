#include "core/attention.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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

struct DType {
  std::string_view name;
  int bytes;
};
constexpr std::array<DType, 5> kDTypes{{{"f16", 2}, {"bf16", 2}, {"f32", 4}, {"e4m3", 1}, {"e5m2", 1}}};
constexpr std::array<std::string_view, 5> kDTypeNames{"f16", "bf16", "f32", "e4m3", "e5m2"};

constexpr const char* kForms =
    "give a shape's name, B,H,S,D or B,H,Sq,Sk,D, and further axes after it: mission,causal or "
    "1,8,512,64,hkv=2";

// The axes with a number, in their order.
struct NumberAxis {
  std::string_view name;
  std::int64_t AttentionProblem::*member;
};
constexpr std::array<NumberAxis, 6> kNumbers{{{"b", &AttentionProblem::batch},
                                              {"h", &AttentionProblem::heads},
                                              {"hkv", &AttentionProblem::kv_heads},
                                              {"sq", &AttentionProblem::seq_q},
                                              {"sk", &AttentionProblem::seq_k},
                                              {"d", &AttentionProblem::head_dim}}};

Error bad(std::string_view text, std::string_view sentence) {
  return {ErrorCode::kUsage, fmt::format("shape '{}': {}", shortened(text), sentence), kForms, {}};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return parts;
}

const NamedShape* shape_named(std::string_view name) {
  const auto found =
      std::find_if(kShapes.begin(), kShapes.end(), [&](const auto& s) { return s.name == name; });
  return found == kShapes.end() ? nullptr : &*found;
}

bool is_dtype(std::string_view name) {
  return dtype_bytes(name) > 0;
}

bool begins_a_number(std::string_view text) {
  return !text.empty() && std::string_view("0123456789+-").find(text.front()) != std::string_view::npos;
}

// Reads one text into one problem; says which of its axes were given.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), parts_(parts_of(text)) {}

  Result<AttentionProblem> read() {
    if (auto ok = read_head(); !ok) return fail(ok.error());
    for (; at_ < parts_.size(); ++at_) {
      if (auto ok = read_axis(parts_[at_]); !ok) return fail(ok.error());
    }
    if (!has_head_) {
      for (const auto& axis : kNumbers) {
        const bool optional = axis.name == "hkv";
        if (!optional && !was_given(axis.name)) {
          return fail(bad(text_, fmt::format("the axis '{}' is missing", axis.name)));
        }
      }
    }
    if (!was_given("hkv")) problem_.kv_heads = problem_.heads;
    if (auto ok = validate(problem_); !ok) return fail(ok.error());
    return problem_;
  }

 private:
  // A named shape or four or five numbers; nothing of it where the first part is axis=value.
  Status read_head() {
    const std::string_view first = parts_.front();
    if (first.find('=') != std::string_view::npos) return {};
    has_head_ = true;
    if (const NamedShape* s = shape_named(first)) {
      problem_ = AttentionProblem{s->batch, s->heads, s->heads, s->seq, s->seq, s->head_dim};
      at_ = 1;
      return {};
    }
    if (!begins_a_number(first)) {
      std::vector<std::string> names;
      for (const NamedShape& s : kShapes) names.emplace_back(s.name);
      return fail(unknown_name("shape", first, names));
    }
    std::vector<std::int64_t> e;
    for (; at_ < parts_.size() && parts_[at_].find('=') == std::string_view::npos && !is_word(parts_[at_]);
         ++at_) {
      const auto value = whole_number(parts_[at_]);
      if (!value) return fail(not_a_number(parts_[at_]));
      e.push_back(*value);
    }
    if (e.size() == 4) {
      problem_ = AttentionProblem{e[0], e[1], e[1], e[2], e[2], e[3]};
    } else if (e.size() == 5) {
      problem_ = AttentionProblem{e[0], e[1], e[1], e[2], e[3], e[4]};
    } else {
      return fail(bad(text_, fmt::format("has {} number{}; it takes four (B,H,S,D) or five (B,H,Sq,Sk,D)",
                                         e.size(), e.size() == 1 ? "" : "s")));
    }
    return {};
  }

  static bool is_word(std::string_view part) { return part == "causal" || part == "full" || is_dtype(part); }

  Error not_a_number(std::string_view part) const {
    const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    return bad(text_, digits ? fmt::format("{} does not fit a 64-bit integer", shortened(part))
                             : fmt::format("'{}' is not a whole number", shortened(part)));
  }

  Status read_axis(std::string_view part) {
    if (part == "causal" || part == "full") return set("mask", part);
    if (is_dtype(part)) return set("dtype", part);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fail(
          bad(text_, fmt::format("'{}' is neither axis=value nor a type nor a mask", shortened(part))));
    }
    return set(trimmed(part.substr(0, equals)), trimmed(part.substr(equals + 1)));
  }

  Status set(std::string_view axis, std::string_view value) {
    if (was_given(axis)) return fail(bad(text_, fmt::format("the axis '{}' is there twice", axis)));
    given_.emplace_back(axis);
    for (const NumberAxis& number : kNumbers) {
      if (number.name != axis) continue;
      const auto parsed = whole_number(value);
      if (!parsed) return fail(not_a_number(value));
      problem_.*number.member = *parsed;
      // A shape's own Hkv is its H: another H takes it along unless Hkv is given too.
      return {};
    }
    if (axis == "dtype") {
      problem_.dtype = value;
      return {};
    }
    if (axis == "mask") {
      if (value != "causal" && value != "full") {
        return fail(bad(text_, fmt::format("mask '{}' is neither full nor causal", shortened(value))));
      }
      problem_.causal = value == "causal";
      return {};
    }
    const std::vector<std::string> known{"b", "h", "hkv", "sq", "sk", "d", "dtype", "mask"};
    return fail(unknown_name("axis", axis, known));
  }

  bool was_given(std::string_view axis) const {
    return std::find(given_.begin(), given_.end(), axis) != given_.end();
  }

  std::string_view text_;
  std::vector<std::string_view> parts_;
  std::size_t at_ = 0;
  bool has_head_ = false;
  std::vector<std::string> given_;
  AttentionProblem problem_;
};

}  // namespace

std::span<const NamedShape> named_shapes() noexcept {
  return kShapes;
}

std::span<const std::string_view> known_dtypes() noexcept {
  return kDTypeNames;
}

int dtype_bytes(std::string_view dtype) noexcept {
  const auto found =
      std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& t) { return t.name == dtype; });
  return found == kDTypes.end() ? 0 : found->bytes;
}

Result<AttentionProblem> parse_attention(std::string_view text) {
  return Reader(text).read();
}

Status validate(const AttentionProblem& p) {
  const auto rule = [&](std::string_view sentence) { return fail(bad(canonical_text(p), sentence)); };
  for (const NumberAxis& axis : kNumbers) {
    const std::int64_t value = p.*axis.member;
    if (value < 1) return rule(fmt::format("{} = {}, but every extent is at least 1", axis.name, value));
    if (value > kMaxExtent) {
      return rule(fmt::format("{} = {}, but an extent is at most {}", axis.name, value, kMaxExtent));
    }
  }
  if (p.head_dim > kMaxHeadDim) {
    return rule(fmt::format("d = {}, but a head has at most {} elements", p.head_dim, kMaxHeadDim));
  }
  if (p.heads % p.kv_heads != 0)
    return rule(fmt::format("hkv = {} does not divide h = {}", p.kv_heads, p.heads));
  if (!is_dtype(p.dtype)) {
    return rule(fmt::format("dtype '{}' is none of {}", shortened(p.dtype), fmt::join(kDTypeNames, ", ")));
  }
  // Extents are at most 2^24 and D at most 2^10, so B*H fits, and dividing keeps the rest exact.
  const std::int64_t rows_allowed = kMaxTensorElements / p.head_dim / std::max(p.seq_q, p.seq_k);
  if (p.batch * p.heads > rows_allowed) {
    return rule(fmt::format("a tensor would hold more than {} elements, past the memory of any GPU",
                            kMaxTensorElements));
  }
  return {};
}

Problem to_problem(const AttentionProblem& p) {
  Problem problem;
  problem.workload = kAttention;
  for (const NumberAxis& axis : kNumbers) {
    problem.axes.push_back({std::string(axis.name), fmt::format("{}", p.*axis.member)});
  }
  problem.axes.push_back({"dtype", p.dtype});
  problem.axes.push_back({"mask", p.causal ? "causal" : "full"});
  return problem;
}

Result<AttentionProblem> attention_of(const Problem& problem) {
  if (problem.workload != kAttention) {
    return fail(ErrorCode::kUsage,
                fmt::format("the workload '{}' is not attention", shortened(problem.workload)));
  }
  return parse_attention(canonical_text(problem));
}

std::string canonical_text(const AttentionProblem& p) {
  return canonical_text(to_problem(p));
}

std::string problem_label(const AttentionProblem& p) {
  std::string text;
  for (const NamedShape& s : kShapes) {
    const bool same = s.batch == p.batch && s.heads == p.heads && s.seq == p.seq_q && s.seq == p.seq_k &&
                      s.head_dim == p.head_dim;
    if (same) text = s.name;
  }
  if (text.empty()) {
    text = p.seq_q == p.seq_k ? fmt::format("{},{},{},{}", p.batch, p.heads, p.seq_q, p.head_dim)
                              : fmt::format("{},{},{},{},{}", p.batch, p.heads, p.seq_q, p.seq_k, p.head_dim);
  }
  if (p.kv_heads != p.heads) text += fmt::format(",hkv={}", p.kv_heads);
  if (p.dtype != "f16") text += "," + p.dtype;
  if (p.causal) text += ",causal";
  return text;
}

std::int64_t tensor_bytes(const AttentionProblem& p) noexcept {
  return dtype_bytes(p.dtype) * (2 * p.q_elements() + 2 * p.kv_elements());
}

}  // namespace flashcore::core
