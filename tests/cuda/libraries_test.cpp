#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cuda/dynamic_library.h"
#include "cuda/toolkit_libraries.h"

namespace flashcore::cuda {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Sets a variable of the environment for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

std::size_t place_of(const std::vector<std::string>& list, const std::string& text) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), text) - list.begin());
}

TEST(ToolkitLibraries, TheBundleThenTheLoaderThenTheUsersToolkitThenTheUsualPlace) {
  const Variable home("CUDA_HOME", "/opt/mine");
  const auto found = toolkit_library_candidates({"liba.so.2", "liba.so.1"});
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "lib";
  EXPECT_EQ(found.front(), program.string() + "/liba.so.2");
  ASSERT_THAT(found, Contains("/opt/mine/extras/CUPTI/lib64/liba.so.1"));
  EXPECT_LT(place_of(found, "liba.so.2"), place_of(found, "/opt/mine/lib64/liba.so.2"));
  EXPECT_LT(place_of(found, "/opt/mine/lib64/liba.so.2"), place_of(found, "/usr/local/cuda/lib64/liba.so.2"));
  EXPECT_LT(place_of(found, "/usr/local/cuda/lib64/liba.so.2"), place_of(found, "liba.so.1"))
      << "the newer library wins wherever it lies";
  EXPECT_LT(place_of(found, "/usr/local/cuda/lib64/liba.so.1"), found.size());
}

TEST(ToolkitLibraries, AnEmptyVariableNamesNoFolder) {
  const Variable home("CUDA_HOME", "");
  for (const std::string& folder : toolkit_library_folders()) EXPECT_NE(folder, "/lib64/");
}

TEST(DynamicLibrary, OpensTheFirstThatTheLoaderTakes) {
  const auto library = DynamicLibrary::open({"libnothing_of_the_kind.so.9", "libm.so.6"});
  ASSERT_TRUE(library) << library.why();
  EXPECT_EQ(library.name(), "libm.so.6");
  EXPECT_EQ(library.why(), "");
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(library.find("cos", cosine));
  EXPECT_EQ(cosine(0), 1);
  void (*missing)() = nullptr;
  EXPECT_FALSE(library.find("no_such_function", missing));
  EXPECT_EQ(missing, nullptr);
}

TEST(DynamicLibrary, SaysWhyTheFirstCandidateWasRefused) {
  const auto text =
      std::filesystem::temp_directory_path() / ("flashcore_no_library_" + std::to_string(getpid()));
  std::ofstream(text) << "this is no library\n";
  const auto library = DynamicLibrary::open({text.string(), "libnothing_of_the_kind.so.9"});
  std::filesystem::remove(text);
  EXPECT_FALSE(library);
  EXPECT_THAT(library.why(), HasSubstr(text.string()));
  void (*function)() = nullptr;
  EXPECT_FALSE(library.find("cos", function));
}

TEST(DynamicLibrary, OfNoCandidatesIsEmpty) {
  EXPECT_FALSE(DynamicLibrary::open({}));
}

}  // namespace
}  // namespace flashcore::cuda
