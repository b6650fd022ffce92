// Sides to measure without a GPU: folders with a bin/flashcore-profile that is fake_side
// (tests/app/session/fake_side_main.cpp), each with its own environment.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace flashcore::tests {

// A process that has ended and was not yet waited for runs no more.
inline bool runs_still(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string line;
  std::getline(in, line);
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.substr(name_end + 2, 1) != "Z";
}

class FakeSides {
 public:
  FakeSides() { ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }

  // The folder of a build named `name`.
  std::string add(const std::string& name, std::map<std::string, std::string> how = {}) {
    const auto bin = folder_.path() / name / "bin";
    std::filesystem::create_directories(bin);
    const auto program = bin / "flashcore-profile";
    how.emplace("FAKE_NAME", name);
    how.emplace("FAKE_LOG", log().string());
    std::ofstream script(program);
    script << "#!/bin/sh\n";
    for (const auto& [key, value] : how) script << "export " << key << "='" << value << "'\n";
    script << "exec '" << FLASHCORE_BUILD_DIR << "/tests/fake_side' \"$@\"\n";
    script.close();
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    return (folder_.path() / name).string();
  }

  std::filesystem::path log() const { return folder_ / "log"; }
  std::vector<std::string> lines() const {
    std::ifstream in(log());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  // What began, in order, by the `word`-th word of its line: 1 the name, 2 the phases, 3 the process.
  std::vector<std::string> began(int word = 1) const {
    std::vector<std::string> names;
    for (const std::string& line : lines()) {
      std::istringstream words(line);
      std::vector<std::string> all;
      for (std::string one; words >> one;) all.push_back(one);
      if (all.front() == "begin") names.push_back(all.at(static_cast<std::size_t>(word)));
    }
    return names;
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
};

}  // namespace flashcore::tests
