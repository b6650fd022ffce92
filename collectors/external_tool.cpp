#include "collectors/external_tool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "core/child_process.h"
#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr std::size_t kMaxVersionBytes = 64 * 1024;
constexpr std::chrono::seconds kVersionPatience{30};
constexpr const char* kNcu = "ncu";
constexpr const char* kNcuHint =
    "install Nsight Compute (Debian and Ubuntu: nsight-compute-2025.3.1 or newer, of the CUDA repository), "
    "or "
    "name its ncu with --ncu-path or FLASHCORE_NCU_PATH";

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "2024.10.1" comes after "2024.3.2": the parts of the folder's name as numbers.
std::vector<int> version_parts(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  std::vector<int> parts;
  for (const char *at = name.data(), *end = at + name.size(); at < end;) {
    int part = 0;
    const auto [rest, error] = std::from_chars(at, end, part);
    if (error == std::errc()) parts.push_back(part);
    at = rest == at ? at + 1 : rest;
  }
  return parts;
}

core::Result<std::filesystem::path> named_ncu(const std::string& given) {
  const std::filesystem::path path = given;
  if (is_program(path)) return path;
  if (is_program(path / kNcu)) return path / kNcu;
  if (!path.has_parent_path()) {
    if (auto found = find_on_path(given); !found.empty()) return found;
  }
  return core::fail(core::ErrorCode::kExternalTool,
                    fmt::format("there is no ncu at {}", core::shortened(given)),
                    "name Nsight Compute's program with --ncu-path, or leave it out: PATH and the toolkit's "
                    "places are looked at then");
}

}  // namespace

std::filesystem::path find_on_path(std::string_view name) {
  const std::string variable = environment_value("PATH");
  std::string_view rest = variable;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
    if (is_program(candidate)) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {};
}

core::Result<std::filesystem::path> find_ncu(const std::string& given) {
  const std::string named = given.empty() ? environment_value("FLASHCORE_NCU_PATH") : given;
  if (!named.empty()) return named_ncu(named);
  if (auto path = find_on_path(kNcu); !path.empty()) return path;
  std::vector<std::string> homes{"/usr/local/cuda"};
  for (const char* variable : {"CUDA_PATH", "CUDA_HOME"}) {
    if (auto home = environment_value(variable); !home.empty()) homes.insert(homes.begin(), std::move(home));
  }
  for (const std::filesystem::path home : homes) {
    if (auto path = home / "bin" / kNcu; is_program(path)) return path;
  }
  if (auto path = newest_ncu("/opt/nvidia/nsight-compute"); !path.empty()) return path;
  return core::fail(core::ErrorCode::kExternalTool, "Nsight Compute's ncu was not found", kNcuHint);
}

std::filesystem::path newest_ncu(const std::filesystem::path& versions) {
  std::vector<std::filesystem::path> folders;
  std::error_code end;
  for (auto folder = std::filesystem::directory_iterator(versions, end);
       !end && folder != std::filesystem::directory_iterator(); folder.increment(end)) {
    if (is_program(folder->path() / kNcu)) folders.push_back(folder->path());
  }
  const auto newest = std::max_element(folders.begin(), folders.end(), [](const auto& a, const auto& b) {
    return version_parts(a) < version_parts(b);
  });
  return newest == folders.end() ? std::filesystem::path() : *newest / kNcu;
}

std::string version_output(const std::filesystem::path& program) {
  const auto end = core::run_child({.program = program, .arguments = {"--version"}, .environment = {}},
                                   {.timeout = kVersionPatience, .output_bytes = kMaxVersionBytes});
  return end ? end->output : std::string();
}

std::string version_number(std::string_view text) {
  constexpr std::string_view kWord = "ersion ";
  const auto at = text.find(kWord);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kWord.size());
  return std::string(text.substr(0, text.find_first_not_of("0123456789.")));
}

}  // namespace flashcore::collectors
