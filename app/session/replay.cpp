#include "app/session/replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "app/session/library.h"
#include "app/session/run_sink.h"
#include "collectors/replay.h"
#include "core/nearest.h"
#include "kernels/phase_index.h"
#include "reports/text.h"
#include "store/recording.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using Kind = ProfileEvent::Kind;

bool wants(const std::vector<std::string>& phases, const std::string& id) {
  return std::any_of(phases.begin(), phases.end(),
                     [&](const std::string& name) { return name == "all" || name == id; });
}

// Names are those that the recording holds or that this program knows.
core::Status check_phase_names(const std::vector<std::string>& names, const std::set<std::string>& recorded) {
  std::vector<std::string> known(recorded.begin(), recorded.end());
  for (const auto* phase : kernels::phases()) {
    if (!recorded.contains(std::string(phase->info.id))) known.emplace_back(phase->info.id);
  }
  for (const std::string& name : names) {
    if (name != "all" && std::find(known.begin(), known.end(), name) == known.end()) {
      return fail(core::unknown_name("phase", name, known));
    }
  }
  return {};
}

Result<std::vector<store::RunSummary>> matching_runs(const store::Store& recording,
                                                     const ProfileRequest& request) {
  auto all = recording.runs();
  if (!all) return fail(all.error());
  std::reverse(all->begin(), all->end());  // in the order in which they were taken
  std::set<std::string> phases, problems;
  std::vector<store::RunSummary> matching;
  for (const store::RunSummary& run : *all) {
    phases.insert(run.phase);
    problems.insert(core::problem_label(run.problem));
    const bool problem_wanted = request.problems.empty()
                                    ? run.problem.causal || !request.causal_only
                                    : std::find(request.problems.begin(), request.problems.end(),
                                                run.problem) != request.problems.end();
    if (problem_wanted && wants(request.phases, run.phase)) matching.push_back(run);
  }
  if (auto ok = check_phase_names(request.phases, phases); !ok) return fail(ok.error());
  if (matching.empty()) {
    return fail(ErrorCode::kUsage, "the recording holds no such run",
                fmt::format("it holds the phases {} on the problems {}", fmt::join(phases, ", "),
                            fmt::join(problems, "; ")));
  }
  return matching;
}

core::RunRecord replayed(const core::RunRecord& recorded, const std::map<std::string, std::string>& tags) {
  core::RunRecord run = recorded;
  run.id = run.session_id = 0;
  run.origin = core::Origin::kRecording;
  run.samples.clear();
  run.counters.clear();
  run.resources.clear();
  run.diagnostics.clear();
  run.artifacts.clear();
  for (const auto& [key, value] : tags) run.tags[key] = value;
  RunSink sink(run);
  collectors::ReplayCollector(recorded).serve(sink);
  const std::string_view hash = kernels::phase_hash(run.phase.id);
  if (hash != run.phase.kernel_hash) {
    run.diagnostics.push_back(
        {core::Severity::kWarning, "recording_stale",
         hash.empty() ? fmt::format("this program has no phase '{}'", run.phase.id)
                      : fmt::format("the sources of '{}' have changed since this was recorded", run.phase.id),
         "take a new recording on a GPU", "replay"});
  }
  return run;
}

}  // namespace

Result<std::filesystem::path> shipped_recording() {
  const std::filesystem::path folder = data_folder() / "recordings";
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().string().ends_with(".db.zst")) found.push_back(it->path());
  }
  if (found.empty()) {
    return fail(ErrorCode::kFile, fmt::format("no recording is installed in {}", folder.string()),
                "name one: --replay FILE");
  }
  return *std::max_element(found.begin(), found.end());
}

Result<std::filesystem::path> named_recording(const std::string& name) {
  if (name.empty()) return shipped_recording();
  return std::filesystem::path(name);
}

Result<ProfileOutcome> replay(const std::filesystem::path& path, const ProfileRequest& request,
                              store::Store& store, const core::CancelToken& cancel, const OnEvent& on_event) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  auto wanted = matching_runs(*recording, request);
  if (!wanted) return fail(wanted.error());

  ProfileOutcome outcome;
  ProfileEvent event;
  event.run_count = static_cast<int>(wanted->size());
  const auto tell = [&](Kind kind) {
    event.kind = kind;
    event.fraction = (event.run_index + (kind == Kind::kRunFinished ? 1.0 : 0.0)) / event.run_count;
    if (on_event) on_event(event);
  };
  for (const store::RunSummary& summary : *wanted) {
    if (cancel.requested()) break;
    auto recorded = recording->read_run(summary.id);
    if (!recorded) return fail(recorded.error());
    if (outcome.session_id == 0) {
      core::SessionRecord session;
      session.started_at = core::utc_now();
      session.command = request.command;
      session.origin = core::Origin::kRecording;
      session.recording = path.filename().string();
      session.tags = request.tags;
      session.environment = recorded->environment;
      auto id = store.begin_session(session);
      if (!id) return fail(id.error());
      outcome.session_id = event.session_id = *id;
      tell(Kind::kSession);
    }
    event.phase = summary.phase;
    event.problem = core::problem_label(summary.problem);
    tell(Kind::kRunStarted);
    const core::RunRecord run = replayed(*recorded, request.tags);
    if (!run.correct()) ++outcome.wrong_answers;
    auto id = store.write_run(outcome.session_id, run);
    if (!id) return fail(id.error());
    outcome.runs.push_back(*id);
    event.run_id = *id;
    tell(Kind::kRunFinished);
    ++event.run_index;
  }
  outcome.cancelled = cancel.requested();
  return outcome;
}

Result<std::string> describe_recording(const std::filesystem::path& path) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  auto sessions = recording->sessions();
  if (!sessions) return fail(sessions.error());
  if (sessions->empty()) return fail(ErrorCode::kDatabase, fmt::format("{} holds no runs", path.string()));
  // Sessions of one device and commit are one recording to a reader: newest first in the list.
  struct Taken {
    std::string devices, commit, first;
    int runs = 0;
  };
  std::vector<Taken> takes;
  for (const store::SessionSummary& s : *sessions) {
    const std::string commit = s.session.environment.git_sha.substr(0, 10);
    const std::string& at = s.session.started_at;
    auto take = std::find_if(takes.begin(), takes.end(),
                             [&](const Taken& t) { return t.devices == s.devices && t.commit == commit; });
    if (take == takes.end()) take = takes.insert(takes.end(), Taken{s.devices, commit, at, 0});
    take->first = std::min(take->first, at);
    take->runs += s.run_count;
  }
  std::string text;
  for (const Taken& t : takes) {
    if (!text.empty()) text += '\n';
    // A recording of somebody else may hold anything in its texts.
    text += fmt::format("recording of {}, taken {} at commit {} ({} runs)",
                        reports::cut(reports::printable(t.devices), 200),
                        reports::cut(reports::printable(t.first), 40), reports::printable(t.commit), t.runs);
  }
  return text;
}

Result<std::vector<std::string>> stale_runs(const std::filesystem::path& path) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  auto runs = recording->runs();
  if (!runs) return fail(runs.error());
  std::vector<std::string> stale;
  for (const store::RunSummary& summary : *runs) {
    auto run = recording->read_run(summary.id);
    if (!run) return fail(run.error());
    if (run->phase.kernel_hash != kernels::phase_hash(run->phase.id)) {
      stale.push_back(fmt::format("{} on {}", run->phase.id, core::problem_label(run->problem)));
    }
  }
  return stale;
}

}  // namespace flashcore::session
