#include "collectors/import/ncu_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "collectors/import/csv.h"
#include "collectors/import/numbers.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kMostValues = 4'000'000;
constexpr std::string_view kTooLarge =
    "the file holds more than 4,000,000 values; export fewer kernels or metrics at a time";

enum Column {
  kId,
  kPid,
  kProcess,
  kHost,
  kKernel,
  kTime,
  kContext,
  kStream,
  kBlock,
  kGrid,
  kDevice,
  kCc,
  kSection,
  kMetric,
  kUnit,
  kValue,
  kColumns
};
constexpr std::array<std::string_view, kColumns> kTitles{
    "ID",           "Process ID",  "Process Name", "Host Name",   "Kernel Name", "Kernel Time",
    "Context",      "Stream",      "Block Size",   "Grid Size",   "Device",      "CC",
    "Section Name", "Metric Name", "Metric Unit",  "Metric Value"};

constexpr std::size_t kNone = std::string_view::npos;

// What the details page calls by a label, by the metric behind it; taken from ncu's own section files and
// held against a report printed both ways. A label that is not here keeps its section: "Occupancy/...".
struct Label {
  std::string_view section, label, metric;
};
constexpr Label kLabels[] = {
    {"GPU Speed Of Light Throughput", "Duration", "gpu__time_duration.sum"},
    {"GPU Speed Of Light Throughput", "SM Active Cycles", "sm__cycles_active.avg"},
    {"GPU Speed Of Light Throughput", "Compute (SM) Throughput",
     "sm__throughput.avg.pct_of_peak_sustained_elapsed"},
    {"GPU Speed Of Light Throughput", "L1/TEX Cache Throughput",
     "l1tex__throughput.avg.pct_of_peak_sustained_active"},
    {"GPU Speed Of Light Throughput", "L2 Cache Throughput",
     "lts__throughput.avg.pct_of_peak_sustained_elapsed"},
    {"Memory Workload Analysis", "Memory Throughput", "dram__bytes.sum.per_second"},
    {"Memory Workload Analysis", "L1/TEX Hit Rate", "l1tex__t_sector_hit_rate.pct"},
    {"Memory Workload Analysis", "L2 Hit Rate", "lts__t_sector_hit_rate.pct"},
    {"Compute Workload Analysis", "Executed Ipc Active", "sm__inst_executed.avg.per_cycle_active"},
    {"Compute Workload Analysis", "Executed Ipc Elapsed", "sm__inst_executed.avg.per_cycle_elapsed"},
    {"Launch Statistics", "Block Size", "launch__block_size"},
    {"Launch Statistics", "Grid Size", "launch__grid_size"},
    {"Launch Statistics", "Registers Per Thread", "launch__registers_per_thread"},
    {"Launch Statistics", "Shared Memory Configuration Size", "launch__shared_mem_config_size"},
    {"Launch Statistics", "Driver Shared Memory Per Block", "launch__shared_mem_per_block_driver"},
    {"Launch Statistics", "Dynamic Shared Memory Per Block", "launch__shared_mem_per_block_dynamic"},
    {"Launch Statistics", "Static Shared Memory Per Block", "launch__shared_mem_per_block_static"},
    {"Launch Statistics", "Threads", "launch__thread_count"},
    {"Launch Statistics", "Waves Per SM", "launch__waves_per_multiprocessor"},
    {"Occupancy", "Block Limit Barriers", "launch__occupancy_limit_barriers"},
    {"Occupancy", "Block Limit SM", "launch__occupancy_limit_blocks"},
    {"Occupancy", "Block Limit Registers", "launch__occupancy_limit_registers"},
    {"Occupancy", "Block Limit Shared Mem", "launch__occupancy_limit_shared_mem"},
    {"Occupancy", "Block Limit Warps", "launch__occupancy_limit_warps"},
    {"Occupancy", "Theoretical Occupancy", "sm__maximum_warps_per_active_cycle_pct"},
    {"Occupancy", "Achieved Occupancy", "sm__warps_active.avg.pct_of_peak_sustained_active"},
};

std::string metric_name(std::string_view section, std::string_view label) {
  // With --print-metric-name name, and for --metrics, the label is the metric; with label-name it stands
  // last.
  const auto space = label.find_last_of(' ');
  std::string_view last = space == kNone ? label : label.substr(space + 1);
  if (last.find("__") != kNone) {
    if (last.starts_with('(') && last.ends_with(')')) last = last.substr(1, last.size() - 2);
    return std::string(last);
  }
  for (const Label& known : kLabels)
    if (known.section == section && known.label == label) return std::string(known.metric);
  return section.empty() ? std::string(label) : fmt::format("{}/{}", section, label);
}

bool is_whole(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Header {
  std::array<std::size_t, kColumns> at;
  std::size_t width = 0;
  char delimiter = ',';
  bool quoted = true, details = false, has_units = false;
  std::vector<std::pair<std::size_t, std::uint32_t>> metrics;  // column and name, of the raw page
  std::vector<std::string_view> units;                         // by column
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), name_(file) {}

  core::Result<NcuFile> read() {
    if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF"))
      return refuse(0, "the file is UTF-16", "save it as UTF-8 (in PowerShell: Out-File -Encoding utf8)");
    std::size_t at = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at < text_.size()) {
      const std::size_t line_end = next_line(text_, at);
      const std::string_view line = text_.substr(at, line_end - at);
      std::size_t next = line_end;
      if (auto header = header_at(at, line, next)) {
        if (auto begun = begin_table(std::move(*header), at); !begun) return core::fail(begun.error());
      } else if (header_ && looks_like_row(line)) {
        auto taken = take_row(at, next);
        if (!taken) return core::fail(taken.error());
      } else {
        listen(line);
      }
      at = next;
    }
    if (auto whole = check_end(); !whole) return core::fail(whole.error());
    return std::move(out_);
  }

 private:
  tl::unexpected<core::Error> refuse(std::size_t at, std::string_view why, std::string hint = {}) const {
    return core::fail(core::ErrorCode::kUsage, fmt::format("{}{}", position_of(name_, text_, at), why),
                      std::move(hint));
  }

  // A header names a launch's number and its kernel; which column is where differs from version to version.
  std::optional<Header> header_at(std::size_t at, std::string_view line, std::size_t& next) const {
    if (line.find("Kernel Name") == kNone || line.starts_with("==")) return std::nullopt;
    for (const char delimiter : {',', ';', '\t'}) {
      CsvRecord record = read_record(text_, at, delimiter, kMostColumns);
      if (!record.good() || record.cells.size() < 3) continue;
      Header header;
      header.at.fill(kNone);
      for (std::size_t i = 0; i < record.cells.size(); ++i) {
        const auto title = std::find(kTitles.begin(), kTitles.end(), trimmed(record.cells[i].raw));
        if (title != kTitles.end() && header.at[static_cast<std::size_t>(title - kTitles.begin())] == kNone)
          header.at[static_cast<std::size_t>(title - kTitles.begin())] = i;
      }
      if (header.at[kKernel] == kNone) continue;
      header.width = record.cells.size();
      header.delimiter = delimiter;
      header.quoted = record.cells[0].quoted;
      header.details = header.at[kMetric] != kNone;
      next = record.end;
      cells_ = std::move(record.cells);
      return header;
    }
    return std::nullopt;
  }

  core::Status begin_table(Header header, std::size_t at) {
    if (auto whole = check_end(); !whole) return whole;
    const auto titled = [&](std::string_view title) {
      return std::any_of(cells_.begin(), cells_.end(),
                         [&](const CsvCell& c) { return trimmed(c.raw) == title; });
    };
    if (titled("Invocations") && (titled("Average") || titled("Minimum")))
      return refuse(at, "this is a summary over launches (--print-summary), which has no single kernel",
                    "export the report without --print-summary");
    if (header.at[kId] == kNone)
      return refuse(at, "the table has no column ID", "export it with ncu --csv --page raw");
    if (header.details && header.at[kValue] == kNone)
      return refuse(at, "the table has no column Metric Value");
    if (!header.details) {
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        const bool known =
            std::any_of(header.at.begin(), header.at.end(), [&](std::size_t column) { return column == i; });
        const std::string title = cells_[i].text();
        if (known || trimmed(title).empty()) continue;
        header.metrics.emplace_back(i, name_index(std::string(trimmed(title))));
      }
      header.units.assign(header.width, {});
    }
    (header.details ? out_.details : out_.raw) = true;
    header_ = std::move(header);
    header_at_ = at;
    ++out_.tables;
    launches_.clear();
    return {};
  }

  std::uint32_t name_index(std::string name) {
    const auto [found, fresh] =
        names_.try_emplace(std::move(name), static_cast<std::uint32_t>(out_.names.size()));
    if (fresh) out_.names.push_back(found->first);
    return found->second;
  }

  // Only a line that begins as one of this table is read as such: what a program prints may hold quotes.
  bool looks_like_row(std::string_view line) const {
    if (line.starts_with("==")) return false;
    if (header_->at[kId] != 0) return line.find(header_->delimiter) != kNone;
    if (line.starts_with("\"\"") || line.starts_with(header_->delimiter))
      return line.size() > 2 && line[line[0] == '"' ? 2 : 0] == header_->delimiter;
    const bool quoted = line.starts_with('"');
    if (quoted != header_->quoted) return false;
    std::size_t i = quoted ? 1 : 0;
    const std::size_t from = i;
    while (i < line.size() && line[i] >= '0' && line[i] <= '9') ++i;
    if (i == from) return false;
    if (quoted && (i >= line.size() || line[i++] != '"')) return false;
    return i < line.size() && line[i] == header_->delimiter;
  }

  core::Status take_row(std::size_t at, std::size_t& next) {
    const Header& header = *header_;
    CsvRecord record = read_record(text_, at, header.delimiter, header.width);
    const bool surely = header.at[kId] == 0;
    if (!record.good()) {
      if (surely || record.unclosed) return refuse(record.bad_at, record.bad_why);
      listen(text_.substr(at, next - at));
      return {};
    }
    cells_ = std::move(record.cells);
    const std::string id = field(kId);
    if (id.empty() && !header.details) {
      if (cells_.size() != header.width) {
        if (!surely) return {};
        return refuse(at, wrong_width());
      }
      take_units();
      next = record.end;
      return {};
    }
    if (!is_whole(id)) {
      if (surely) return refuse(at, fmt::format("'{}' is no launch's number", core::shortened(id)));
      return {};
    }
    next = record.end;
    return header.details ? take_metric(at, id) : take_launch(at, id);
  }

  std::string wrong_width() const {
    return fmt::format("the row has {} cells, its header {}; the file is cut or damaged", cells_.size(),
                       header_->width);
  }

  std::string field(Column column) const {
    const std::size_t at = header_->at[column];
    return at < cells_.size() ? std::string(trimmed(cells_[at].text())) : std::string();
  }
  std::string_view view(Column column) const {
    const std::size_t at = header_->at[column];
    return at < cells_.size() ? trimmed(cells_[at].raw) : std::string_view();
  }

  void take_units() {
    for (std::size_t i = 0; i < header_->width; ++i) header_->units[i] = trimmed(cells_[i].raw);
    header_->has_units = true;
  }

  NcuLaunch launch_of(std::size_t at, const std::string& id) const {
    return {.id = id,
            .process_id = field(kPid),
            .process = field(kProcess),
            .kernel = field(kKernel),
            .time = field(kTime),
            .context = field(kContext),
            .stream = field(kStream),
            .block = field(kBlock),
            .grid = field(kGrid),
            .device = field(kDevice),
            .cc = field(kCc),
            .values = {},
            .offset = at,
            .table = out_.tables};
  }

  // Where the rows of a launch go: one number of one process is one launch, unless its kernel is another.
  NcuLaunch& launch(std::size_t at, const std::string& id) {
    const std::string key = fmt::format("{} {}", field(kPid), id);
    const auto known = launches_.find(key);
    if (known != launches_.end() && out_.launches[known->second].kernel == field(kKernel))
      return out_.launches[known->second];
    launches_[key] = out_.launches.size();
    return out_.launches.emplace_back(launch_of(at, id));
  }

  core::Status take_launch(std::size_t at, const std::string& id) {
    if (cells_.size() != header_->width) return refuse(at, wrong_width());
    if (!header_->has_units)
      return refuse(at, "the row of units under the header is missing, so that no number has a unit",
                    "export it again with ncu --csv --page raw");
    if (field(kKernel).empty()) return refuse(at, "the row has no kernel name");
    NcuLaunch& into = launch(at, id);
    into.values.reserve(into.values.size() + header_->metrics.size());
    for (const auto& [column, name] : header_->metrics)
      into.values.push_back({name, trimmed(cells_[column].raw), header_->units[column]});
    return count(at, header_->metrics.size());
  }

  core::Status take_metric(std::size_t at, const std::string& id) {
    // The row of a rule ends where its header has more columns, and that of a metric before them.
    if (cells_.size() <= header_->at[kMetric] || cells_.size() <= header_->at[kKernel])
      return refuse(at, wrong_width());
    if (field(kKernel).empty()) return refuse(at, "the row has no kernel name");
    NcuLaunch& into = launch(at, id);
    const std::string label = field(kMetric);
    if (label.empty()) return {};
    if (cells_.size() <= header_->at[kValue]) return refuse(at, wrong_width());
    into.values.push_back({name_index(metric_name(field(kSection), label)), view(kValue), view(kUnit)});
    return count(at, 1);
  }

  core::Status count(std::size_t at, std::size_t more) {
    values_ += more;
    if (values_ > kMostValues) return refuse(at, kTooLarge);
    return {};
  }

  // ncu's own words and its session page.
  void listen(std::string_view line) {
    line = trimmed(line);
    if (line.starts_with("==ERROR==")) {
      if (out_.errors.size() < 2000)
        out_.errors += fmt::format("{}\n", core::shortened(trimmed(line.substr(9)), 400));
    } else if (line.starts_with("==WARNING==") && line.find("No kernels were profiled") != kNone) {
      out_.no_kernels = true;
    } else if (!header_ && line.starts_with('"')) {
      const CsvRecord record = read_record(line, 0, ',', 3);
      if (!record.good() || record.cells.size() < 2) return;
      const std::string_view what = record.cells[0].raw;
      const std::string value = record.cells[1].text();
      if (what == "Nsight Compute Target") out_.version = value.substr(0, value.find(' '));
      if (what == "Created") out_.created = value;
      if (what == "total_memory") out_.total_memory = value;
    }
  }

  core::Status check_end() const {
    if (!header_ || header_->details || header_->has_units) return {};
    return refuse(header_at_, "the header has no row of units under it; the file is cut");
  }

  std::string_view text_;
  const std::string& name_;
  NcuFile out_;
  std::optional<Header> header_;
  std::size_t header_at_ = 0, values_ = 0;
  mutable std::vector<CsvCell> cells_;
  std::unordered_map<std::string, std::uint32_t> names_;
  std::unordered_map<std::string, std::size_t> launches_;  // of this table
};

}  // namespace

core::Result<NcuFile> read_ncu_file(std::string_view text, const std::string& file) {
  return Reader(text, file).read();
}

}  // namespace flashcore::collectors
