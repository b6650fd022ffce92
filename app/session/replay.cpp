#include "app/session/replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "app/session/library.h"
#include "app/session/step_clock.h"
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

// All of them, in the order in which they were taken.
Result<std::vector<store::RunSummary>> all_runs(const store::Store& store) {
  std::vector<store::RunSummary> runs;
  store::RunFilter filter;
  filter.limit = 1000;
  for (bool more = true; more;) {
    auto page = store.list_runs(filter);
    if (!page) return fail(page.error());
    more = page->more && !page->runs.empty();
    std::move(page->runs.begin(), page->runs.end(), std::back_inserter(runs));
    if (!runs.empty()) filter.before_id = runs.back().id;
  }
  std::reverse(runs.begin(), runs.end());
  return runs;
}

bool is_causal(const core::Problem& problem) {
  const std::string* mask = problem.axis("mask");
  return mask != nullptr && *mask == "causal";
}

bool wants_problem(const ProfileRequest& request, const std::optional<core::Problem>& problem) {
  if (request.problems.empty()) return !request.causal_only || (problem && is_causal(*problem));
  return problem &&
         std::find(request.problems.begin(), request.problems.end(), *problem) != request.problems.end();
}

std::string label_of(const store::RunSummary& run) {
  return run.problem ? core::problem_label(*run.problem) : "no problem";
}

Result<std::vector<store::RunSummary>> matching_runs(const store::Store& recording,
                                                     const ProfileRequest& request) {
  auto all = all_runs(recording);
  if (!all) return fail(all.error());
  std::set<std::string> phases, problems, caches;
  std::vector<store::RunSummary> matching;
  for (store::RunSummary& run : *all) {
    phases.insert(run.subject);
    problems.insert(label_of(run));
    caches.insert(std::string(run.cache ? core::name_of(*run.cache) : "unknown"));
    const bool cache = !request.replay_cache || run.cache == request.replay_cache;
    if (cache && wants_problem(request, run.problem) && wants(request.phases, run.subject))
      matching.push_back(std::move(run));
  }
  if (auto ok = check_phase_names(request.phases, phases); !ok) return fail(ok.error());
  if (matching.empty()) {
    return fail(ErrorCode::kUsage, "the recording holds no such run",
                fmt::format("it holds the phases {} on the problems {}, caches {}", fmt::join(phases, ", "),
                            fmt::join(problems, "; "), fmt::join(caches, ", ")));
  }
  return matching;
}

core::RunRecord replayed(core::RunRecord run, const core::Tags& tags) {
  run.id = run.session_id = 0;
  for (auto& measurement : run.measurements) measurement.id = 0;
  run.origin = core::Origin::kRecording;
  for (const auto& [key, value] : tags) run.tags[key] = value;
  if (run.subject.kind != core::SubjectKind::kPhase) return run;
  const std::string_view hash = kernels::phase_hash(run.subject.name);
  if (hash != run.subject.source_hash) {
    run.diagnostics.push_back(
        {core::Severity::kWarning, "recording_stale",
         hash.empty()
             ? fmt::format("this program has no phase '{}'", run.subject.name)
             : fmt::format("the sources of '{}' have changed since this was recorded", run.subject.name),
         "take a new recording on a GPU", "replay"});
  }
  return run;
}

Result<std::vector<store::SessionSummary>> all_sessions(const store::Store& store) {
  std::vector<store::SessionSummary> sessions;
  for (bool more = true; more;) {
    auto page = store.list_sessions(sessions.empty() ? 0 : sessions.back().session.id, 1000);
    if (!page) return fail(page.error());
    more = page->more && !page->sessions.empty();
    std::move(page->sessions.begin(), page->sessions.end(), std::back_inserter(sessions));
  }
  return sessions;
}

Result<std::string> describe(const store::Store& recording, const std::string& name) {
  auto sessions = all_sessions(recording);
  if (!sessions) return fail(sessions.error());
  if (sessions->empty()) return fail(ErrorCode::kDatabase, fmt::format("{} holds no runs", name));
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

core::SessionRecord session_of(const ProfileRequest& request, const std::string& source,
                               const core::EnvironmentRecord& environment) {
  core::SessionRecord session;
  session.started_at = core::utc_now();
  session.command = request.command;
  session.origin = core::Origin::kRecording;
  session.source = source;
  session.tags = request.tags;
  session.environment = environment;
  return session;
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

Result<ReplaySource> ReplaySource::open(const std::filesystem::path& path, const ProfileRequest& request) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  ReplaySource source(path.filename().string(), *std::move(recording));
  auto text = describe(source.recording_, path.string());
  if (!text) return fail(text.error());
  auto wanted = matching_runs(source.recording_, request);
  if (!wanted) return fail(wanted.error());
  source.description_ = *std::move(text);
  source.wanted_ = *std::move(wanted);
  return source;
}

Result<ProfileOutcome> ReplaySource::replay(const ProfileRequest& request, store::Store& store,
                                            const core::CancelToken& cancel, const OnEvent& on_event) const {
  ProfileOutcome outcome;
  StepClock clock;
  std::optional<core::SessionRecord> session;
  ProfileEvent event;
  event.run_count = static_cast<int>(wanted_.size());
  const auto tell = [&](Kind kind) {
    event.kind = kind;
    event.fraction = (event.run_index + (kind == Kind::kRunFinished ? 1.0 : 0.0)) / event.run_count;
    if (on_event) on_event(event);
  };
  for (const store::RunSummary& summary : wanted_) {
    if (cancel.requested()) break;
    auto recorded = [&] {
      const auto step = clock.begin("recording");
      return recording_.read_run(summary.id);
    }();
    if (!recorded) return fail(recorded.error());
    if (!session) session = session_of(request, name_, recorded->environment);
    event.subject = summary.subject;
    event.problem = label_of(summary);
    event.run_id = 0;
    tell(Kind::kRunStarted);
    core::RunRecord run = replayed(*std::move(recorded), request.tags);
    if (run.answer == core::Answer::kWrong) ++outcome.wrong_answers;
    // What cannot be written is not rescued, as a measurement is: the recording has it.
    const auto writing = [&] {
      const auto step = clock.begin("store");
      return store.write_run(*session, run);
    };
    if (auto ok = writing(); !ok) {
      if (cancel.requested()) break;
      return fail(ok.error());
    }
    outcome.runs.push_back(run.id);
    event.run_id = run.id;
    if (outcome.session_id == 0) {
      outcome.session_id = event.session_id = session->id;
      tell(Kind::kSession);
    }
    tell(Kind::kRunFinished);
    ++event.run_index;
  }
  outcome.cancelled = cancel.requested();
  outcome.steps = clock.with_total();
  return outcome;
}

Result<std::string> describe_recording(const std::filesystem::path& path) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  return describe(*recording, path.string());
}

Result<std::vector<std::string>> stale_runs(const std::filesystem::path& path) {
  auto recording = store::open_recording(path);
  if (!recording) return fail(recording.error());
  auto runs = all_runs(*recording);
  if (!runs) return fail(runs.error());
  std::vector<std::string> stale;
  for (const store::RunSummary& summary : *runs) {
    auto run = recording->read_run(summary.id);
    if (!run) return fail(run.error());
    if (run->subject.kind == core::SubjectKind::kPhase &&
        run->subject.source_hash != kernels::phase_hash(run->subject.name)) {
      stale.push_back(fmt::format("{} on {}", run->subject.name, label_of(summary)));
    }
  }
  return stale;
}

}  // namespace flashcore::session
