#include "app/cli/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session/library.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The command as a person would type it again; tags are kept apart.
std::string command_text(const Options& o) {
  std::string text = "flashcore-profile";
  std::string phases;
  for (const auto& phase : o.phases) phases += (phases.empty() ? "" : ",") + phase;
  text += " --phase " + phases;
  for (const auto& shape : o.shapes) text += " --shape " + shape;
  if (o.causal) text += " --causal";
  text += " --set " + o.set;
  if (o.replay) text += " --replay" + (o.replay->empty() ? "" : " " + *o.replay);
  return text;
}

}  // namespace

Result<analysis::Catalogue> open_catalogue(const Options& options) {
  return options.catalogue ? analysis::Catalogue::with_folder(*options.catalogue)
                           : analysis::Catalogue::builtin();
}

Result<store::Store> open_database(const Options& options, store::Mode mode) {
  if (options.database) return store::Store::open(*options.database, mode);
  auto path = session::default_database();
  if (!path) return fail(path.error());
  return store::Store::open(*path, mode);
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

Result<session::ProfileRequest> make_request(const Options& o) {
  session::ProfileRequest request;
  auto problems = parse_problems(o.shapes, o.causal);
  if (!problems) return fail(problems.error());
  auto set = analysis::parse_counter_set(o.set);
  if (!set) return fail(set.error());
  request.phases = o.phases;
  request.problems = std::move(*problems);
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
