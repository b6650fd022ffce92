// The tests' own files: made-up numbers in the layouts of ncu 2022 to 2025 and of nvbench.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace flashcore::tests {

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path import_folder() {
  return std::filesystem::path(FLASHCORE_SOURCE_DIR) / "tests/collectors/import/files";
}

inline std::string import_file(const std::string& name) {
  return content_of(import_folder() / name);
}

inline std::vector<std::filesystem::path> import_files() {
  std::vector<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(import_folder())) all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace flashcore::tests
