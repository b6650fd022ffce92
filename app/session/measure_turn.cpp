#include "app/session/measure_turn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <system_error>

#include "core/child_process.h"
#include "store/store.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;

constexpr std::size_t kLinesKept = 12;

// Options that every build has; a device is named where it is not the first alone.
std::vector<std::string> arguments_of(const Side& side, const TurnRequest& request,
                                      const std::filesystem::path& database) {
  std::vector<std::string> list{"--phase", fmt::format("{}", fmt::join(side.phases, ","))};
  for (const core::Problem& problem : request.problems) {
    list.emplace_back("--shape");
    list.push_back(core::problem_label(problem));
  }
  for (const std::string& word :
       {std::string("--collect"), std::string("timing"), std::string("--iters"),
        std::to_string(request.iterations), std::string("--db"), database.string(), std::string("--quiet")})
    list.push_back(word);
  if (request.device != 0) {
    list.emplace_back("--device");
    list.push_back(std::to_string(request.device));
  }
  return list;
}

ErrorCode code_of(const core::ChildEnd& end) {
  if (end.signal != 0) return ErrorCode::kExternalTool;
  switch (end.code) {
    case 2: return ErrorCode::kUsage;
    case 3: return ErrorCode::kNoDevice;
    case 4: return ErrorCode::kWrongAnswer;
    case 5: return ErrorCode::kDatabase;
    default: return ErrorCode::kExternalTool;
  }
}

// What the process said: the sentence after its name, its hint, and its last lines.
Error words_of(const core::ChildEnd& end) {
  Error error{code_of(end), "", "", ""};
  std::vector<std::string> lines;
  std::istringstream stream(end.errors);
  for (std::string line; std::getline(stream, line);) {
    constexpr std::string_view kName = "flashcore-profile: ", kHint = "  hint: ";
    if (line.starts_with(kName))
      error.message = line.substr(kName.size());
    else if (line.starts_with(kHint))
      error.hint = line.substr(kHint.size());
    else if (!line.empty())
      lines.push_back(line);
  }
  if (lines.size() > kLinesKept) lines.erase(lines.begin(), lines.end() - kLinesKept);
  error.context = fmt::format("{}", fmt::join(lines, "\n"));
  if (error.message.empty()) {
    error.message = error.code == ErrorCode::kWrongAnswer
                        ? "the answer is wrong"
                        : fmt::format("it ended with {}", core::how_it_ended(end));
  }
  return error;
}

Result<std::vector<core::RunRecord>> read_runs(const std::filesystem::path& database) {
  auto store = store::Store::open(database, store::Mode::kReadOnly);
  if (!store) return fail(store.error());
  auto page = store->list_runs({.limit = 0, .oldest_first = true});
  if (!page) return fail(page.error());
  std::vector<core::RunRecord> runs;
  for (const auto& summary : page->runs) {
    auto run = store->read_run(summary.id);
    if (!run) return fail(run.error());
    run->id = run->session_id = 0;
    for (auto& measurement : run->measurements) measurement.id = 0;
    runs.push_back(*std::move(run));
  }
  return runs;
}

// Why there is nothing to compare in a turn that ended well: a run without times.
std::optional<Error> without_times(const std::vector<core::RunRecord>& runs) {
  if (runs.empty()) return Error{ErrorCode::kExternalTool, "it took no runs", "", ""};
  for (const core::RunRecord& run : runs) {
    if (run.answer == core::Answer::kWrong)
      return Error{ErrorCode::kWrongAnswer, "the answer is wrong", "", ""};
    bool timed = false;
    std::string reason;
    for (const auto* measurement : run.measured_by("timing")) {
      for (const core::Sample& sample : measurement->samples)
        timed |= sample.kind == core::SampleKind::kGraph;
      if (!measurement->reason.empty()) reason = measurement->reason;
    }
    if (timed) continue;
    return Error{ErrorCode::kDevice,
                 fmt::format("{} has no times{}{}", run.subject.name, reason.empty() ? "" : ": ", reason), "",
                 ""};
  }
  return std::nullopt;
}

}  // namespace

Result<Turn> take_turn(const Side& side, const TurnRequest& request, const core::CancelToken& cancel) {
  const auto database = request.folder / "turn.db";
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    std::filesystem::remove(database.string() + suffix, ignored);
  core::ChildLimits limits;
  limits.cancel = &cancel;
  limits.output_bytes = std::size_t{1} << 20;
  if (request.limit.count() > 0) limits.timeout = request.limit;
  const auto end = core::run_child(
      {.program = side.program, .arguments = arguments_of(side, request, database), .environment = {}},
      limits);
  if (!end) return fail(end.error());
  if (end->cancelled) return fail(ErrorCode::kCancelled, "stopped");
  Turn turn;
  const bool well = end->code == 0 && end->signal == 0 && !end->timed_out;
  if (!well) turn.trouble = words_of(*end);
  if (end->timed_out) {
    turn.trouble = Error{ErrorCode::kExternalTool,
                         fmt::format("it was ended by force, having taken more than {:.0f} s",
                                     static_cast<double>(request.limit.count()) / 1000),
                         "try its command alone", turn.trouble->context};
  }
  // What a process that broke has left is no turn; a wrong answer is one that is told.
  if (!well && (turn.trouble->code != ErrorCode::kWrongAnswer || !std::filesystem::exists(database, ignored)))
    return turn;
  auto runs = read_runs(database);
  if (!runs) return fail(runs.error());
  turn.runs = *std::move(runs);
  if (well) turn.trouble = without_times(turn.runs);
  return turn;
}

}  // namespace flashcore::session
