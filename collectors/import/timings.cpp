// Files of timings, format "flashcore.timings" 1 (docs/import.md). FlashCore's own script writes them, so
// what does not fit is refused and not passed over: a sample that is lost would move a median in silence.
#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "collectors/chips.h"
#include "collectors/import/csv.h"
#include "collectors/import/importer.h"
#include "collectors/import/json_members.h"
#include "collectors/import/json_place.h"
#include "collectors/import/ncu_run.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr double kLongestNs = 1e15;  // eleven days
constexpr double kFastestMhz = 10000;
constexpr double kLargestError = 1e300;
constexpr std::int64_t kMostLaunches = 1'000'000;
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;
constexpr std::int64_t kMostSize = std::int64_t{1} << 50;  // bytes, kHz
constexpr std::size_t kMostNotes = 50;
// Behind FlashCore's own references; those of a file stand in its order.
constexpr int kForeignRung = 200;

// "2026-01-31T12:00:00Z"
bool is_utc(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

core::DeviceRecord device_of(JsonMembers& read, const JsonPlace& at) {
  core::DeviceRecord device;
  const auto size = [&](const char* name) {
    return read.whole(at.member(name), 0, kMostSize, Need::kOptional);
  };
  const auto count = [&](const char* name) {
    return static_cast<int>(read.whole(at.member(name), 0, 1 << 30, Need::kOptional));
  };
  device.name = read.text(at.member("name"), Need::kRequired);
  device.compute_major = count("compute_major");
  device.compute_minor = count("compute_minor");
  device.sm_count = count("sm_count");
  device.sm_clock_max_khz = size("sm_clock_max_khz");
  device.memory_clock_max_khz = size("memory_clock_max_khz");
  device.memory_bus_bits = count("memory_bus_bits");
  device.memory_bytes = size("memory_bytes");
  device.l2_bytes = size("l2_bytes");
  device.shared_per_sm_bytes = size("shared_per_sm_bytes");
  device.shared_per_block_optin_bytes = size("shared_per_block_optin_bytes");
  device.shared_reserved_per_block_bytes = size("shared_reserved_per_block_bytes");
  device.registers_per_sm = count("registers_per_sm");
  device.max_threads_per_sm = count("max_threads_per_sm");
  device.max_blocks_per_sm = count("max_blocks_per_sm");
  if (const int warp = count("warp_size"); warp > 0) device.warp_size = warp;
  // As the collectors name it, so that both are of one class.
  device.chip = guess_chip(device.compute_major, device.compute_minor, device.sm_count, device.name).name;
  return device;
}

core::EnvironmentRecord environment_of(JsonMembers& read, const JsonPlace& at) {
  core::EnvironmentRecord environment;
  if (!read.object(at, Need::kOptional)) return environment;
  const auto text = [&](const char* name) { return read.text(at.member(name), Need::kOptional); };
  environment.kernels_hash = text("kernels_hash");  // its first digits
  environment.program_version = text("program_version");
  environment.cuda_driver = text("cuda_driver");
  environment.driver = text("driver");
  environment.operating_system = text("operating_system");
  environment.cpu = text("cpu");
  return environment;
}

std::optional<core::Extent3> extent_of(JsonMembers& read, const JsonPlace& at) {
  if (!read.list(at, Need::kOptional)) return std::nullopt;
  if (at.size() != 3) return read.refuse(at, "has not three sides"), std::nullopt;
  const auto side = [&](std::size_t i) {
    return read.whole(at.element(i), 1, std::int64_t{1} << 31, Need::kRequired);
  };
  return core::Extent3{side(0), side(1), side(2)};
}

core::Sample sample_of(JsonMembers& read, const JsonPlace& at) {
  core::Sample sample;
  sample.kind = core::SampleKind::kGraph;
  sample.index = static_cast<int>(read.whole(at.member("index"), 0, 1 << 30, Need::kRequired));
  sample.launches = static_cast<int>(read.whole(at.member("launches"), 1, kMostLaunches, Need::kRequired));
  sample.duration_ns = read.number(at.member("duration_ns"), 1e-3, kLongestNs, Need::kRequired).value_or(0);
  sample.effective_clock_mhz = read.number(at.member("clock_mhz"), 1, kFastestMhz, Need::kOptional);
  return sample;
}

core::CheckRecord check_of(JsonMembers& read, const JsonPlace& at) {
  core::CheckRecord check;
  const auto error = [&](const char* name, Need need) {
    return read.number(at.member(name), 0, kLargestError, need);
  };
  const auto elements = [&](const char* name) {
    return read.whole(at.member(name), 0, kMostElements, Need::kRequired);
  };
  check.seed = static_cast<std::uint64_t>(read.whole(at.member("seed"), 0, INT64_MAX / 2, Need::kRequired));
  check.input = read.text(at.member("input"), Need::kOptional);
  check.passed = read.flag(at.member("passed"), Need::kRequired);
  check.max_error = error("max_error", Need::kRequired).value_or(0);
  check.mean_error = error("mean_error", Need::kRequired).value_or(0);
  check.nan_count = elements("nan_count");
  check.inf_count = elements("inf_count");
  check.compared = elements("compared");
  check.max_tolerance = error("max_tolerance", Need::kRequired).value_or(0);
  check.mean_tolerance = error("mean_tolerance", Need::kOptional);
  check.plain_max_error = error("plain_max_error", Need::kOptional);
  check.method = read.text(at.member("method"), Need::kOptional);
  // What does not keep its own limits did not pass, whatever the file says.
  const bool kept = check.compared > 0 && check.nan_count == 0 && check.inf_count == 0 &&
                    check.max_error <= check.max_tolerance &&
                    (!check.mean_tolerance || check.mean_error <= *check.mean_tolerance);
  if (!read.broken() && check.passed && !kept)
    read.refuse(at, "says that it passed, and its errors are not within its limits");
  return check;
}

class Importer {
 public:
  Importer(const nlohmann::json& root, std::string_view text, const std::string& file)
      : root_{&root, nullptr, {}, 0}, read_(text, file) {}

  core::Result<Imported> import() {
    take_head();
    const JsonPlace problems = root_.member("problems");
    if (read_.list(problems, Need::kRequired)) {
      for (std::size_t i = 0; i < problems.size() && !read_.broken(); ++i) take_problem(problems.element(i));
      if (out_.runs.empty()) read_.refuse(problems, "holds no subject that was checked or timed");
    }
    if (read_.broken()) return core::fail(read_.error());
    return std::move(out_);
  }

 private:
  // What all runs of the file share.
  void take_head() {
    const JsonPlace schema = root_.member("schema"), version = root_.member("version");
    const JsonPlace taken = root_.member("taken_at"), tool = root_.member("tool");
    if (const std::string name = read_.text(schema, Need::kRequired); name != kTimingsSchema)
      read_.refuse(schema, fmt::format("is not '{}'", kTimingsSchema));
    if (const auto number = read_.whole(version, 1, 1 << 20, Need::kRequired); number > kTimingsVersion) {
      read_.refuse(
          version,
          fmt::format("is {}; this program reads {} up to {}", number, kTimingsSchema, kTimingsVersion),
          "import it with a newer FlashCore");
    }
    head_.origin = core::Origin::kImport;
    head_.taken_at = read_.text(taken, Need::kRequired);
    if (!read_.broken() && !is_utc(head_.taken_at))
      read_.refuse(taken, "is no time like 2026-01-31T12:00:00Z");
    head_.cache = read_.word<core::CacheState>(root_.member("cache"), Need::kRequired);
    if (const JsonPlace device = root_.member("device"); read_.object(device, Need::kOptional))
      head_.device = device_of(read_, device);
    head_.environment = environment_of(read_, root_.member("environment"));
    if (read_.object(tool, Need::kRequired)) {
      tool_ = read_.text(tool.member("name"), Need::kRequired);
      tool_version_ = read_.text(tool.member("version"), Need::kRequired);
    }
    method_ = texts(root_.member("method"));
    if (head_.cache) method_["cache"] = core::name_of(*head_.cache);
  }

  std::map<std::string, std::string> texts(const JsonPlace& at) {
    std::map<std::string, std::string> all;
    if (!read_.object(at, Need::kOptional)) return all;
    for (const auto& [name, value] : at.value->items()) {
      const std::string key = core::shortened(name);
      if (key.empty() || has_control(key)) read_.refuse(at, "has a member without a readable name");
      all[key] = read_.text(at.member(name), Need::kOptional);
    }
    return all;
  }

  void take_problem(const JsonPlace& at) {
    const JsonPlace named = at.member("problem"), subjects = at.member("subjects");
    const std::string text = read_.text(named, Need::kRequired);
    if (read_.broken()) return;
    const auto problem = core::parse_problem(text);
    if (!problem) return read_.refuse(named, fmt::format("is no problem: {}", problem.error().message));
    if (const std::string canonical = core::canonical_text(*problem); canonical != text) {
      return read_.refuse(named, fmt::format("is not the canonical text of its problem, which is '{}'",
                                             core::shortened(canonical, kLongestJsonText)));
    }
    if (read_.list(subjects, Need::kRequired)) {
      for (std::size_t i = 0; i < subjects.size() && !read_.broken(); ++i)
        take_subject(subjects.element(i), *problem);
    }
    take_left_out(at.member("left_out"), *problem);
  }

  void take_subject(const JsonPlace& at, const core::Problem& problem) {
    core::RunRecord run = head_;
    run.problem = problem;
    const auto kind = read_.word<core::SubjectKind>(at.member("kind"), Need::kRequired);
    run.subject.kind = kind.value_or(core::SubjectKind::kKernel);
    run.subject.name = core::shortened(read_.text(at.member("name"), Need::kRequired));
    run.subject.title = read_.text(at.member("title"), Need::kOptional);
    run.subject.source_hash = read_.text(at.member("source_hash"), Need::kOptional);
    // A phase's place is known by who knows the phases.
    if (kind != core::SubjectKind::kPhase && read_.flag(at.member("reference"), Need::kOptional))
      run.subject.ladder = core::LadderRecord{kForeignRung, true};
    run.answer = core::Answer::kUnchecked;
    take_checks(at.member("checks"), run);
    take_timing(at, run);
    hold_answer(at.member("answer"), run);
    if (!read_.broken() && run.measurements.empty()) read_.refuse(at, "was neither checked nor timed");
    if (!read_.broken()) out_.runs.push_back(std::move(run));
  }

  core::MeasurementRecord begin(const char* collector) const {
    core::MeasurementRecord measurement;
    measurement.collector = collector;
    measurement.tool = tool_;
    measurement.tool_version = tool_version_;
    measurement.taken_at = head_.taken_at;
    return measurement;
  }

  // Those of one moment are one measurement.
  void take_checks(const JsonPlace& at, core::RunRecord& run) {
    if (!read_.list(at, Need::kOptional)) return;
    std::vector<core::MeasurementRecord> moments;
    for (std::size_t i = 0; i < at.size() && !read_.broken(); ++i) {
      const JsonPlace one = at.element(i);
      const std::string moment = read_.text(one.member("moment"), Need::kRequired);
      if (moments.empty() || moments.back().parameters["moment"] != moment) {
        moments.push_back(begin("check"));
        moments.back().parameters["moment"] = moment;
      }
      moments.back().checks.push_back(check_of(read_, one));
    }
    for (auto& measurement : moments) core::add_measurement(run, std::move(measurement));
  }

  void take_timing(const JsonPlace& at, core::RunRecord& run) {
    core::MeasurementRecord timing = begin("timing");
    timing.parameters = method_;
    for (auto& [name, value] : texts(at.member("parameters"))) timing.parameters[name] = value;
    if (const JsonPlace kernels = at.member("kernels"); read_.list(kernels, Need::kOptional)) {
      for (std::size_t i = 0; i < kernels.size() && !read_.broken(); ++i)
        take_kernel(kernels.element(i), static_cast<int>(i), timing);
    }
    if (const JsonPlace samples = at.member("samples"); read_.list(samples, Need::kOptional)) {
      for (std::size_t i = 0; i < samples.size() && !read_.broken(); ++i)
        timing.samples.push_back(sample_of(read_, samples.element(i)));
    }
    if (!timing.samples.empty()) core::add_measurement(run, std::move(timing));
  }

  void take_kernel(const JsonPlace& at, int ordinal, core::MeasurementRecord& timing) {
    core::KernelRecord kernel;
    kernel.ordinal = ordinal;
    // A template of CUTLASS fills pages: it is made short, not refused.
    const JsonPlace name = at.member("name");
    if (read_.there(name, Need::kRequired)) {
      if (name.value->is_string()) kernel.name = readable_kernel(name.value->get_ref<const std::string&>());
      if (kernel.name.empty()) read_.refuse(name, "names no kernel");
    }
    kernel.grid = extent_of(read_, at.member("grid"));
    kernel.block = extent_of(read_, at.member("block"));
    const auto registers = read_.whole(at.member("registers"), 0, 1 << 16, Need::kOptional);
    if (registers > 0) {
      core::ResourceRecord resources;
      resources.kernel = ordinal;
      resources.registers = static_cast<int>(registers);
      resources.provenance = "Kineto";
      timing.resources.push_back(std::move(resources));
    }
    timing.kernels.push_back(std::move(kernel));
  }

  // The word is for people; what was checked decides.
  void hold_answer(const JsonPlace& at, const core::RunRecord& run) {
    const auto said = read_.word<core::Answer>(at, Need::kOptional);
    if (said && *said != run.answer) {
      read_.refuse(at, fmt::format("is '{}', and the checks of the subject make it {}", core::name_of(*said),
                                   core::name_of(run.answer)));
    }
  }

  void take_left_out(const JsonPlace& at, const core::Problem& problem) {
    if (!read_.list(at, Need::kOptional)) return;
    for (std::size_t i = 0; i < at.size() && !read_.broken(); ++i) {
      const JsonPlace one = at.element(i);
      const std::string name = read_.text(one.member("name"), Need::kRequired),
                        reason = read_.text(one.member("reason"), Need::kRequired);
      if (read_.broken() || out_.notes.size() >= kMostNotes) continue;
      out_.notes.push_back({core::Severity::kInfo, "subject_left_out",
                            fmt::format("{} was left out on {}: {}", core::shortened(name),
                                        core::problem_label(problem), reason),
                            "", "import"});
    }
  }

  JsonPlace root_;
  JsonMembers read_;
  core::RunRecord head_;
  std::string tool_, tool_version_;
  std::map<std::string, std::string> method_;
  Imported out_;
};

}  // namespace

core::Result<Imported> import_timings_json(std::string_view text, const std::string& file) {
  const auto root = parse_json(text, file, kTimingsSchema);
  if (!root) return core::fail(root.error());
  return Importer(*root, text, file).import();
}

}  // namespace flashcore::collectors
