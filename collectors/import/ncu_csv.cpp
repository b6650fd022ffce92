#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "collectors/import/csv.h"
#include "collectors/import/importer.h"
#include "collectors/import/ncu_run.h"
#include "collectors/import/ncu_table.h"
#include "collectors/import/numbers.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr std::size_t kMostNotes = 20;
constexpr std::string_view kAttributes = "device__attribute_";

// What the cells of a column say together.
struct ColumnFacts {
  std::size_t table = 0;  // of which table, counted from 1; 0: of none yet
  Decimal decimal = Decimal::kUnknown;
  bool numbers = false, texts = false, missing = false, unit = false;

  // A column of words ("PolicySpread"), or of nothing at all, holds no counter.
  bool is_counter() const { return numbers || unit || (missing && !texts); }
};

// One launch's values by name.
struct Values {
  std::vector<std::size_t> launch;  // by name: for which launch `at` holds, counted from 1
  std::vector<std::size_t> at;      // in the measurement's counters
  std::map<std::string_view, double> attributes;
  std::map<std::string_view, std::string> texts;
};

class Importer {
 public:
  Importer(std::string_view text, const std::string& file, NcuFile table)
      : text_(text), file_(file), in_(std::move(table)) {
    facts_.resize(in_.names.size());
    values_.launch.resize(in_.names.size());
    values_.at.resize(in_.names.size());
    for (std::uint32_t i = 0; i < in_.names.size(); ++i) index_.emplace(in_.names[i], i);
  }

  Imported import() {
    for (std::size_t first = 0; first < in_.launches.size();) {
      std::size_t last = first;
      while (last < in_.launches.size() && in_.launches[last].table == in_.launches[first].table) ++last;
      learn(first, last);
      for (std::size_t i = first; i < last; ++i) out_.runs.push_back(run_of(i));
      first = last;
    }
    if (!out_.runs.empty()) note_times();
    if (notes_left_out_ > 0)
      note("values_missing", fmt::format("{} more values were not read; each says why", notes_left_out_));
    return std::move(out_);
  }

 private:
  // What a table's cells prove of its columns, and of itself.
  void learn(std::size_t first, std::size_t last) {
    table_decimal_ = Decimal::kUnknown;
    for (std::size_t i = first; i < last; ++i)
      for (const NcuValue& value : in_.launches[i].values) {
        ColumnFacts& facts = facts_of(value.name, in_.launches[i].table);
        const auto [number, unit] = with_unit(value);
        const NumberShape shape = classify(number, counts_whole(in_.names[value.name], unit));
        facts.decimal = facts.decimal | shape.proves;
        facts.numbers |= shape.kind == NumberKind::kNumber || shape.kind == NumberKind::kOpen;
        facts.texts |= shape.kind == NumberKind::kText;
        facts.missing |= shape.kind == NumberKind::kMissing && !number.empty();
        facts.unit |= !unit.empty();
        table_decimal_ = table_decimal_ | shape.proves;
      }
  }
  ColumnFacts& facts_of(std::uint32_t name, std::size_t table) {
    ColumnFacts& facts = facts_[name];
    if (facts.table != table) facts = {.table = table};
    return facts;
  }
  static WithUnit with_unit(const NcuValue& value) {
    WithUnit split = split_unit(value.text);
    if (split.unit.empty()) split.unit = value.unit;
    return split;
  }

  Number number_of(const NcuLaunch& launch, const NcuValue& value) {
    const auto [text, unit] = with_unit(value);
    const ColumnFacts& facts = facts_of(value.name, launch.table);
    const Decimal decimal = facts.decimal == Decimal::kUnknown ? table_decimal_ : facts.decimal;
    Number number = read_number(text, decimal, counts_whole(in_.names[value.name], unit));
    if (!fits_metric(in_.names[value.name], unit)) {
      // Taken for the base unit it would be a wrong number that looks right.
      return {std::nullopt, fmt::format("'{}' is no unit of this counter", core::shortened(unit))};
    }
    if (number.value) *number.value *= to_base(unit);
    return number;
  }

  void take_value(std::size_t i, const NcuValue& value, core::MeasurementRecord& into) {
    const std::string& name = in_.names[value.name];
    const NcuLaunch& launch = in_.launches[i];
    if (name.starts_with(kAttributes)) {
      const Number number = number_of(launch, value);
      if (number.value) values_.attributes.emplace(name, *number.value);
      values_.texts.emplace(name, value.text);
      return;
    }
    if (!facts_of(value.name, launch.table).is_counter()) return;
    Number number = number_of(launch, value);
    if (values_.launch[value.name] == i + 1) {
      core::CounterValue& known = into.counters[values_.at[value.name]];
      if (!known.value && number.value) known = {name, 0, number.value, ""};
      return;
    }
    if (!number.value && !value.text.empty() && classify(value.text, false).kind != NumberKind::kMissing)
      note_value(value, name, number.reason);
    values_.launch[value.name] = i + 1;
    values_.at[value.name] = into.counters.size();
    into.counters.push_back({name, 0, number.value, std::move(number.reason)});
  }

  core::RunRecord run_of(std::size_t i) {
    const NcuLaunch& launch = in_.launches[i];
    core::RunRecord run;
    run.origin = core::Origin::kImport;
    run.answer = core::Answer::kDoesNotApply;
    run.subject = {core::SubjectKind::kKernel, readable_kernel(launch.kernel), launch.kernel, std::nullopt,
                   ""};
    const std::string taken_at = time_of(launch);
    run.taken_at = taken_at.empty() ? now_ : taken_at;
    core::MeasurementRecord measurement;
    measurement.collector = "ncu";
    measurement.tool = "Nsight Compute";
    measurement.tool_version = in_.version;
    measurement.taken_at = taken_at;
    measurement.parameters = {{"page", in_.details ? (in_.raw ? "raw, details" : "details") : "raw"},
                              {"set", "unknown"}};
    if (!launch.process.empty()) measurement.parameters["process"] = core::shortened(launch.process, 200);
    values_.attributes.clear();
    values_.texts.clear();
    measurement.counters.reserve(launch.values.size());
    for (const NcuValue& value : launch.values) take_value(i, value, measurement);

    const NcuLookup lookup = lookup_in(i, measurement);
    run.device = device_of(lookup);
    if (!run.device && !launch.cc.empty())
      measurement.parameters["compute_capability"] = core::shortened(launch.cc);
    core::KernelRecord kernel{0, run.subject.name, extent_of(launch.grid), extent_of(launch.block)};
    if (!kernel.grid) kernel.grid = extent_in(lookup, "launch__grid_dim_");
    if (!kernel.block) kernel.block = extent_in(lookup, "launch__block_dim_");
    measurement.kernels = {kernel};
    if (const auto resources = resources_of(lookup)) measurement.resources = {*resources};
    if (const auto passes = lookup.number("profiler__replayer_passes");
        passes && *passes >= 0 && *passes < 1e9)
      measurement.passes = static_cast<int>(*passes);
    judge(measurement);
    core::add_measurement(run, std::move(measurement));
    return run;
  }

  NcuLookup lookup_in(std::size_t i, const core::MeasurementRecord& measurement) {
    return {.number = [this, i, &measurement](std::string_view name) -> std::optional<double> {
              if (const auto found = values_.attributes.find(name); found != values_.attributes.end())
                return found->second;
              if (name == "device__attribute_total_memory" && !in_.total_memory.empty())
                return read_number(in_.total_memory, Decimal::kUnknown, true).value;
              const auto known = index_.find(name);
              if (known == index_.end() || values_.launch[known->second] != i + 1) return std::nullopt;
              return measurement.counters[values_.at[known->second]].value;
            },
            .text =
                [this](std::string_view name) {
                  const auto found = values_.texts.find(name);
                  return found == values_.texts.end() ? std::string() : found->second;
                }};
  }

  static std::optional<core::Extent3> extent_in(const NcuLookup& launch, std::string_view prefix) {
    core::Extent3 extent;
    for (const auto& [axis, side] : {std::pair{'x', &extent.x}, {'y', &extent.y}, {'z', &extent.z}}) {
      const auto value = launch.number(fmt::format("{}{}", prefix, axis));
      if (!value || *value < 1 || *value > 4294967295.0) return std::nullopt;
      *side = static_cast<std::int64_t>(*value);
    }
    return extent;
  }

  static void judge(core::MeasurementRecord& measurement) {
    const auto missing = std::count_if(measurement.counters.begin(), measurement.counters.end(),
                                       [](const core::CounterValue& c) { return !c.value; });
    if (missing == 0) return;
    measurement.status = core::MeasurementStatus::kPartial;
    measurement.reason =
        fmt::format("{} of {} values are missing in the file", missing, measurement.counters.size());
  }

  // Empty where the file does not say it.
  std::string time_of(const NcuLaunch& launch) {
    std::string time = utc_of(launch.time);
    if (time.empty()) time = utc_of(in_.created);
    (time.empty() ? timeless_ : zoneless_) = true;
    return time;
  }
  void note_times() {
    if (timeless_)
      note("time_unknown", "the file does not say when it was taken; its runs carry the time of the import");
    if (zoneless_)
      note("time_zone_unknown", "the file's times name no zone; they are kept as if they were UTC");
  }

  void note(std::string code, std::string message, std::string hint = {}) {
    out_.notes.push_back(
        {core::Severity::kInfo, std::move(code), std::move(message), std::move(hint), "import"});
  }
  void note_value(const NcuValue& value, const std::string& name, const std::string& reason) {
    if (values_noted_++ >= kMostNotes) {
      ++notes_left_out_;
      return;
    }
    const auto at = static_cast<std::size_t>(value.text.data() - text_.data());
    out_.notes.push_back(
        {core::Severity::kWarning, "value_not_read",
         fmt::format("{}{}: {}", position_of(file_, text_, at), core::shortened(name), reason),
         "export with --print-units base --print-fp, which leaves nothing to guess", "import"});
  }

  std::string_view text_;
  const std::string& file_;
  NcuFile in_;
  Imported out_;
  std::vector<ColumnFacts> facts_;
  Decimal table_decimal_ = Decimal::kUnknown;
  Values values_;
  std::unordered_map<std::string_view, std::uint32_t> index_;
  std::string now_ = core::utc_now();
  bool timeless_ = false, zoneless_ = false;
  std::size_t values_noted_ = 0, notes_left_out_ = 0;
};

tl::unexpected<core::Error> nothing_in(const NcuFile& table, std::string_view text, const std::string& file) {
  std::string why = table.tables > 0 ? "the table has no row" : "here is no table of ncu --csv";
  std::string hint = "export the report with ncu --import REPORT --csv --page raw";
  if (table.no_kernels) {
    why = "ncu says: no kernels were profiled";
    hint = "check the filters (--kernel-name, --launch-skip, --nvtx-include) that ncu was given";
  } else if (!table.errors.empty()) {
    why = fmt::format("ncu says: {}", core::shortened(table.errors.substr(0, table.errors.find('\n')), 300));
    hint = "run ncu again; this file holds only its messages";
  }
  return core::fail(core::ErrorCode::kUsage, fmt::format("{}{}", position_of(file, text, 0), why),
                    std::move(hint));
}

core::Result<Imported> runs_of(std::string_view text, const std::string& file) {
  auto table = read_ncu_file(text, file);
  if (!table) return core::fail(table.error());
  if (table->launches.empty()) return nothing_in(*table, text, file);
  return Importer(text, file, std::move(*table)).import();
}

}  // namespace

core::Result<Imported> import_ncu_csv(std::string_view text, const std::string& file) {
  return runs_of(text, file);
}

core::Result<core::MeasurementRecord> ncu_measurement(std::string_view csv, const std::string& file,
                                                      int kernels_per_launch) {
  auto imported = runs_of(csv, file);
  if (!imported) return core::fail(imported.error());
  auto& runs = imported->runs;
  const std::size_t wanted =
      kernels_per_launch > 0 ? static_cast<std::size_t>(kernels_per_launch) : runs.size();
  const std::size_t first = runs.size() > wanted ? runs.size() - wanted : 0;
  core::MeasurementRecord all = std::move(runs[first].measurements.front());
  for (std::size_t i = first + 1; i < runs.size(); ++i) {
    const int ordinal = static_cast<int>(i - first);
    core::MeasurementRecord& one = runs[i].measurements.front();
    for (auto& kernel : one.kernels) {
      kernel.ordinal = ordinal;
      all.kernels.push_back(std::move(kernel));
    }
    for (auto& resources : one.resources) {
      resources.kernel = ordinal;
      all.resources.push_back(std::move(resources));
    }
    for (auto& counter : one.counters) {
      counter.kernel = ordinal;
      all.counters.push_back(std::move(counter));
    }
    if (one.passes) all.passes = std::max(all.passes.value_or(0), *one.passes);
    if (one.status != core::MeasurementStatus::kComplete &&
        all.status == core::MeasurementStatus::kComplete) {
      all.status = one.status;
      all.reason = one.reason;
    }
  }
  if (runs.size() < wanted) {
    all.status = core::MeasurementStatus::kPartial;
    all.reason = fmt::format("ncu counted {} of the {} kernels of a launch", runs.size(), wanted);
  }
  for (auto& note : imported->notes)
    if (note.severity != core::Severity::kInfo) all.diagnostics.push_back(std::move(note));
  return all;
}

}  // namespace flashcore::collectors
