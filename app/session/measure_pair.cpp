#include "app/session/measure_pair.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "app/session/devices.h"
#include "app/session/file_lock.h"
#include "app/session/ledger.h"
#include "app/session/measure_looks.h"
#include "app/session/measure_sides.h"
#include "app/session/measure_turn.h"
#include "app/session/revision_build.h"
#include "collectors/device.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using Clock = std::chrono::steady_clock;

// Gone with everything in it.
class TurnFolder {
 public:
  static Result<TurnFolder> create() {
    std::error_code error;
    auto name = (std::filesystem::temp_directory_path(error) / "flashcore-measure-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr) {
      return fail(ErrorCode::kFile, "cannot create a folder for temporary files", "set TMPDIR to one",
                  error ? error.message() : std::generic_category().message(errno));
    }
    return TurnFolder(name);
  }
  TurnFolder(TurnFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TurnFolder& operator=(TurnFolder&&) = delete;
  ~TurnFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TurnFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// "20260131T120000-4242": no two measurements of a database have the same.
std::string fresh_id() {
  std::string text = core::utc_now();
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  return fmt::format("{}-{}", text, ::getpid());
}

std::string counted(std::size_t runs) {
  return fmt::format("{} run{}", runs, runs == 1 ? "" : "s");
}

struct MeasuredSide {
  const Side* side = nullptr;
  const char* name = "";  // "base", "now"
  const char* tag = "";   // "a", "b"
  SideRuns taken;
  std::chrono::milliseconds longest{0};
};

class Measurement {
 public:
  Measurement(const MeasureRequest& request, Sides sides, store::Store& store,
              const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
              const std::function<void(const MeasureEvent&)>& on_event)
      : request_(request),
        sides_(std::move(sides)),
        store_(store),
        catalogue_(catalogue),
        cancel_(cancel),
        on_event_(on_event),
        plan_(plan_looks(request)),
        base_{&sides_.base, "base", "a", {sides_.base.word, {}}, {}},
        now_{&sides_.now, "now", "b", {sides_.now.word, {}}, {}} {}

  Result<MeasureOutcome> run(const std::filesystem::path& folder, std::string gpu,
                             std::vector<core::Problem> problems) {
    gpu_ = std::move(gpu);
    turn_request_ = {std::move(problems), request_.iterations, request_.device, folder, {}};
    outcome_.id = fresh_id();
    outcome_.looks = static_cast<int>(plan_.rounds.size());
    outcome_.level = plan_.level;
    began_ = Clock::now();
    while (outcome_.stopped_by.empty()) {
      if (auto ok = take_round(++outcome_.rounds); !ok) {
        if (ok.error().code != ErrorCode::kCancelled) return fail(with_what_is_kept(ok.error()));
        outcome_.cancelled = true;
        outcome_.stopped_by = "cancelled";
      }
      if (auto ok = look(); !ok) return fail(with_what_is_kept(ok.error()));
    }
    outcome_.seconds = seconds_so_far();
    return finish();
  }

 private:
  double seconds_so_far() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  Status take_round(int round) {
    for (const bool is_now : order_of_round(round)) {
      if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped");
      if (auto ok = take(is_now ? now_ : base_); !ok) return ok;
    }
    return {};
  }

  Status take(MeasuredSide& measured) {
    const int turn = outcome_.turns + 1;
    const std::string what = fmt::format("turn {}: {}, {}", turn, measured.name, measured.side->sentence());
    tell(what);
    const auto lock = FileLock::take(gpu_lock_path(gpu_), cancel_, [&](std::chrono::seconds so_far) {
      tell(fmt::format("another measurement has its turn on this GPU ({} s)", so_far.count()));
    });
    if (!lock) return fail(lock.error());
    turn_request_.limit = limit_of(measured);
    const auto began = Clock::now();
    auto taken = take_turn(*measured.side, turn_request_, cancel_);
    if (!taken)
      return taken.error().code == ErrorCode::kCancelled ? fail(taken.error())
                                                         : fail(told(what, taken.error()));
    measured.longest = std::max(measured.longest,
                                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began));
    if (auto ok = keep(measured, turn, std::move(taken->runs)); !ok) return ok;
    if (taken->trouble) return fail(told(what, *taken->trouble));
    outcome_.turns = turn;
    return {};
  }

  // A turn that hangs is seen by what the side took before.
  std::chrono::milliseconds limit_of(const MeasuredSide& measured) const {
    const auto most = std::chrono::milliseconds(static_cast<std::int64_t>(request_.turn_seconds * 1000));
    if (measured.longest.count() == 0) return most;
    return std::min(most, measured.longest * 10 + std::chrono::seconds(60));
  }

  // Written at once; what the database does not take goes elsewhere.
  Status keep(MeasuredSide& measured, int turn, std::vector<core::RunRecord> runs) {
    if (runs.empty()) return {};
    for (core::RunRecord& run : runs) {
      for (const auto& [key, value] : request_.tags) run.tags[key] = value;
      run.tags["compare"] = outcome_.id;
      run.tags["side"] = measured.tag;
      run.tags["turn"] = std::to_string(turn);
    }
    if (session_.started_at.empty()) begin_session(runs.front().environment);
    if (auto ok = store_.write_runs(session_, runs); !ok)
      return fail(rescue_runs(store_.path(), session_, std::move(runs), ok.error()));
    for (core::RunRecord& run : runs)
      measured.taken.runs.push_back(analysis::analyse(std::move(run), catalogue_));
    return {};
  }

  // The session is this program's, on the machine as the first turn found it.
  void begin_session(const core::EnvironmentRecord& seen) {
    session_.started_at = core::utc_now();
    session_.command = request_.command;
    session_.tags = request_.tags;
    session_.tags["compare"] = outcome_.id;
    session_.environment = collectors::read_environment();
    session_.environment.kernels_hash = kernels::kernels_hash();
    session_.environment.cuda_driver = seen.cuda_driver;
    session_.environment.driver = seen.driver;
    session_.environment.nvml = seen.nvml;
  }

  // What there is so far, and whether that is enough.
  Status look() {
    if (base_.taken.runs.empty() || now_.taken.runs.empty()) return {};
    auto compared = compare_sides(base_.taken, now_.taken, sides_.one_phase_each, plan_, request_.smallest);
    if (!compared) return fail(compared.error());
    outcome_.compared.result = *std::move(compared);
    standing_ = standing_of(outcome_.compared.result);
    if (outcome_.stopped_by.empty()) outcome_.stopped_by = why_stop();
    tell(fmt::format("round {} is over", outcome_.rounds));
    return {};
  }

  std::string why_stop() const {
    const int round = outcome_.rounds;
    if (plan_.may_stop(round)) {
      if (request_.until && all_narrow(outcome_.compared.result, *request_.until))
        return fmt::format("every interval is within {:.4g} % (--until)", *request_.until * 100);
      if (!request_.until && request_.rounds == 0 && all_stand(outcome_.compared.result))
        return "every verdict stands";
    }
    if (round >= plan_.rounds.back()) {
      return request_.rounds > 0 ? fmt::format("--rounds {} is reached", round)
                                 : fmt::format("{} rounds are the most without --rounds", round);
    }
    if (request_.seconds > 0 && seconds_so_far() >= request_.seconds)
      return fmt::format("{:.4g} s are over (--seconds)", request_.seconds);
    return "";
  }

  MeasureOutcome finish() {
    CompareOutcome& compared = outcome_.compared;
    for (const auto& [measured, sentence, runs] :
         {std::tuple{&base_, &compared.base_sentence, &compared.base_runs},
          std::tuple{&now_, &compared.now_sentence, &compared.now_runs}}) {
      *sentence = fmt::format("{} of {}", counted(measured->taken.runs.size()), measured->side->sentence());
      *runs = std::move(measured->taken.runs);  // the elements stay where the comparisons point to
    }
    outcome_.session_id = session_.id;
    return std::move(outcome_);
  }

  Error told(const std::string& turn, Error error) const {
    error.message = fmt::format("{}: {}", turn, error.message);
    return error;
  }

  Error with_what_is_kept(Error error) const {
    if (session_.id == 0) return error;
    const std::size_t kept = base_.taken.runs.size() + now_.taken.runs.size();
    error.hint += fmt::format("{}{} of session {} (compare={}) {} in the database",
                              error.hint.empty() ? "" : "; ", counted(kept), session_.id, outcome_.id,
                              kept == 1 ? "is" : "are");
    return error;
  }

  void tell(std::string text) const {
    if (!on_event_) return;
    const double all = 4.0 * plan_.rounds.back();
    double fraction = outcome_.turns / all;
    if (request_.seconds > 0) fraction = std::max(fraction, seconds_so_far() / request_.seconds);
    on_event_({std::move(text), outcome_.turns + 1, standing_, std::min(fraction, 1.0)});
  }

  const MeasureRequest& request_;
  Sides sides_;
  store::Store& store_;
  const analysis::Catalogue& catalogue_;
  const core::CancelToken& cancel_;
  const std::function<void(const MeasureEvent&)>& on_event_;
  LookPlan plan_;
  MeasuredSide base_, now_;
  TurnRequest turn_request_;
  std::string gpu_, standing_;
  core::SessionRecord session_;
  MeasureOutcome outcome_;
  Clock::time_point began_;
};

// Revisions are built before the first turn, for the GPU alone where it is known.
Status build_revisions(Sides& sides, const std::optional<core::DeviceRecord>& device,
                       const core::CancelToken& cancel,
                       const std::function<void(const MeasureEvent&)>& on_event) {
  for (Side* side : {&sides.base, &sides.now}) {
    if (!side->program.empty()) continue;
    RevisionBuild build;
    build.repository = std::filesystem::current_path();
    build.sha = side->revision;
    if (device) build.architectures = architecture_of(device->compute_major, device->compute_minor);
    auto program = built_program(build, cancel, [&](const std::string& text) {
      if (on_event) on_event({text, 0, "", 0});
    });
    if (!program) return fail(program.error());
    side->program = *std::move(program);
  }
  return {};
}

Status check_numbers(const MeasureRequest& request) {
  if (request.iterations < 1)
    return fail(ErrorCode::kUsage, fmt::format("{} timed launches are too few", request.iterations),
                "give --iters 100");
  if (request.rounds < 0) return fail(ErrorCode::kUsage, "a number of rounds cannot be negative");
  if (!(request.smallest > 0))
    return fail(ErrorCode::kUsage, "the smallest effect that matters must be above 0");
  return {};
}

}  // namespace

Result<MeasureOutcome> measure_pair(const MeasureRequest& request, store::Store& store,
                                    const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                                    const std::function<void(const MeasureEvent&)>& on_event) {
  if (auto ok = check_numbers(request); !ok) return fail(ok.error());
  auto sides = resolve_sides(request);
  if (!sides) return fail(sides.error());
  std::vector<core::Problem> problems = request.problems;
  if (problems.empty()) {
    auto mission = core::parse_problem("mission");
    if (!mission) return fail(mission.error());
    problems.push_back(*std::move(mission));
  }
  // Programs say themselves that they find no GPU; a revision takes minutes to build before it could.
  std::optional<core::DeviceRecord> device;
  auto devices = request.devices ? request.devices() : list_devices();
  const bool builds = sides->base.program.empty() || sides->now.program.empty();
  if (builds && !devices) return fail(devices.error());
  if (builds && static_cast<std::size_t>(std::max(request.device, 0)) >= devices->size()) {
    return fail(ErrorCode::kNoDevice, fmt::format("there is no GPU {}", request.device),
                "see: flashcore-profile list devices, and doctor");
  }
  if (devices && request.device >= 0 && static_cast<std::size_t>(request.device) < devices->size())
    device = (*devices)[static_cast<std::size_t>(request.device)];
  if (auto ok = build_revisions(*sides, device, cancel, on_event); !ok) return fail(ok.error());
  auto folder = TurnFolder::create();
  if (!folder) return fail(folder.error());
  const std::string gpu = device && !device->uuid.empty() ? device->uuid : std::to_string(request.device);
  return Measurement(request, *std::move(sides), store, catalogue, cancel, on_event)
      .run(folder->path(), gpu, std::move(problems));
}

}  // namespace flashcore::session
