#include "analysis/why/splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/why/attribution.h"

namespace flashcore::analysis {
namespace {

double difference(const CountedRun& base, const CountedRun& now) {
  return now.ns() - base.ns();
}

// "base has no count of it; flashcore-profile ... --set full counts it"
std::string not_counted(const CountedRun& base, const CountedRun& now, bool base_has, std::string_view what) {
  const CountedRun& lacks = base_has ? now : base;
  return fmt::format("{} of {} not counted: {}", what, base_has ? "the later side" : "the base",
                     counting_command(lacks.run().run));
}

// The last part takes what rounding left, so that the parts are the difference to the last bit or two.
void close(WhySplit& split, double whole) {
  if (split.parts.empty()) return;
  double sum = 0;
  for (std::size_t i = 0; i + 1 < split.parts.size(); ++i) sum += split.parts[i].ns;
  split.parts.back().ns = whole - sum;
}

struct Level {
  std::string_view title, bytes, throughput;
};
constexpr std::array<Level, 3> kLevels = {{{"L1", "l1_bytes", "l1_throughput"},
                                           {"L2", "l2_bytes", "l2_throughput"},
                                           {"DRAM", "dram_bytes", "dram_throughput"}}};

struct Kind {
  std::string_view id, title;
  std::vector<std::string_view> metrics;
};
// Pipes that no two share an instruction. LSU is what the memories below leave of it.
const std::vector<Kind>& pipes() {
  static const std::vector<Kind> kinds = {{"tensor", "Tensor", {"tensor_instructions"}},
                                          {"fma", "FMA", {"pipe_fma_instructions"}},
                                          {"alu", "ALU", {"pipe_alu_instructions"}},
                                          {"xu", "XU (special functions)", {"pipe_xu_instructions"}},
                                          {"fp64", "FP64", {"pipe_fp64_instructions"}},
                                          {"uniform", "Uniform", {"pipe_uniform_instructions"}},
                                          {"adu", "ADU", {"pipe_adu_instructions"}},
                                          {"cbu", "CBU (branches)", {"pipe_cbu_instructions"}},
                                          {"tma", "TMA", {"pipe_tma_instructions"}},
                                          {"tex", "Textures", {"pipe_tex_instructions"}}};
  return kinds;
}
const std::vector<Kind>& memories() {
  static const std::vector<Kind> kinds = {
      {"local", "Local memory", {"local_ld_instructions", "local_st_instructions"}},
      {"global", "Global memory", {"global_ld_instructions", "global_st_instructions"}},
      {"copies", "Asynchronous copies", {"cp_async_instructions"}},
      {"shared", "Shared memory", {"shared_ld_instructions", "shared_st_instructions"}},
      {"ldmatrix", "ldmatrix", {"ldmatrix_instructions"}}};
  return kinds;
}

struct Counts {
  double base = 0, now = 0;
};
std::optional<Counts> counts_of(const CountedRun& base, const CountedRun& now, const Kind& kind) {
  const auto before = base.sum(kind.metrics), after = now.sum(kind.metrics);
  if (!before || !after) return std::nullopt;
  return Counts{*before, *after};
}

}  // namespace

WhySplit split_by_clock(const CountedRun& base, const CountedRun& now) {
  WhySplit split{"clock", "Cycles and clock", "", {}, ""};
  if (!base.clock() || !now.clock()) {
    split.missing = fmt::format("no SM clock was stamped beside the times of {}",
                                base.clock() ? "the later side" : "the base");
    return split;
  }
  const bool nominal = base.clock()->nominal || now.clock()->nominal;
  split.method = fmt::format("time = cycles / clock, by logarithmic mean (LMDI); the clock is the {}",
                             nominal ? "nominal one of NVML, which stays where it was set whatever the SMs do"
                                     : "effective one, stamped on the GPU around the samples");
  const double f0 = base.clock()->hz, f1 = now.clock()->hz;
  const double clock = -log_mean(now.ns(), base.ns()) * log_ratio(f0, f1);
  split.parts.push_back({"clock", "Clock", f0, f1, "Hz", clock});
  split.parts.push_back({"cycles", "Cycles", base.ns() * f0 * 1e-9, now.ns() * f1 * 1e-9, "cycles", 0});
  close(split, difference(base, now));
  return split;
}

WhySplit split_by_kernels(const CountedRun& base, const CountedRun& now) {
  WhySplit split{"kernels",
                 "Kernels of a launch",
                 "measured time x each kernel's share of the counted time; differences kernel by kernel",
                 {},
                 ""};
  const auto& before = base.run().kernels;
  const auto& after = now.run().kernels;
  const auto share = [](const std::vector<KernelShare>& kernels, std::size_t i) -> std::optional<double> {
    if (i >= kernels.size()) return 0.0;
    if (kernels.size() == 1) return 1.0;
    return kernels[i].share;
  };
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    const auto s0 = share(before, i), s1 = share(after, i);
    if (!s0 || !s1) {
      split.parts.clear();
      split.missing = not_counted(base, now, s0.has_value(), "the time of each kernel is");
      return split;
    }
    const std::string was = i < before.size() ? before[i].kernel.name : "none";
    const std::string is = i < after.size() ? after[i].kernel.name : "none";
    split.parts.push_back({fmt::format("kernel {}", i + 1),
                           fmt::format("{}: {}", i + 1, was == is ? was : was + " -> " + is), *s0 * base.ns(),
                           *s1 * now.ns(), "ns", *s1 * now.ns() - *s0 * base.ns()});
  }
  if (split.parts.empty()) split.missing = "the runs name no kernels";
  close(split, difference(base, now));
  return split;
}

WhySplit split_by_issue_states(const CountedRun& base, const CountedRun& now) {
  WhySplit split{
      "issue_states",
      "Cycles by issue state",
      "measured time x the share of all cycles of all SM subpartitions in each state; cycles without an "
      "issue are shared out by the reasons of the warps that waited",
      {},
      ""};
  if (!base.states() || !now.states()) {
    split.missing = not_counted(base, now, base.states().has_value(), "issue states are");
    return split;
  }
  std::vector<IssueState> all = base.states()->states;
  const IssueState last = all.back();
  all.pop_back();
  for (const IssueState& state : now.states()->states) {
    if (state.id == last.id) continue;
    const bool known = std::any_of(all.begin(), all.end(), [&](const auto& s) { return s.id == state.id; });
    if (!known) all.push_back(state);
  }
  all.push_back(last);
  for (const IssueState& state : all) {
    const double s0 = base.states()->share(state.id), s1 = now.states()->share(state.id);
    split.parts.push_back({state.id, state.title, 100 * s0, 100 * s1, "%", s1 * now.ns() - s0 * base.ns()});
  }
  close(split, difference(base, now));
  return split;
}

std::vector<InstructionKind> instruction_kinds(const CountedRun& base, const CountedRun& now) {
  const auto before = base.metric("instructions"), after = now.metric("instructions");
  if (!before || !after) return {};
  std::vector<InstructionKind> kinds;
  InstructionKind rest{"other", "Other", *before, *after};
  const auto take = [&](const Kind& kind, const Counts& counts, InstructionKind& from) {
    kinds.push_back({std::string(kind.id), std::string(kind.title), counts.base, counts.now});
    from.base -= counts.base;
    from.now -= counts.now;
  };
  for (const Kind& pipe : pipes()) {
    if (const auto counts = counts_of(base, now, pipe)) take(pipe, *counts, rest);
  }
  if (const auto lsu = counts_of(base, now, {"lsu", "LSU", {"pipe_lsu_instructions"}})) {
    rest.base -= lsu->base;
    rest.now -= lsu->now;
    InstructionKind left{"lsu", "LSU, other", lsu->base, lsu->now};
    for (const Kind& memory : memories()) {
      const auto counts = counts_of(base, now, memory);
      // Some copies pass by the LSU on some chips: what is not in it cannot be taken from it.
      if (counts && counts->base <= left.base && counts->now <= left.now) take(memory, *counts, left);
    }
    kinds.push_back(left);
  }
  kinds.push_back(rest);
  return kinds;
}

WhySplit split_by_instructions(const CountedRun& base, const CountedRun& now) {
  WhySplit split{
      "instructions",
      "Instructions",
      "time = instructions x time of one, by logarithmic mean (LMDI); the part of the instructions by the "
      "change of each kind's number",
      {},
      ""};
  const auto before = base.metric("instructions"), after = now.metric("instructions");
  if (!before || !after || !(*before > 0) || !(*after > 0)) {
    split.missing = not_counted(base, now, before.has_value() && *before > 0, "instructions are");
    return split;
  }
  // L(t) ln(n1 / n0) = L(t) / L(n) (n1 - n0), and n is the sum of its kinds.
  const double weight = log_mean(now.ns(), base.ns()) / log_mean(*after, *before);
  for (const InstructionKind& kind : instruction_kinds(base, now)) {
    if (kind.base == 0 && kind.now == 0) continue;
    split.parts.push_back(
        {kind.id, kind.title, kind.base, kind.now, "inst", weight * (kind.now - kind.base)});
  }
  split.parts.push_back(
      {"time_of_one", "Time of an instruction", base.ns() / *before, now.ns() / *after, "ns", 0});
  close(split, difference(base, now));
  return split;
}

WhySplit split_by_bytes(const CountedRun& base, const CountedRun& now) {
  WhySplit split{"bytes", "Bytes and rate", "", {}, ""};
  const Level* nearest = nullptr;
  double most = -1;
  bool base_has = false;
  for (const Level& level : kLevels) {
    const auto b0 = base.metric(level.bytes), b1 = now.metric(level.bytes);
    const auto t0 = base.metric(level.throughput), t1 = now.metric(level.throughput);
    base_has = base_has || (b0 && t0);
    if (!b0 || !b1 || !t0 || !t1 || !(*b0 > 0) || !(*b1 > 0)) continue;
    if (std::max(*t0, *t1) > most) {
      most = std::max(*t0, *t1);
      nearest = &level;
    }
  }
  if (nearest == nullptr) {
    split.missing = not_counted(base, now, base_has, "bytes of the memories are");
    return split;
  }
  const double b0 = *base.metric(nearest->bytes), b1 = *now.metric(nearest->bytes);
  split.method = fmt::format(
      "time = bytes / rate, by logarithmic mean (LMDI), of {}, the level nearest to its roof ({:.0f} % -> "
      "{:.0f} %)",
      nearest->title, *base.metric(nearest->throughput), *now.metric(nearest->throughput));
  split.parts.push_back({std::string(nearest->bytes), fmt::format("{} bytes", nearest->title), b0, b1, "B",
                         log_mean(now.ns(), base.ns()) * log_ratio(b0, b1)});
  split.parts.push_back({"rate", fmt::format("{} rate", nearest->title), b0 / (base.ns() * 1e-9),
                         b1 / (now.ns() * 1e-9), "B/s", 0});
  close(split, difference(base, now));
  return split;
}

WhySplit split_by_launch(const CountedRun& base, const CountedRun& now) {
  WhySplit split{
      "launch",
      "Launch and latency",
      "time = instructions x cycles of a warp between two / (warps of a subpartition x busy cycles x clock), "
      "by logarithmic mean (LMDI)",
      {},
      ""};
  const auto instructions0 = base.metric("instructions"), instructions1 = now.metric("instructions");
  const auto latency0 = base.metric("warp_cycles_per_issue"), latency1 = now.metric("warp_cycles_per_issue");
  const auto warps0 = base.metric("active_warps"), warps1 = now.metric("active_warps");
  const auto positive = [](const auto&... values) { return ((values && *values > 0) && ...); };
  const bool base_has = positive(instructions0, latency0, warps0) && base.states();
  if (!base_has || !positive(instructions1, latency1, warps1) || !now.states()) {
    split.missing = not_counted(base, now, base_has, "warps, instructions and busy cycles are");
    return split;
  }
  const double scale = log_mean(now.ns(), base.ns());
  const auto part = [&](const char* id, const char* title, double x0, double x1, const char* unit,
                        double sign, double shown = 1) {
    split.parts.push_back({id, title, shown * x0, shown * x1, unit, sign * scale * log_ratio(x0, x1)});
  };
  part("instructions", "Instructions", *instructions0, *instructions1, "inst", 1);
  part("warps", "Warps on a busy SM", *warps0, *warps1, "warps", -1);
  part("busy", "Busy cycles of the subpartitions", base.states()->busy, now.states()->busy, "%", -1, 100);
  if (base.clock() && now.clock()) part("clock", "Clock", base.clock()->hz, now.clock()->hz, "Hz", -1);
  part("latency", "Cycles of a warp between two instructions", *latency0, *latency1, "cycles", 1);
  close(split, difference(base, now));
  return split;
}

}  // namespace flashcore::analysis
