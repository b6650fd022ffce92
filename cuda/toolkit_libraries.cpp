#include "cuda/toolkit_libraries.h"

#include <cstdlib>
#include <filesystem>

namespace flashcore::cuda {

std::vector<std::string> toolkit_library_folders() {
  std::vector<std::string> folders;
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) folders.push_back((program.parent_path().parent_path() / "lib").string() + "/");
  folders.emplace_back("");
  const auto add_toolkit = [&](const std::string& home) {
    for (const char* folder : {"/lib64/", "/lib/", "/extras/CUPTI/lib64/"}) folders.push_back(home + folder);
  };
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const char* home = std::getenv(variable); home != nullptr && *home != '\0') add_toolkit(home);
  }
  add_toolkit("/usr/local/cuda");
#ifdef FLASHCORE_TOOLKIT_LIBRARIES
  add_toolkit("/usr/local/cuda-" FLASHCORE_TOOLKIT_MAJOR);
  folders.emplace_back(FLASHCORE_TOOLKIT_LIBRARIES "/");
#endif
  return folders;
}

std::vector<std::string> toolkit_library_candidates(const std::vector<std::string>& sonames) {
  std::vector<std::string> candidates;
  const std::vector<std::string> folders = toolkit_library_folders();
  for (const std::string& soname : sonames) {
    for (const std::string& folder : folders) candidates.push_back(folder + soname);
  }
  return candidates;
}

}  // namespace flashcore::cuda
