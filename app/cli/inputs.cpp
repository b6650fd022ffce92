#include "app/cli/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/session/library.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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
  std::string text = "flashcore-profile";
  std::string phases;
  for (const auto& phase : o.phases) phases += (phases.empty() ? "" : ",") + phase;
  text += " --phase " + phases;
  for (const auto& shape : o.shapes) text += " --shape " + shape;
  if (o.causal) text += " --causal";
  if (o.collect != Options{}.collect) text += fmt::format(" --collect {}", fmt::join(o.collect, ","));
  text += " --set " + o.set;
  if (o.warmup != Options{}.warmup) text += fmt::format(" --warmup {}", o.warmup);
  if (o.iterations != Options{}.iterations) text += fmt::format(" --iters {}", o.iterations);
  if (o.device != Options{}.device) text += fmt::format(" --device {}", o.device);
  if (o.seed != Options{}.seed) text += fmt::format(" --seed {}", o.seed);
  if (o.strict) text += " --strict";
  if (o.replay) text += " --replay" + (o.replay->empty() ? "" : " " + *o.replay);
  return text;
}

}  // namespace

Result<analysis::Catalogue> open_catalogue(const Options& options) {
  return options.catalogue ? analysis::Catalogue::with_folder(*options.catalogue)
                           : analysis::Catalogue::builtin();
}

Result<std::filesystem::path> database_path(const Options& options) {
  if (options.database) return *options.database;
  return session::default_database();
}

Result<store::Store> open_database(const Options& options, store::Mode mode) {
  auto path = database_path(options);
  if (!path) return fail(path.error());
  return store::Store::open(*path, mode);
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
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_file(files[i].second, files[j].second)) continue;
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
  return (error ? path : absolute.lexically_normal()).string();
}

Result<std::vector<core::Problem>> parse_problems(const std::vector<std::string>& shapes, bool causal) {
  std::vector<core::Problem> problems;
  for (const std::string& shape : shapes) {
    auto problem = core::parse_shape(shape);
    if (!problem) return fail(problem.error());
    problem->causal = causal;
    if (std::find(problems.begin(), problems.end(), *problem) == problems.end()) problems.push_back(*problem);
  }
  return problems;
}

int terminal_columns() {
  int value = 0;
  if (winsize size{}; ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) value = size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) value = std::atoi(columns);
  return value >= 40 && value <= 400 ? value : 100;
}

Result<session::ProfileRequest> make_request(const Options& o) {
  session::ProfileRequest request;
  auto problems = parse_problems(o.shapes, o.causal);
  if (!problems) return fail(problems.error());
  auto set = analysis::parse_counter_set(o.set);
  if (!set) return fail(set.error());
  request.phases = o.phases;
  request.problems = std::move(*problems);
  request.causal_only = o.causal;
  request.collect_timing = contains(o.collect, "timing");
  request.collect_counters = contains(o.collect, "cupti");
  request.set = *set;
  request.warmup = o.warmup;
  request.iterations = o.iterations;
  request.device = o.device;
  request.seed = o.seed;
  request.strict = o.strict;
  request.tags = o.tags;
  request.command = command_text(o);
  return request;
}

}  // namespace flashcore::cli
