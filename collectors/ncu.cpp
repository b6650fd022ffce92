#include "collectors/ncu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "collectors/external_tool.h"
#include "collectors/ncu_answer.h"
#include "core/atomic_file.h"
#include "core/child_process.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

using core::ErrorCode;
using core::MeasurementStatus;
using std::chrono::milliseconds;

constexpr int kWarmLaunches = 2;  // before the one that is counted
constexpr milliseconds kTick{50};
constexpr std::size_t kMostOutput = std::size_t{512} << 20;
// What a relaunched process pushes around its launches, in the domain of FlashCore (cuda/nvtx.h).
constexpr const char* kLaunchRange = "flashcore@launch/";

// Where ncu keeps its lock, its passes and its report.
class PrivateFolder {
 public:
  static core::Result<PrivateFolder> make() {
    std::error_code why;
    const auto parent = std::filesystem::temp_directory_path(why);
    std::string name = (parent / "flashcore-ncu-XXXXXX").string();
    if (why || ::mkdtemp(name.data()) == nullptr)
      return core::fail(ErrorCode::kFile,
                        fmt::format("no folder for ncu's files can be made in {}: {}", parent.string(),
                                    why ? why.message() : std::strerror(errno)),
                        "free space there, or name another folder with TMPDIR");
    return PrivateFolder(std::move(name));
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit PrivateFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

core::ChildSpec ncu_command(const std::filesystem::path& ncu, std::vector<std::string> arguments,
                            const PrivateFolder& folder) {
  return {
      .program = ncu, .arguments = std::move(arguments), .environment = {{"TMPDIR", folder.path().string()}}};
}

std::vector<std::string> raw_page() {
  // --print-fp: six digits behind the point and no marks of thousands, where the default rounds to two.
  return {"--csv", "--page", "raw", "--print-units", "base", "--print-fp"};
}

// What ncu said on its way, and how it ended.
struct Conversation {
  std::string said;
  core::ChildEnd end;
};

// Listens until ncu ends, is cancelled, falls silent or says too much.
class Listener {
 public:
  Listener(const NcuLimits& limits, const core::CancelToken& cancel, const Progress& progress)
      : limits_(limits), cancel_(cancel), progress_(progress) {}

  core::Result<Conversation> listen(const core::ChildSpec& spec) {
    auto child = core::LineChild::start(spec);
    if (!child) return core::fail(child.error());
    auto last_word = std::chrono::steady_clock::now();
    while (true) {
      if (cancel_.requested()) return stop(**child, &core::ChildEnd::cancelled);
      auto line = (*child)->read_line(kTick);
      if (!line) break;
      const auto now = std::chrono::steady_clock::now();
      if (*line) {
        last_word = now;
        take(**line);
        if (all_.said.size() > kMostOutput) return stop(**child, &core::ChildEnd::truncated);
      } else if (now - last_word > limits_.silence) {
        return stop(**child, &core::ChildEnd::timed_out);
      }
    }
    all_.end = (*child)->finish(std::chrono::seconds(5));
    return std::move(all_);
  }

 private:
  // By application replay each pass is a process of its own, and ncu says when it connects to one.
  void take(const std::string& line) {
    all_.said += line;
    all_.said += '\n';
    if (!line.starts_with("==PROF== Connected to process")) return;
    ++passes_;
    if (progress_) progress_(passes_, passes_ + 1);
  }
  Conversation stop(core::LineChild& child, bool core::ChildEnd::*why) {
    all_.end = child.finish(milliseconds{0});
    all_.end.timed_out = false;
    all_.end.*why = true;
    return std::move(all_);
  }

  const NcuLimits& limits_;
  const core::CancelToken& cancel_;
  const Progress& progress_;
  Conversation all_;
  int passes_ = 0;
};

class NcuCollector final : public Collector {
 public:
  NcuCollector(const CollectOptions& options, const NcuLimits& limits) : options_(options), limits_(limits) {}
  std::string_view id() const override { return "ncu"; }

  core::Status prepare(int) override {
    look_for_ncu();
    return {};
  }

  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override {
    if (progress) progress(0, 1);
    if (!looked_) look_for_ncu();
    core::MeasurementRecord head = begin_measurement("ncu", "Nsight Compute", version_);
    head.parameters = parameters();
    const auto began = std::chrono::steady_clock::now();
    auto done = trouble_ ? core::Result<core::MeasurementRecord>(troubled(std::move(head), *trouble_))
                         : count(target, std::move(head), cancel, progress);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (done && !trouble_) done->steps.push_back({"ncu", took.count()});
    if (done && progress) progress(1, 1);
    return done;
  }

 private:
  void look_for_ncu() {
    looked_ = true;
    const auto found = find_ncu(options_.ncu_path);
    if (!found) {
      trouble_ = NcuTrouble{MeasurementStatus::kRefused, "ncu_missing", found.error()};
      return;
    }
    ncu_ = *found;
    version_ = version_number(version_output(ncu_));
    trouble_ = ncu_too_old(version_, ncu_.string());
    if (!trouble_ && options_.ncu_sets.size() > 1)
      trouble_ =
          NcuTrouble{MeasurementStatus::kRefused,
                     "ncu_sets",
                     {ErrorCode::kUsage, "ncu takes one of its sets at a time",
                      "name one set (ncu --list-sets tells them), or none for the catalogue's counters", ""}};
  }

  std::map<std::string, std::string> parameters() const {
    std::map<std::string, std::string> all{{"replay", "application"}, {"clock", "unmodified"}};
    all["cache"] = core::name_of(options_.cache);
    if (cold()) all["cache_flush"] = "before each kernel";
    all["set"] = options_.ncu_sets.empty() ? options_.counter_set : "ncu:" + options_.ncu_sets.front();
    if (!options_.nvtx_filter.empty()) all["nvtx"] = options_.nvtx_filter;
    return all;
  }
  // ncu flushes before each kernel: the second of a launch finds nothing of what the first has left.
  bool cold() const { return options_.cache == core::CacheState::kCold; }
  // Counters that were asked for by name; of ncu's own sets nobody knows them before.
  std::vector<std::string> asked() const {
    return options_.ncu_sets.empty() ? options_.counters : std::vector<std::string>{};
  }

  core::MeasurementRecord troubled(core::MeasurementRecord head, const NcuTrouble& trouble) const {
    refuse(head, trouble.error, trouble.code, asked());
    head.status = trouble.status;
    return head;
  }

  std::vector<std::string> arguments(const Target& target, int kernels,
                                     const std::filesystem::path& report) const {
    std::vector<std::string> all = raw_page();
    const auto add = [&](std::initializer_list<std::string> more) { all.insert(all.end(), more); };
    add({"--clock-control", "none", "--cache-control", cold() ? "all" : "none"});
    add({"--replay-mode", "application"});
    if (!options_.ncu_sets.empty()) add({"--set", options_.ncu_sets.front()});
    if (options_.ncu_sets.empty() && !options_.counters.empty())
      add({"--metrics", fmt::format("{}", fmt::join(options_.counters, ","))});
    if (kernels > 0)
      add({"--launch-skip", fmt::format("{}", kWarmLaunches * kernels), "--launch-count",
           fmt::format("{}", kernels)});
    // Inputs are filled by kernels too, and a library is tried once: only what is inside of the step counts.
    // Whether this run is one of --nvtx was decided before ncu is asked.
    add({"--nvtx", "--nvtx-include", kLaunchRange});
    if (options_.keep_report) add({"--export", report.string(), "--force-overwrite"});
    const Relaunch relaunch = target.relaunch(kWarmLaunches + 1);
    add({relaunch.program});
    all.insert(all.end(), relaunch.arguments.begin(), relaunch.arguments.end());
    return all;
  }

  core::Result<core::MeasurementRecord> count(const Target& target, core::MeasurementRecord head,
                                              const core::CancelToken& cancel,
                                              const Progress& progress) const {
    if (!target.relaunch)
      return troubled(std::move(head),
                      {MeasurementStatus::kRefused,
                       "ncu_no_relaunch",
                       {ErrorCode::kUsage,
                        fmt::format("{} cannot be launched by a process of its own, which ncu needs",
                                    target.label.empty() ? "this" : target.label),
                        "profile the program with ncu and import its report", ""}});
    auto folder = PrivateFolder::make();
    if (!folder) return troubled(std::move(head), {MeasurementStatus::kFailed, "ncu_folder", folder.error()});
    const int kernels = target.launchable == nullptr ? 0 : target.launchable->kernels_per_launch();
    const auto report = folder->path() / "report.ncu-rep";
    auto heard = Listener(limits_, cancel, progress)
                     .listen(ncu_command(ncu_, arguments(target, kernels, report), *folder));
    if (heard && !heard->end.cancelled && options_.keep_report && !ncu_trouble(heard->end, heard->said))
      heard = Listener(limits_, cancel, {})
                  .listen(ncu_command(ncu_, import_arguments(report, raw_page()), *folder));
    if (!heard) return troubled(std::move(head), {MeasurementStatus::kFailed, "ncu_failed", heard.error()});
    if (heard->end.cancelled) return core::fail(ErrorCode::kCancelled, "counting with ncu was cancelled");
    if (heard->end.truncated)
      return troubled(std::move(head),
                      {MeasurementStatus::kFailed,
                       "ncu_failed",
                       {ErrorCode::kExternalTool, "ncu printed more than 512 MiB and was ended",
                        "ask for fewer counters", ""}});
    if (const auto trouble = ncu_trouble(heard->end, heard->said)) return troubled(std::move(head), *trouble);
    auto counted = measured(*heard, kernels);
    if (!counted)
      return troubled(std::move(head), {MeasurementStatus::kFailed, "ncu_failed", counted.error()});
    auto done = joined(std::move(head), std::move(*counted));
    if (options_.keep_report) keep(report, done);
    return done;
  }

  // Where nobody said how many kernels a launch has, all launches were counted; the last is the warm one.
  static core::Result<core::MeasurementRecord> measured(const Conversation& heard, int kernels) {
    if (kernels <= 0) {
      const auto all = import_ncu_csv(heard.said, "ncu");
      if (!all) return core::fail(all.error());
      const int launches = kWarmLaunches + 1;
      if (all->runs.size() % launches != 0)
        return core::fail(
            ErrorCode::kExternalTool,
            fmt::format("ncu counted {} kernels of {} launches, and not the same number of each",
                        all->runs.size(), launches),
            "take the counters without a filter");
      kernels = static_cast<int>(all->runs.size()) / launches;
    }
    return ncu_measurement(heard.said, "ncu", kernels);
  }

  core::MeasurementRecord joined(core::MeasurementRecord head, core::MeasurementRecord counted) const {
    head.passes = counted.passes;
    head.kernels = std::move(counted.kernels);
    head.resources = std::move(counted.resources);
    head.counters = std::move(counted.counters);
    std::set<std::pair<std::string, int>> known;
    for (const auto& counter : head.counters) known.emplace(counter.name, counter.kernel.value_or(0));
    for (const std::string& name : asked())
      for (const auto& kernel : head.kernels)
        if (!known.contains({name, kernel.ordinal}))
          head.counters.push_back({name, kernel.ordinal, std::nullopt, "ncu gave no such counter"});
    for (auto& diagnostic : counted.diagnostics) {
      diagnostic.source = "ncu";
      head.diagnostics.push_back(std::move(diagnostic));
    }
    const auto missing = std::count_if(head.counters.begin(), head.counters.end(),
                                       [](const core::CounterValue& c) { return !c.value; });
    head.status = missing > 0 ? MeasurementStatus::kPartial : counted.status;
    head.reason = head.status == counted.status && !counted.reason.empty() ? counted.reason
                  : missing > 0 ? fmt::format("{} of {} counters are missing", missing, head.counters.size())
                                : "";
    return head;
  }

  void keep(const std::filesystem::path& report, core::MeasurementRecord& measurement) const {
    auto content = core::read_file(report, limits_.report_bytes);
    if (content) {
      measurement.artifacts.push_back(
          {"ncu_report", "report.ncu-rep", "application/octet-stream", *std::move(content)});
      return;
    }
    measurement.diagnostics.push_back({core::Severity::kWarning, "ncu_report_not_kept",
                                       fmt::format("ncu's report was not kept: {}", content.error().message),
                                       "ask for fewer counters, or run ncu by hand with -o", "ncu"});
  }

  static std::vector<std::string> import_arguments(const std::filesystem::path& report,
                                                   std::vector<std::string> page) {
    page.insert(page.begin(), {"--import", report.string()});
    return page;
  }
  friend core::Result<Imported> flashcore::collectors::import_ncu_report(const std::filesystem::path&,
                                                                         const std::string&,
                                                                         const core::CancelToken&);

  CollectOptions options_;
  NcuLimits limits_;
  bool looked_ = false;
  std::filesystem::path ncu_;
  std::string version_;
  std::optional<NcuTrouble> trouble_;
};

}  // namespace

std::unique_ptr<Collector> make_ncu_collector(const CollectOptions& options, const NcuLimits& limits) {
  return std::make_unique<NcuCollector>(options, limits);
}

core::Result<Imported> import_ncu_report(const std::filesystem::path& report, const std::string& ncu_path,
                                         const core::CancelToken& cancel) {
  const auto ncu = find_ncu(ncu_path);
  if (!ncu) return core::fail(ncu.error());
  if (const auto old = ncu_too_old(version_number(version_output(*ncu)), ncu->string()))
    return core::fail(old->error);
  auto folder = PrivateFolder::make();
  if (!folder) return core::fail(folder.error());
  std::error_code ignored;
  const std::string name = core::shortened(report.string(), 200);
  const auto page = [&](std::vector<std::string> arguments) {
    return Listener({}, cancel, {})
        .listen(ncu_command(
            *ncu,
            NcuCollector::import_arguments(std::filesystem::absolute(report, ignored), std::move(arguments)),
            *folder));
  };
  // The session page has what the raw one lacks: when, and by which version.
  auto session = page({"--csv", "--page", "session"});
  if (!session) return core::fail(session.error());
  auto raw = session->end.cancelled ? session : page(raw_page());
  if (!raw) return core::fail(raw.error());
  if (raw->end.cancelled) return core::fail(ErrorCode::kCancelled, "the import was cancelled");
  if (const auto trouble = ncu_trouble(raw->end, raw->said)) {
    core::Error error = trouble->error;
    const bool no_report = raw->said.find("not an Nsight Compute profiler report") != std::string::npos ||
                           raw->said.find("Failed to load report file") != std::string::npos;
    if (no_report)
      error = {ErrorCode::kUsage, "this is no report that ncu can read", "check the file, or use a newer ncu",
               ncu_errors(raw->said)};
    error.message = fmt::format("{}: {}", name, error.message);
    return core::fail(std::move(error));
  }
  const std::string facts = ncu_trouble(session->end, session->said) ? "" : session->said;
  return import_ncu_csv(facts + raw->said, name);
}

}  // namespace flashcore::collectors
