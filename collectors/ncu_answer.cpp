#include "collectors/ncu_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

using core::ErrorCode;
using core::MeasurementStatus;

constexpr int kOldest = 2022;
constexpr std::size_t kLongestWords = 400;

struct Known {
  std::string_view words;  // ncu's, or the target's
  MeasurementStatus status;
  std::string_view code;
  ErrorCode error;
  std::string_view message, hint;
};

// In the order in which they are looked for: a cause before what follows from it.
constexpr Known kKnown[] = {
    {"ERR_NVGPUCTRPERM", MeasurementStatus::kRefused, "counters_refused", ErrorCode::kPermission,
     "the driver does not let this user read the GPU's counters",
     "run as root, or let users read them: options nvidia NVreg_RestrictProfilingToAdminUsers=0 in "
     "/etc/modprobe.d, then load the driver again (developer.nvidia.com/ERR_NVGPUCTRPERM); in a container "
     "also "
     "--cap-add SYS_ADMIN"},
    {"driver resource was unavailable", MeasurementStatus::kRefused, "counters_busy", ErrorCode::kPermission,
     "another tool holds the GPU's counters",
     "stop the other profiler, or pause it (dcgmi profile --pause), and measure again"},
    {"No space left on device", MeasurementStatus::kFailed, "ncu_folder", ErrorCode::kFile,
     "ncu could not write its files: no space is left", "free space, or name another folder with TMPDIR"},
    {"Failed to save the report", MeasurementStatus::kFailed, "ncu_folder", ErrorCode::kFile,
     "ncu could not write its report; its folder is full or not writable",
     "free space, or name another folder with TMPDIR"},
    {"Unable to write to file", MeasurementStatus::kFailed, "ncu_folder", ErrorCode::kFile,
     "ncu could not write its files; its folder is full or not writable",
     "free space, or name another folder with TMPDIR"},
    {"The application returned an error code", MeasurementStatus::kFailed, "ncu_target",
     ErrorCode::kExternalTool, "the launches failed under ncu",
     "run the same phase and problem without ncu, and read what it says"},
    {"No kernels were profiled", MeasurementStatus::kFailed, "ncu_no_kernels", ErrorCode::kExternalTool,
     "ncu found no kernel to count", "check the filter of --nvtx, and whether ncu knows this GPU"},
    {"is not supported on this device", MeasurementStatus::kRefused, "ncu_device", ErrorCode::kNoDevice,
     "ncu does not know this GPU", "install an Nsight Compute that is as new as the GPU"},
    {"is not supported on device", MeasurementStatus::kRefused, "ncu_device", ErrorCode::kNoDevice,
     "ncu does not know this GPU", "install an Nsight Compute that is as new as the GPU"},
    {"Failed to find metric", MeasurementStatus::kFailed, "ncu_metric", ErrorCode::kUsage,
     "ncu does not know a counter that it was asked for",
     "check the catalogue's counters for this GPU, or take one of ncu's own sets"},
};

std::string_view trimmed_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \n\r\t") + 1);
}

NcuTrouble made(const Known& known, std::string context) {
  return {known.status,
          std::string(known.code),
          {known.error, std::string(known.message), std::string(known.hint), std::move(context)}};
}

}  // namespace

std::string ncu_errors(std::string_view said) {
  std::string out;
  while (!said.empty() && out.size() < kLongestWords) {
    const auto end = said.find('\n');
    std::string_view line = said.substr(0, end);
    said.remove_prefix(end == std::string_view::npos ? said.size() : end + 1);
    constexpr std::string_view kMark = "==ERROR== ";
    if (!line.starts_with(kMark)) continue;
    line.remove_prefix(kMark.size());
    if (out.find(line) != std::string::npos) continue;
    out += fmt::format("{}{}", out.empty() ? "" : " ", line);
  }
  return core::shortened(out, kLongestWords);
}

std::optional<NcuTrouble> ncu_trouble(const core::ChildEnd& end, std::string_view said) {
  std::string words = ncu_errors(said);
  for (const Known& known : kKnown) {
    if (said.find(known.words) == std::string_view::npos && end.errors.find(known.words) == std::string::npos)
      continue;
    // A warning beside good numbers is no trouble.
    if (end.code == 0 && end.signal == 0 && words.empty() && known.code != "ncu_no_kernels") continue;
    if (!end.errors.empty() && (words.empty() || known.code == "ncu_target"))
      words = fmt::format("{}{}{}", words, words.empty() ? "" : " ",
                          core::shortened(trimmed_end(end.errors), kLongestWords));
    return made(known, std::move(words));
  }
  if (end.timed_out)
    return NcuTrouble{MeasurementStatus::kFailed,
                      "ncu_hung",
                      {ErrorCode::kExternalTool, "ncu said nothing for too long and was ended",
                       "run ncu by hand on a small kernel; another ncu that runs may hold it up", words}};
  if (end.signal != 0)
    return NcuTrouble{MeasurementStatus::kFailed,
                      "ncu_killed",
                      {ErrorCode::kExternalTool, fmt::format("ncu was ended: {}", core::how_it_ended(end)),
                       "look for what ended it (memory: dmesg) and measure again", words}};
  if (end.code != 0 || !words.empty())
    return NcuTrouble{
        MeasurementStatus::kFailed,
        "ncu_failed",
        {ErrorCode::kExternalTool,
         words.empty() ? fmt::format("ncu failed: {}", core::how_it_ended(end))
                       : fmt::format("ncu failed: {}", words),
         "run ncu by hand on the same program to see more", core::shortened(end.errors, kLongestWords)}};
  return std::nullopt;
}

std::optional<NcuTrouble> ncu_too_old(std::string_view version, std::string_view path) {
  int year = 0;
  const auto [end, failed] = std::from_chars(version.data(), version.data() + version.size(), year);
  if (failed == std::errc{} && year >= kOldest) return std::nullopt;
  if (version.empty())
    return NcuTrouble{
        MeasurementStatus::kFailed,
        "ncu_failed",
        {ErrorCode::kExternalTool, fmt::format("{} does not say its version", core::shortened(path, 200)),
         "install Nsight Compute again, or name another ncu with --ncu-path", ""}};
  return NcuTrouble{
      MeasurementStatus::kRefused,
      "ncu_too_old",
      {ErrorCode::kExternalTool,
       fmt::format("ncu {} is too old; FlashCore reads {} and later", core::shortened(version), kOldest),
       "install a newer Nsight Compute, or name its ncu with --ncu-path", std::string(path)}};
}

}  // namespace flashcore::collectors
