#include "app/cli/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/session/collectors.h"
#include "app/session/library.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;

// A device or a pipe may be named twice.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  if (std::filesystem::exists(a, error) && !std::filesystem::is_regular_file(a, error)) return false;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  std::error_code first, second;
  const auto left = std::filesystem::weakly_canonical(a, first);
  const auto right = std::filesystem::weakly_canonical(b, second);
  return !first && !second && left == right;
}

// The command as a person would type it again; tags are kept apart.
std::string command_text(const Options& o) {
  const Options defaults;
  std::string text = fmt::format("flashcore-profile --phase {}",
                                 o.phases.empty() ? "all" : fmt::format("{}", fmt::join(o.phases, ",")));
  for (const auto& shape : o.shapes) text += " --shape " + shape;
  if (o.causal) text += " --causal";
  if (!o.collect.empty()) text += fmt::format(" --collect {}", fmt::join(o.collect, ","));
  if (o.ncu) text += " --ncu";
  for (const auto& set : o.ncu_sets) text += " --ncu-set " + set;
  if (o.keep_report) text += " --keep-report";
  if (!o.nvtx.empty()) text += " --nvtx " + o.nvtx;
  text += " --set " + o.set;
  if (o.warmup != defaults.warmup) text += fmt::format(" --warmup {}", o.warmup);
  if (o.iterations != defaults.iterations) text += fmt::format(" --iters {}", o.iterations);
  if (o.cache) text += fmt::format(" --cache {}", core::name_of(*o.cache));
  if (o.device != defaults.device) text += fmt::format(" --device {}", o.device);
  if (o.seed != defaults.seed) text += fmt::format(" --seed {}", o.seed);
  if (o.strict) text += " --strict";
  if (o.replay) text += " --replay" + (o.replay->empty() ? "" : " " + *o.replay);
  return text;
}

std::optional<std::string> catalogue_folder(const Options& options) {
  if (options.catalogue) return options.catalogue;
  const char* folder = std::getenv("FLASHCORE_CATALOGUE");
  return folder != nullptr && *folder != '\0' ? std::optional<std::string>(folder) : std::nullopt;
}

// Changes when a file of the folder does. A folder that cannot be read is named by that, and by its reader.
std::string files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    std::error_code none;
    const auto size = it->is_regular_file(none) ? it->file_size(none) : 0;
    files.push_back(fmt::format("{} {} {}", it->path().string(), size,
                                it->last_write_time(none).time_since_epoch().count()));
  }
  std::sort(files.begin(), files.end());
  return fmt::format("{}: {}{}", folder, error ? error.message() + " " : "", fmt::join(files, "; "));
}

// --ncu: what was chosen, with ncu where something else would have counted.
std::vector<std::string> chosen_collectors(const Options& o) {
  if (!o.ncu) return o.collect;
  std::vector<std::string> chosen{"ncu"};
  for (const auto& info : session::list_collectors()) {
    const bool wanted = o.collect.empty()
                            ? info.by_default
                            : std::find(o.collect.begin(), o.collect.end(), info.id) != o.collect.end();
    if (wanted && !info.counts && !info.always) chosen.push_back(info.id);
  }
  return chosen;
}

}  // namespace

Result<analysis::Catalogue> open_catalogue(const Options& options) {
  const auto folder = catalogue_folder(options);
  return folder ? analysis::Catalogue::with_folder(*folder) : analysis::Catalogue::builtin();
}

Result<const analysis::Catalogue*> KeptCatalogue::get(const Options& options) {
  const auto folder = catalogue_folder(options);
  const std::string files = folder ? files_in(*folder) : "built in";
  if (!catalogue_ || files != files_) {
    auto fresh = open_catalogue(options);
    if (!fresh) return fail(fresh.error());
    catalogue_ = *std::move(fresh);
    files_ = files;
  }
  return &*catalogue_;
}

Result<std::filesystem::path> database_path(const Options& options) {
  if (options.database) return *options.database;
  return session::default_database_path();
}

Result<std::filesystem::path> database_to_write(const Options& options) {
  if (options.database) return *options.database;
  return session::default_database();
}

Result<store::Store> open_to_read(const Options& options) {
  auto path = database_path(options);
  if (!path) return fail(path.error());
  return store::Store::open(*path, store::Mode::kReadOnly);
}

core::Status check_files_differ(const Options& options) {
  auto database = database_path(options);
  if (!database) return fail(database.error());
  std::vector<std::pair<std::string_view, std::filesystem::path>> files{{"the database", *database}};
  if (options.replay && !options.replay->empty())
    files.emplace_back("the recording to replay", *options.replay);
  if (!options.record_to.empty()) files.emplace_back("the recording to write", options.record_to);
  if (options.json && *options.json != "-") files.emplace_back("the JSON file", *options.json);
  if (options.report) files.emplace_back("the report", *options.report);
  if (options.junit && *options.junit != "-") files.emplace_back("the JUnit file", *options.junit);
  if (options.markdown && *options.markdown != "-") files.emplace_back("the Markdown file", *options.markdown);
  if (!options.gate_file.empty()) files.emplace_back("the file of limits", options.gate_file);
  for (const std::string& file : options.import_files) files.emplace_back("a file to import", file);
  for (const auto& written :
       {options.report, options.json, options.junit, options.markdown, std::optional(options.record_to)}) {
    if (!written || written->empty() || *written == "-") continue;
    if (auto ok = session::check_not_of_a_database(*written); !ok) return ok;
    // The database may be yet to be made.
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
      if (!same_file(*written, database->string() + suffix)) continue;
      return fail(core::ErrorCode::kUsage,
                  fmt::format("{} belongs to the database {}", *written, database->string()),
                  "give the file another name");
    }
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_file(files[i].second, files[j].second)) continue;
      if (files[i].first == files[j].first) continue;  // a file may be imported twice
      return fail(core::ErrorCode::kUsage,
                  fmt::format("{} and {} would be the same file, {}", files[j].first, files[i].first,
                              files[i].second.string()),
                  "give each a name of its own");
    }
  }
  return {};
}

std::string shown_path(const std::filesystem::path& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return reports::printable((error ? path : absolute.lexically_normal()).string());
}

core::Status check_target(const std::optional<std::string>& path) {
  if (!path || *path == "-") return {};
  std::filesystem::path folder = std::filesystem::path(*path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  if (const auto status = std::filesystem::status(*path, ignored);
      std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    if (::access(path->c_str(), W_OK) != 0) {
      return fail(core::ErrorCode::kFile, fmt::format("cannot write {}: no permission to replace it", *path),
                  "give a path that you may write to");
    }
    // A device or a pipe is written to and not replaced, so its folder does not matter.
    if (!std::filesystem::is_regular_file(status)) return {};
  }
  if (!std::filesystem::is_directory(folder, ignored)) {
    return fail(core::ErrorCode::kFile,
                fmt::format("cannot write {}: there is no folder {}", *path, folder.string()),
                "create the folder first, or give another path");
  }
  if (std::filesystem::is_directory(*path, ignored)) {
    return fail(core::ErrorCode::kFile, fmt::format("cannot write {}: it is a folder", *path),
                "give a file's name");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    return fail(core::ErrorCode::kFile,
                fmt::format("cannot write {}: no permission to write in {}", *path, folder.string()),
                "give a path that you may write to");
  }
  return {};
}

Result<std::vector<core::Problem>> parse_problems(const std::vector<std::string>& shapes, bool causal) {
  std::vector<core::Problem> problems;
  for (const std::string& shape : shapes) {
    auto problem = core::parse_problem(shape);
    if (!problem) return fail(problem.error());
    if (causal) {
      for (core::Axis& axis : problem->axes) {
        if (axis.name == "mask") axis.value = "causal";
      }
    }
    if (std::find(problems.begin(), problems.end(), *problem) == problems.end())
      problems.push_back(*std::move(problem));
  }
  return problems;
}

int terminal_columns(int otherwise) {
  int value = 0;
  if (winsize size{}; ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) value = size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) value = std::atoi(columns);
  return value >= 40 && value <= 400 ? value : otherwise;
}

Result<session::ProfileRequest> make_request(const Options& o) {
  session::ProfileRequest request;
  auto problems = parse_problems(o.shapes, o.causal);
  if (!problems) return fail(problems.error());
  auto set = analysis::parse_counter_set(o.set);
  if (!set) return fail(set.error());
  if (!o.phases.empty()) request.phases = o.phases;
  request.problems = std::move(*problems);
  request.causal_only = o.causal;
  request.collectors = chosen_collectors(o);
  request.set = *set;
  request.warmup = o.warmup;
  request.iterations = o.iterations;
  request.cache = o.cache.value_or(core::CacheState::kWarm);
  request.replay_cache = o.cache;
  request.device = o.device;
  request.seed = o.seed;
  request.strict = o.strict;
  request.nvtx_filter = o.nvtx;
  request.ncu_path = o.ncu_path;
  request.ncu_sets = o.ncu_sets;
  request.keep_report = o.keep_report;
  request.tags = o.tags;
  request.command = command_text(o);
  return request;
}

}  // namespace flashcore::cli
