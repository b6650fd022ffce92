// nvbench's JSON. Shape: docs and json_printer.cu of NVIDIA/nvbench; files of 2021 hold summaries by name,
// later ones as a list with tags.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "collectors/import/csv.h"
#include "collectors/import/importer.h"
#include "collectors/import/json_place.h"
#include "collectors/import/numbers.h"
#include "core/nearest.h"
#include "core/problem.h"

namespace flashcore::collectors {
namespace {

using nlohmann::json;

constexpr std::size_t kMostNotes = 50;

// Members that may be missing or of another type.
const json& member(const json& of, const char* name) {
  static const json nothing;
  if (!of.is_object()) return nothing;
  const auto found = of.find(name);
  return found == of.end() ? nothing : *found;
}
std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

// nvbench writes numbers as numbers or, since 2021, as strings.
std::optional<double> number_of(const json& value) {
  std::optional<double> number;
  if (value.is_number()) number = value.get<double>();
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    double parsed = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (!text.empty() && failed == std::errc{} && end == text.data() + text.size()) number = parsed;
  }
  return number && std::isfinite(*number) ? number : std::nullopt;
}
template <typename Integer = std::int64_t>
Integer whole_of(const json& value, Integer otherwise = 0) {
  const auto number = number_of(value);
  const double most = std::min(9e15, static_cast<double>(std::numeric_limits<Integer>::max()));
  return number && *number >= 0 && *number <= most ? static_cast<Integer>(*number) : otherwise;
}

core::DeviceRecord device_of(const json& given) {
  core::DeviceRecord device;
  device.name = core::shortened(text_of(member(given, "name")), 200);
  const int version = whole_of<int>(member(given, "sm_version"));
  device.compute_major = version / 100;
  device.compute_minor = version / 10 % 10;
  device.sm_count = whole_of<int>(member(given, "number_of_sms"));
  device.sm_clock_max_khz = whole_of(member(given, "sm_default_clock_rate")) / 1000;  // Hz
  device.memory_clock_max_khz = whole_of(member(given, "global_memory_bus_peak_clock_rate")) / 1000;
  device.memory_bus_bits = whole_of<int>(member(given, "global_memory_bus_width"));
  device.memory_bytes = whole_of(member(given, "global_memory_size"));
  device.l2_bytes = whole_of(member(given, "l2_cache_size"));
  device.shared_per_sm_bytes = whole_of(member(given, "shared_memory_per_sm"));
  device.registers_per_sm = whole_of<int>(member(given, "registers_per_sm"));
  device.max_threads_per_sm = whole_of<int>(member(given, "max_threads_per_sm"));
  device.max_blocks_per_sm = whole_of<int>(member(given, "max_blocks_per_sm"));
  return device;
}

// A list of {name, type, value}: of axis values, and of a summary.
struct Named {
  std::string name, text;
  const json* value;
};
std::vector<Named> named_values(const json& list) {
  std::vector<Named> out;
  if (!list.is_array()) return out;
  for (const json& entry : list) {
    const std::string name = text_of(member(entry, "name"));
    const json& value = member(entry, "value");
    if (name.empty() || value.is_structured()) continue;
    out.push_back({name,
                   value.is_string() ? value.get<std::string>()
                   : value.is_null() ? ""
                                     : value.dump(),
                   &value});
  }
  return out;
}

class Importer {
 public:
  Importer(const json& root, std::string_view text, const std::string& file)
      : root_(root), text_(text), file_(file) {}

  core::Result<Imported> import() {
    if (!root_.is_object() || !member(root_, "benchmarks").is_array())
      return refuse("this is JSON, but it has no list 'benchmarks' as nvbench's has",
                    "write the file with the benchmark's own option --json FILE");
    version_ = core::shortened(
        text_of(member(member(member(member(root_, "meta"), "version"), "nvbench"), "string")));
    if (const json& devices = member(root_, "devices"); devices.is_array())
      for (const json& device : devices)
        if (number_of(member(device, "id")) && !text_of(member(device, "name")).empty())
          devices_.emplace(whole_of(member(device, "id")), device_of(device));
    std::size_t states = 0;
    for (const json& benchmark : member(root_, "benchmarks")) {
      const std::string name = text_of(member(benchmark, "name"));
      const json& list = member(benchmark, "states");
      if (list.is_null()) continue;
      if (name.empty() || !list.is_array()) return refuse("a benchmark has no name, or no list of states");
      for (const json& state : list) {
        ++states;
        take_state(name, state);
      }
    }
    if (out_.runs.empty())
      return refuse(states == 0 ? "the file has no state of any benchmark"
                                : "every state of the file was skipped");
    note("time_unknown",
         "nvbench's files do not say when they were taken; their runs carry the time of the import");
    return std::move(out_);
  }

 private:
  tl::unexpected<core::Error> refuse(std::string_view why, std::string hint = {}) const {
    return core::fail(core::ErrorCode::kUsage, fmt::format("{}{}", position_of(file_, text_, 0), why),
                      std::move(hint));
  }
  void note(std::string code, std::string message) {
    if (out_.notes.size() < kMostNotes)
      out_.notes.push_back({core::Severity::kInfo, std::move(code), std::move(message), "", "import"});
  }

  void take_state(const std::string& benchmark, const json& state) {
    const std::string title = text_of(member(state, "description"));
    const std::string label = fmt::format("{} [{}]", core::shortened(benchmark), core::shortened(title));
    const json& skipped = member(state, "is_skipped");
    if (skipped.is_boolean() && skipped.get<bool>()) {
      note("state_skipped", fmt::format("{} was skipped by nvbench: {}", label,
                                        core::shortened(text_of(member(state, "skip_reason")), 200)));
      return;
    }
    core::RunRecord run;
    run.origin = core::Origin::kImport;
    run.answer = core::Answer::kDoesNotApply;
    run.subject = {core::SubjectKind::kMicrobenchmark, benchmark, title, std::nullopt, ""};
    run.taken_at = now_;
    run.problem = problem_of(benchmark, state, label);
    if (const auto device = devices_.find(whole_of<std::int64_t>(member(state, "device"), -1));
        device != devices_.end())
      run.device = device->second;
    core::MeasurementRecord measurement;
    measurement.collector = "nvbench";
    measurement.tool = "nvbench";
    measurement.tool_version = version_;
    known_.clear();
    take_summaries(member(state, "summaries"), measurement);
    if (measurement.counters.empty()) {
      note("state_empty", fmt::format("{} has no number", label));
      return;
    }
    const auto missing = std::count_if(measurement.counters.begin(), measurement.counters.end(),
                                       [](const core::CounterValue& c) { return !c.value; });
    if (missing > 0) {
      measurement.status = core::MeasurementStatus::kPartial;
      measurement.reason =
          fmt::format("{} of {} values are missing in the file", missing, measurement.counters.size());
    }
    core::add_measurement(run, std::move(measurement));
    out_.runs.push_back(std::move(run));
  }

  std::optional<core::Problem> problem_of(const std::string& benchmark, const json& state,
                                          const std::string& label) {
    core::Problem problem{fmt::format("nvbench.{}", benchmark), {}};
    for (char& c : problem.workload) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '_' || c == '-' || c == '.' || c == '/' || c == ' ';
      if (!plain) c = '_';
    }
    for (const Named& axis : named_values(member(state, "axis_values")))
      problem.axes.push_back({axis.name, axis.text});
    const auto again = core::parse_problem(core::canonical_text(problem));
    if (again && *again == problem) return problem;
    note("problem_unreadable", fmt::format("the axes of {} cannot be named; the run has no problem", label));
    return std::nullopt;
  }

  void take_summaries(const json& summaries, core::MeasurementRecord& into) {
    if (summaries.is_array()) {
      for (const json& summary : summaries) {
        const std::string tag = text_of(member(summary, "tag"));
        take_summary(tag.empty() ? text_of(member(summary, "name")) : tag, text_of(member(summary, "hint")),
                     member(summary, "data"), into);
      }
    } else if (summaries.is_object()) {
      for (const auto& [name, summary] : summaries.items())
        take_summary(name, "", member(summary, "values"), into);
    }
  }

  // `hint` says what the number is: a duration in seconds, a share of 1, ...
  void take_summary(const std::string& tag, std::string hint, const json& data,
                    core::MeasurementRecord& into) {
    if (tag.empty()) return;
    const auto values = named_values(data);
    for (const Named& value : values)
      if (value.name == "hint" && hint.empty()) hint = value.text;
    const double factor = hint == "duration" ? 1e9 : hint == "percentage" ? 100 : 1;
    for (const Named& value : values) {
      const std::string name = value.name == "value" ? tag : fmt::format("{}/{}", tag, value.name);
      const auto number = number_of(*value.value);
      const bool absent =
          !number && (value.value->is_null() || classify(value.text, false).kind == NumberKind::kMissing);
      if ((!number && !absent) || !known_.insert(name).second) continue;
      if (number)
        into.counters.push_back({name, std::nullopt, *number * (value.name == "value" ? factor : 1), ""});
      else
        into.counters.push_back({name, std::nullopt, std::nullopt,
                                 fmt::format("the file says '{}'", core::shortened(value.text))});
    }
  }

  const json& root_;
  std::string_view text_;
  const std::string& file_;
  std::string version_;
  std::string now_ = core::utc_now();
  std::map<std::int64_t, core::DeviceRecord> devices_;
  Imported out_;
  std::set<std::string> known_;  // names of the state's counters
};

}  // namespace

core::Result<Imported> import_nvbench_json(std::string_view text, const std::string& file) {
  const auto root = parse_json(text, file, "nvbench");
  if (!root) return core::fail(root.error());
  try {
    return Importer(*root, text, file).import();
  } catch (const std::exception& error) {
    return core::fail(core::ErrorCode::kUsage,
                      position_of(file, text, 0) + core::shortened(error.what(), 200),
                      "the file is no nvbench JSON");
  }
}

}  // namespace flashcore::collectors
