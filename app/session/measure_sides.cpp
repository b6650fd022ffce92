#include "app/session/measure_sides.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "app/session/git_names.h"
#include "app/session/profile.h"
#include "core/nearest.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

constexpr const char* kProgram = "flashcore-profile";
constexpr std::size_t kShortSha = 10;

bool is_phase(const std::string& word) {
  return kernels::find_phase(word).has_value();
}

bool runs(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// The program that a path names; empty where it names none.
std::filesystem::path program_at(const std::filesystem::path& path) {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error).lexically_normal();
  if (runs(whole)) return whole;
  for (const auto& inside : {whole / "bin" / kProgram, whole / kProgram}) {
    if (runs(inside)) return inside;
  }
  return {};
}

core::Error no_side(const std::string& word, const GitAnswer& git) {
  std::vector<std::string> known;
  for (const auto* phase : kernels::phases()) known.emplace_back(phase->info.id);
  const auto near = core::nearest_names(word, known);
  std::error_code ignored;
  core::Error error;
  error.message = fmt::format("'{}' is no phase of this build, no build of FlashCore and no git revision",
                              core::shortened(word));
  if (std::filesystem::exists(word, ignored)) {
    error.message = std::filesystem::is_directory(word, ignored)
                        ? fmt::format("the folder {} holds no bin/{}", core::shortened(word), kProgram)
                        : fmt::format("{} is no program that can be run", core::shortened(word));
    error.hint = "name a build folder, a prefix or the program itself";
  } else if (const auto at = word.rfind('@');
             at != std::string::npos && core::parse_problem(word.substr(at + 1)).has_value()) {
    error.hint = fmt::format("problems are named apart: --shape {}", word.substr(at + 1));
  } else if (!near.empty()) {
    error.hint = fmt::format("did you mean {}? (see: list phases)", fmt::join(near, ", "));
  } else {
    error.hint = fmt::format("the phases are {}; a build is named by its folder", fmt::join(known, ", "));
  }
  if (git.kind == GitAnswer::Kind::kNoRepository)
    error.context = "the working folder is in no git repository";
  if (git.kind == GitAnswer::Kind::kNoGit) error.context = git.said;
  return error;
}

// A word without a phase before it.
bool take_build(const std::string& word, const std::filesystem::path& this_program, Side& side,
                GitAnswer& git) {
  if (word == "." || word == "this") {
    side.program = this_program;
    side.build = "this build";
    return true;
  }
  if (word.empty()) return false;
  side.program = program_at(word);
  if (!side.program.empty()) {
    side.build = side.program.string();
    return true;
  }
  git = commit_by_git(word);
  if (git.kind != GitAnswer::Kind::kCommit) return false;
  side.revision = git.sha;
  const std::string sha = git.sha.substr(0, kShortSha);
  side.build = git.sha.starts_with(word) ? sha : fmt::format("{} ({})", sha, word);
  return true;
}

Result<Side> side_of(const std::string& word, const std::filesystem::path& this_program) {
  Side side;
  side.word = word;
  if (is_phase(word)) {
    side.phases = {word};
    side.program = this_program;
    side.build = "this build";
    return side;
  }
  GitAnswer git;
  if (take_build(word, this_program, side, git)) return side;
  // A revision may hold an @ of its own (HEAD@{1}), so the first one is where the phase ends.
  const auto at = word.find('@');
  if (at != std::string::npos && at > 0 && word.front() != '-' &&
      take_build(word.substr(at + 1), this_program, side, git)) {
    side.phases = {word.substr(0, at)};
    return side;
  }
  return fail(no_side(word, git));
}

core::Status give_phases(const MeasureRequest& request, Sides& sides) {
  Side& a = sides.base;
  Side& b = sides.now;
  if (!a.phases.empty() && !b.phases.empty()) {
    if (request.phases.empty()) return {};
    return fail(ErrorCode::kUsage, "both sides name their phase already", "leave --phase out");
  }
  for (Side* side : {&a, &b}) {
    Side& other = side == &a ? b : a;
    if (!side->phases.empty()) continue;
    side->phases = !request.phases.empty() ? request.phases : other.phases;
  }
  if (!a.phases.empty() && !b.phases.empty()) return {};
  return fail(ErrorCode::kUsage, "neither side says which phase to time",
              "say it: --phase fused, or --phase all for those that both sides have");
}

}  // namespace

std::string Side::sentence() const {
  return fmt::format("{} of {}", fmt::join(phases, ", "), build);
}

Result<Sides> resolve_sides(const MeasureRequest& request) {
  std::filesystem::path self = request.program;
  if (self.empty()) {
    std::error_code error;
    self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
      return fail(ErrorCode::kExternalTool, "the running program's own file is not known", "",
                  error.message());
  }
  Sides sides;
  for (const auto& [word, side] : {std::pair{&request.base, &sides.base}, {&request.now, &sides.now}}) {
    auto resolved = side_of(*word, self);
    if (!resolved) return fail(resolved.error());
    *side = *std::move(resolved);
  }
  if (auto ok = give_phases(request, sides); !ok) return fail(ok.error());
  for (Side* side : {&sides.base, &sides.now}) {
    if (side->program != self) continue;  // another build says itself which phases it has
    if (auto ids = resolve_phases(side->phases); !ids) return fail(ids.error());
  }
  const auto& a = sides.base.phases;
  const auto& b = sides.now.phases;
  sides.one_phase_each = a.size() == 1 && b.size() == 1 && a.front() != "all" && b.front() != "all";
  return sides;
}

core::Status check_measure(const MeasureRequest& request) {
  auto sides = resolve_sides(request);
  return sides ? core::Status() : fail(sides.error());
}

}  // namespace flashcore::session
