#include "app/cli/steps_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session/step_clock.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::StepRecord;
using enum reports::Align;

constexpr int kNameCells = 28;
constexpr double kTooLittleMs = 0.05;  // would be shown as 0.0

// One measurement, or several that were taken together and share their steps.
struct Batch {
  const core::MeasurementRecord* measurement;
  std::vector<const core::RunRecord*> runs;
};

double sum_of(std::span<const StepRecord> steps) {
  double ms = 0;
  for (const StepRecord& step : steps) ms += step.ms;
  return ms;
}

std::string row(std::string_view name, double ms, double total) {
  const std::string label = reports::fit(reports::printable(name), kNameCells, kLeft);
  if (total <= 0) return fmt::format("  {} {:>10.1f}\n", label, ms);
  return fmt::format("  {} {:>10.1f} {:>6.1f}%\n", label, ms, 100 * ms / total);
}

// A heading and the steps with their shares; `total` may hold more than the steps tell.
std::string block(std::string_view title, std::span<const StepRecord> steps, double total, int width) {
  const std::string heading = reports::cut(reports::printable(title), std::max(width - 20, kNameCells + 2));
  const int cells = std::max(kNameCells + 2, reports::display_width(heading));
  std::string text = fmt::format("{} {:>{}} {:>7}\n", reports::fit(heading, cells, kLeft), "ms",
                                 std::max(kNameCells + 13 - cells - 1, 2), "share");
  for (const StepRecord& step : steps) text += row(step.name, step.ms, total);
  if (const double rest = total - sum_of(steps); rest > kTooLittleMs) text += row("elsewhere", rest, total);
  return text + row("total", total, total);
}

std::vector<Batch> batches_of(const std::vector<analysis::RunAnalysis>& runs) {
  std::vector<Batch> batches;
  for (const auto& analysis : runs) {
    for (const core::MeasurementRecord& m : analysis.run.measurements) {
      if (m.steps.empty()) continue;
      const auto same = std::find_if(batches.begin(), batches.end(), [&](const Batch& batch) {
        return batch.measurement->collector == m.collector && batch.measurement->steps == m.steps;
      });
      if (same == batches.end()) {
        batches.push_back({&m, {&analysis.run}});
      } else {
        same->runs.push_back(&analysis.run);
      }
    }
  }
  return batches;
}

// "cupti of baseline, wmma on mission": the problem once where it is one.
std::string title_of(const Batch& batch) {
  const auto problem = [](const core::RunRecord& run) {
    return run.problem ? core::problem_label(*run.problem) : std::string();
  };
  const std::string last = problem(*batch.runs.back());
  std::string text = batch.measurement->collector + " of ";
  for (const core::RunRecord* run : batch.runs) {
    if (run != batch.runs.front()) text += ", ";
    text += run->subject.name;
    const std::string own = problem(*run);
    if (!own.empty() && (own != last || run == batch.runs.back())) text += " on " + own;
  }
  return text;
}

}  // namespace

std::string steps_text(std::span<const StepRecord> session, const std::vector<analysis::RunAnalysis>& runs,
                       std::span<const StepRecord> shown, int width) {
  std::string text;
  if (!session.empty()) {
    const bool has_total = session.back().name == session::kTotalStep;
    const auto steps = has_total ? session.first(session.size() - 1) : session;
    text += block("session", steps, has_total ? session.back().ms : sum_of(steps), width);
  }
  for (const Batch& batch : batches_of(runs)) {
    text += block(title_of(batch), batch.measurement->steps, sum_of(batch.measurement->steps), width);
  }
  if (!shown.empty()) text += block("showing the runs", shown, sum_of(shown), width);
  return text;
}

}  // namespace flashcore::cli
