// One fuzz target: a function over bytes, and the inputs to begin with. Each file of targets/ defines both;
// libfuzzer.cpp hands it to libFuzzer (scripts/fuzz), mutations_test.cpp mutates its seeds under GoogleTest.
//
// Owns: nothing. Threads: one. Errors: a promise that is broken aborts, with what it was.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace flashcore::fuzz {

void run(std::string_view input);
std::vector<std::string> seeds();
// How many mutations of each seed the short run of the tests does.
int mutations_of_a_seed();

inline void promise(bool kept, std::string_view what, std::string_view detail = {}) {
  if (kept) return;
  const std::string text = "a promise is broken: " + std::string(what) + "\n  " + std::string(detail) + "\n";
  std::fputs(text.c_str(), stderr);
  std::abort();
}

// The files of a folder of the tree with one ending.
inline std::vector<std::string> files_of(const std::string& folder, const std::string& ending) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(FLASHCORE_SOURCE_DIR) / folder))
    if (entry.path().extension() == ending) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> all;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return all;
}

}  // namespace flashcore::fuzz
