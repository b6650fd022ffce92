#include "app/session/measurement_json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "reports/text.h"

namespace flashcore::session {
namespace {

using nlohmann::json;

// Never leaves this file; nlohmann's own exceptions are caught beside it.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// --- one list of fields a record, read and written by the same lines ---------------------------------------

template <typename A>
void fields(A& a, core::Extent3& v) {
  a("x", v.x), a("y", v.y), a("z", v.z);
}
template <typename A>
void fields(A& a, core::KernelRecord& v) {
  a("ordinal", v.ordinal), a("name", v.name), a("grid", v.grid), a("block", v.block);
}
template <typename A>
void fields(A& a, core::ResourceRecord& v) {
  a("kernel", v.kernel), a("registers", v.registers), a("static_shared_bytes", v.static_shared_bytes);
  a("dynamic_shared_bytes", v.dynamic_shared_bytes), a("stack_bytes", v.stack_bytes);
  a("spill_store_bytes", v.spill_store_bytes), a("spill_load_bytes", v.spill_load_bytes);
  a("local_bytes", v.local_bytes), a("binary_bytes", v.binary_bytes), a("binary_arch", v.binary_arch);
  a("theoretical_occupancy", v.theoretical_occupancy), a("blocks_per_sm", v.blocks_per_sm);
  a("occupancy_limiter", v.occupancy_limiter), a("provenance", v.provenance);
}
template <typename A>
void fields(A& a, core::Sample& v) {
  a("kind", v.kind), a("index", v.index), a("launches", v.launches), a("duration_ns", v.duration_ns);
  a("effective_clock_mhz", v.effective_clock_mhz);
  a("nominal_before_mhz", v.nominal_before_mhz), a("nominal_after_mhz", v.nominal_after_mhz);
}
template <typename A>
void fields(A& a, core::CounterValue& v) {
  a("name", v.name), a("kernel", v.kernel), a("value", v.value), a("reason", v.reason);
}
template <typename A>
void fields(A& a, core::CheckRecord& v) {
  a("seed", v.seed), a("input", v.input), a("passed", v.passed), a("max_error", v.max_error);
  a("mean_error", v.mean_error), a("nan_count", v.nan_count), a("inf_count", v.inf_count);
  a("compared", v.compared), a("max_tolerance", v.max_tolerance), a("mean_tolerance", v.mean_tolerance);
  a("plain_max_error", v.plain_max_error), a("worst", v.worst), a("method", v.method);
}
template <typename A>
void fields(A& a, core::ClockRecord& v) {
  a("at_ms", v.at_ms), a("sm_mhz", v.sm_mhz), a("memory_mhz", v.memory_mhz), a("power_w", v.power_w);
  a("temperature_c", v.temperature_c), a("reasons", v.reasons), a("other_processes", v.other_processes);
}
template <typename A>
void fields(A& a, core::StepRecord& v) {
  a("name", v.name), a("ms", v.ms);
}
template <typename A>
void fields(A& a, core::DiagnosticRecord& v) {
  a("severity", v.severity), a("code", v.code), a("message", v.message), a("hint", v.hint);
  a("source", v.source);
}
template <typename A>
void fields(A& a, core::ArtifactRecord& v) {
  a("kind", v.kind), a("name", v.name), a("media_type", v.media_type), a("content", v.content);
}
template <typename A>
void fields(A& a, core::MeasurementRecord& v) {
  a("id", v.id), a("collector", v.collector), a("tool", v.tool), a("tool_version", v.tool_version);
  a("taken_at", v.taken_at), a("passes", v.passes), a("parameters", v.parameters), a("status", v.status);
  a("reason", v.reason), a("kernels", v.kernels), a("resources", v.resources), a("samples", v.samples);
  a("counters", v.counters), a("checks", v.checks), a("clocks", v.clocks);
  a("diagnostics", v.diagnostics), a("artifacts", v.artifacts), a("steps", v.steps);
}
template <typename A>
void fields(A& a, collectors::CollectOptions& v) {
  a("warmup", v.warmup), a("iterations", v.iterations), a("cache", v.cache), a("counters", v.counters);
  a("counter_set", v.counter_set), a("nvtx_filter", v.nvtx_filter), a("ncu_path", v.ncu_path);
  a("ncu_sets", v.ncu_sets), a("keep_report", v.keep_report);
}

// --- values ------------------------------------------------------------------------------------------------

template <typename T>
concept Whole = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <typename T>
concept Record = std::is_class_v<T>;

json write(bool v) {
  return v;
}
template <Whole T>
json write(T v) {
  return v;
}
json write(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  return v;
}
json write(const std::string& v) {
  if (reports::valid_utf8(v) == v) return v;
  return {{"bytes", std::vector<std::uint8_t>(v.begin(), v.end())}};
}
template <core::Named E>
json write(E v) {
  return core::name_of(v);
}
template <Record T>
json write(const T& record);
template <typename T>
json write(const std::optional<T>& v) {
  return v ? write(*v) : json(nullptr);
}
template <typename T>
json write(const std::vector<T>& v) {
  json list = json::array();
  for (const T& item : v) list.push_back(write(item));
  return list;
}
// Keys may hold any bytes too, so a map is a list of pairs.
json write(const std::map<std::string, std::string>& v) {
  json list = json::array();
  for (const auto& [key, value] : v) list.push_back(json::array({write(key), write(value)}));
  return list;
}

struct Writer {
  json object = json::object();
  template <typename T>
  void operator()(const char* name, const T& v) {
    object[name] = write(v);
  }
};
template <Record T>
json write(const T& record) {
  Writer writer;
  fields(writer, const_cast<T&>(record));  // fields() serves the reader too; a writer only looks
  return std::move(writer.object);
}

void read(const json& j, bool& v) {
  if (!j.is_boolean()) throw Refused("is no truth value");
  v = j.get<bool>();
}
template <Whole T>
void read(const json& j, T& v) {
  const bool fits =
      j.is_number_unsigned()
          ? j.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())
          : j.is_number_integer() && std::is_signed_v<T> &&
                j.get<std::int64_t>() >= static_cast<std::int64_t>(std::numeric_limits<T>::min());
  if (!fits) throw Refused("is no whole number in range");
  v = j.get<T>();
}
void read(const json& j, double& v) {
  if (j.is_number()) {
    v = j.get<double>();
  } else if (j == "nan") {
    v = std::numeric_limits<double>::quiet_NaN();
  } else if (j == "inf" || j == "-inf") {
    v = j == "inf" ? HUGE_VAL : -HUGE_VAL;
  } else {
    throw Refused("is no number");
  }
}
void read(const json& j, std::string& v) {
  if (j.is_string()) {
    v = j.get<std::string>();
  } else if (j.is_object() && j.size() == 1 && j.contains("bytes")) {
    v.clear();
    for (const json& byte : j["bytes"]) {
      std::uint8_t value = 0;
      read(byte, value);
      v += static_cast<char>(value);
    }
  } else {
    throw Refused("is no text");
  }
}
template <core::Named E>
void read(const json& j, E& v) {
  const auto known = j.is_string() ? core::named<E>(j.get<std::string>()) : std::nullopt;
  if (!known) throw Refused("is no known name");
  v = *known;
}
template <Record T>
void read(const json& j, T& record);
template <typename T>
void read(const json& j, std::optional<T>& v) {
  v.reset();
  if (!j.is_null()) read(j, v.emplace());
}
template <typename T>
void read(const json& j, std::vector<T>& v) {
  if (!j.is_array()) throw Refused("is no list");
  v.clear();
  for (const json& item : j) read(item, v.emplace_back());
}
void read(const json& j, std::map<std::string, std::string>& v) {
  if (!j.is_array()) throw Refused("is no list of pairs");
  v.clear();
  for (const json& pair : j) {
    if (!pair.is_array() || pair.size() != 2) throw Refused("is no list of pairs");
    std::string key, value;
    read(pair[0], key);
    read(pair[1], value);
    v[key] = value;
  }
}

struct Reader {
  const json& object;
  std::size_t used = 0;
  template <typename T>
  void operator()(const char* name, T& v) {
    const auto found = object.find(name);
    if (found == object.end()) throw Refused(fmt::format("lacks '{}'", name));
    ++used;
    try {
      read(*found, v);
    } catch (const Refused& e) {
      throw Refused(fmt::format("{}: {}", name, e.what()));
    }
  }
};
template <Record T>
void read(const json& j, T& record) {
  if (!j.is_object()) throw Refused("is no object");
  Reader reader{j};
  fields(reader, record);
  if (reader.used != j.size()) throw Refused("has keys that are not known");
}

template <typename T>
core::Result<T> parse(std::string_view text, const char* what) {
  std::string why;
  try {
    T value;
    read(json::parse(text), value);
    return value;
  } catch (const Refused& e) {
    why = e.what();
  } catch (const json::exception& e) {
    why = e.what();
  }
  return core::fail(core::ErrorCode::kUsage, fmt::format("not {}: {}", what, reports::cut(why, 200)),
                    "both processes must be of the same build");
}

}  // namespace

std::string measurement_json(const core::MeasurementRecord& measurement) {
  return write(measurement).dump();
}

core::Result<core::MeasurementRecord> parse_measurement(std::string_view text) {
  return parse<core::MeasurementRecord>(text, "a measurement");
}

std::string measurements_json(const std::vector<core::MeasurementRecord>& measurements) {
  return write(measurements).dump();
}

core::Result<std::vector<core::MeasurementRecord>> parse_measurements(std::string_view text) {
  return parse<std::vector<core::MeasurementRecord>>(text, "a list of measurements");
}

std::string options_json(const collectors::CollectOptions& options) {
  return write(options).dump();
}

core::Result<collectors::CollectOptions> parse_options_json(std::string_view text) {
  return parse<collectors::CollectOptions>(text, "options of a collector");
}

}  // namespace flashcore::session
