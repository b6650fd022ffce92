#include "kernels/fastest_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <tuple>

#include "core/nearest.h"
#include "core/problem.h"
#include "kernels/phase_index.h"

// cmake/embed_file.cmake
extern "C" const char flashcore_fastest_phase_begin[], flashcore_fastest_phase_end[];

namespace flashcore::kernels {
namespace {

using core::ErrorCode;
using core::fail;

constexpr std::string_view kColumns = "device,compute,sm_count,b,h,hkv,sq,sk,d,dtype,mask,phases";
constexpr std::size_t kColumnCount = 12;

constexpr double kOtherMask = 1;     // as twice the keys: a causal mask halves the work
constexpr double kOtherDtype = 0.5;  // f16 and bf16 run at one rate, so what is near in size counts more

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// What stands before `separator`, which is taken off `rest` with it.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

core::Error unreadable(std::size_t line, std::string_view why) {
  return {ErrorCode::kFile,
          fmt::format("line {} of the table of fastest phases: {}", line, why),
          "write it with scripts/measure_fastest",
          {}};
}

// "wmma 14.833; cublas 11.357", sorted by time.
core::Result<std::vector<MeasuredPhase>> parse_phases(std::string_view text, std::size_t line) {
  std::vector<MeasuredPhase> phases;
  while (!text.empty()) {
    std::string_view entry = next_part(text, ';');
    const std::string_view id = next_part(entry, ' ');
    const std::string_view number = trimmed(entry);
    double time = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), time);
    if (id.empty() || error != std::errc{} || end != number.data() + number.size() || !std::isfinite(time) ||
        time <= 0) {
      return fail(unreadable(line, fmt::format("'{} {}' is no phase and its microseconds",
                                               core::shortened(id), core::shortened(number))));
    }
    phases.push_back({std::string(id), time});
  }
  if (phases.empty()) return fail(unreadable(line, "it names no phase"));
  std::stable_sort(phases.begin(), phases.end(), [](const MeasuredPhase& a, const MeasuredPhase& b) {
    return a.microseconds < b.microseconds;
  });
  return phases;
}

core::Result<MeasuredProblem> parse_row(std::string_view text, std::size_t line) {
  if (std::count(text.begin(), text.end(), ',') != static_cast<std::ptrdiff_t>(kColumnCount) - 1) {
    return fail(unreadable(line, fmt::format("it has not the {} columns {}", kColumnCount, kColumns)));
  }
  std::array<std::string_view, kColumnCount> cells;
  for (std::string_view& cell : cells) cell = next_part(text, ',');
  const auto compute = core::whole_number(cells[1]), sm_count = core::whole_number(cells[2]);
  if (!compute || *compute <= 0 || *compute > 1000 || !sm_count || *sm_count <= 0 || *sm_count > 100000) {
    return fail(
        unreadable(line, fmt::format("'{},{}' is no compute capability (90 for 9.0) and number of SMs",
                                     core::shortened(cells[1]), core::shortened(cells[2]))));
  }
  MeasuredProblem row;
  row.device = std::string(cells[0]);
  row.compute = static_cast<int>(*compute);
  row.sm_count = static_cast<int>(*sm_count);
  auto problem = core::parse_attention(fmt::format("b={},h={},hkv={},sq={},sk={},d={},dtype={},mask={}",
                                                   cells[3], cells[4], cells[5], cells[6], cells[7], cells[8],
                                                   cells[9], cells[10]));
  if (!problem) return fail(unreadable(line, problem.error().message));
  row.problem = *problem;
  auto phases = parse_phases(cells[11], line);
  if (!phases) return fail(phases.error());
  row.phases = std::move(*phases);
  return row;
}

double log2_ratio(double a, double b) {
  return std::log2(a / b);
}

// Squared; between problems of one D.
double distance(const core::AttentionProblem& a, const core::AttentionProblem& b) {
  const auto as_double = [](std::int64_t n) { return static_cast<double>(n); };
  const std::array parts{
      log2_ratio(as_double(a.batch * a.heads), as_double(b.batch * b.heads)),
      log2_ratio(as_double(a.heads / a.kv_heads), as_double(b.heads / b.kv_heads)),
      log2_ratio(as_double(a.seq_q), as_double(b.seq_q)),
      log2_ratio(as_double(a.seq_k), as_double(b.seq_k)),
      a.causal == b.causal ? 0 : kOtherMask,
      a.dtype == b.dtype ? 0 : kOtherDtype,
  };
  double sum = 0;
  for (const double part : parts) sum += part * part;
  return sum;
}

// Compared member by member.
auto place(const MeasuredProblem& row, const core::AttentionProblem& problem, const DeviceTraits& device) {
  return std::tuple(
      std::abs(log2_ratio(static_cast<double>(row.problem.head_dim), static_cast<double>(problem.head_dim))),
      std::abs(row.compute - device.compute),
      std::abs(log2_ratio(row.sm_count, std::max(device.sm_count, 1))), distance(row.problem, problem));
}

// With what a driver or a library said.
std::string reason_of(const PhaseDescriptor& phase, const core::Error& error) {
  return fmt::format("{}: {}{}", phase.info.id, error.message,
                     error.context.empty() ? "" : fmt::format(" ({})", error.context));
}

core::Error nobody(const AttentionCall& call, const std::vector<std::string>& reasons, ErrorCode code) {
  std::string detail;
  for (const std::string& reason : reasons) detail += (detail.empty() ? "" : "; ") + reason;
  return {code, fmt::format("no phase computes {} here", core::problem_label(call.problem)),
          "the detail has each phase's reason; take another problem or device", detail};
}

}  // namespace

core::Result<FastestTable> FastestTable::parse(std::string_view text) {
  FastestTable table;
  bool named = false;
  for (std::size_t line = 1; !text.empty(); ++line) {
    std::string_view rest = next_part(text, '\n');
    const std::string_view row = next_part(rest, '#');
    if (row.empty()) continue;
    if (!named) {
      if (row != kColumns) return fail(unreadable(line, fmt::format("the columns are not {}", kColumns)));
      named = true;
      continue;
    }
    auto parsed = parse_row(row, line);
    if (!parsed) return fail(parsed.error());
    table.rows_.push_back(std::move(*parsed));
  }
  return table;
}

const MeasuredProblem* FastestTable::nearest(const core::AttentionProblem& problem,
                                             const DeviceTraits& device) const {
  const auto found = std::min_element(rows_.begin(), rows_.end(), [&](const auto& a, const auto& b) {
    return place(a, problem, device) < place(b, problem, device);
  });
  return found == rows_.end() ? nullptr : &*found;
}

const core::Result<FastestTable>& built_in_fastest_table() {
  static const core::Result<FastestTable> table = FastestTable::parse(
      {flashcore_fastest_phase_begin,
       static_cast<std::size_t>(flashcore_fastest_phase_end - flashcore_fastest_phase_begin)});
  return table;
}

std::vector<const PhaseDescriptor*> fastest_order(const FastestTable& table,
                                                  std::span<const PhaseDescriptor* const> phases,
                                                  const core::AttentionProblem& problem,
                                                  const DeviceTraits& device) {
  std::vector<const PhaseDescriptor*> order;
  if (const MeasuredProblem* row = table.nearest(problem, device); row != nullptr) {
    for (const MeasuredPhase& measured : row->phases) {
      const auto found = std::find_if(phases.begin(), phases.end(),
                                      [&](const auto* p) { return p->info.id == measured.id; });
      if (found != phases.end()) order.push_back(*found);
    }
  }
  std::vector<const PhaseDescriptor*> others;
  for (const PhaseDescriptor* phase : phases) {
    if (std::find(order.begin(), order.end(), phase) == order.end()) others.push_back(phase);
  }
  std::stable_sort(others.begin(), others.end(), [](const auto* a, const auto* b) {
    return std::tuple(a->info.reference, -a->info.rung) < std::tuple(b->info.reference, -b->info.rung);
  });
  order.insert(order.end(), others.begin(), others.end());
  return order;
}

core::Status check_any_supported(std::span<const PhaseDescriptor* const> phases, const AttentionCall& call) {
  if (auto ok = check_call(call); !ok) return ok;
  std::vector<std::string> reasons;
  for (const PhaseDescriptor* phase : phases) {
    auto ok = check_supported(*phase, call);
    if (ok) return ok;
    reasons.push_back(reason_of(*phase, ok.error()));
  }
  return fail(nobody(call, reasons, ErrorCode::kUsage));
}

core::Result<const PhaseDescriptor*> fastest_phase(const FastestTable& table,
                                                   std::span<const PhaseDescriptor* const> phases,
                                                   const AttentionCall& call, const DeviceTraits& device,
                                                   const TryPhase& attempt) {
  if (auto ok = check_call(call); !ok) return fail(ok.error());
  std::vector<std::string> reasons;
  // A call that some phase serves fails for the device's sake or a library's, and only else for its own.
  std::optional<ErrorCode> code;
  for (const PhaseDescriptor* phase : fastest_order(table, phases, call.problem, device)) {
    auto ok = attempt(*phase);
    if (ok) return phase;
    reasons.push_back(reason_of(*phase, ok.error()));
    if (!code || *code == ErrorCode::kUsage) code = ok.error().code;
  }
  return fail(nobody(call, reasons, code.value_or(ErrorCode::kUsage)));
}

core::Result<const PhaseDescriptor*> fastest_phase(const AttentionCall& call, const DeviceTraits& device,
                                                   const TryPhase& attempt) {
  const auto& table = built_in_fastest_table();
  if (!table) return fail(table.error());
  return fastest_phase(*table, phases(), call, device, attempt);
}

}  // namespace flashcore::kernels
