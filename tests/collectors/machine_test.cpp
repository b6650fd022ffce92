// What collectors say about a machine; most of it about one without a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "collectors/chips.h"
#include "collectors/cupti.h"
#include "collectors/device.h"
#include "collectors/doctor.h"
#include "collectors/external_tool.h"
#include "collectors/timing.h"
#include "core/build_info.h"
#include "cuda/dynamic_library.h"
#include "tests/collectors/fake_launch.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::collectors {
namespace {

using testing::counter_of;
using testing::diagnosed;
using ::testing::ElementsAre;
using testing::EmptyLaunch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::target_of;

TEST(Device, WithoutAGpuSaysWhatToDo) {
  const auto devices = list_devices();
  if (devices) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(devices.error().code, core::ErrorCode::kNoDevice);
  EXPECT_FALSE(devices.error().message.empty());
  EXPECT_FALSE(devices.error().hint.empty());
  const auto used = use_device(0);
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code, core::ErrorCode::kNoDevice);
}

TEST(Device, AnOrdinalThatDoesNotExistNamesThoseThatDo) {
  const auto devices = list_devices();
  if (!devices) GTEST_SKIP() << devices.error().message;
  for (const int ordinal : {-1, 4096}) {
    const auto used = use_device(ordinal);
    ASSERT_FALSE(used);
    EXPECT_EQ(used.error().code, core::ErrorCode::kNoDevice);
    EXPECT_THAT(used.error().message, HasSubstr("does not exist"));
    EXPECT_THAT(used.error().message, HasSubstr(devices->front().name));
  }
}

TEST(Device, AChipIsToldFromWhatTheRuntimeSays) {
  const auto guess = [](int major, int minor, int sms, std::string_view name = "NVIDIA GPU") {
    const ChipGuess chip = guess_chip(major, minor, sms, name);
    return std::string(chip.name) + (chip.certain ? "" : "?");
  };
  EXPECT_EQ(guess(8, 0, 108), "GA100");
  EXPECT_EQ(guess(8, 6, 84), "GA102");
  EXPECT_EQ(guess(8, 6, 48), "GA102?");  // GA104, or a GA102 with less
  EXPECT_EQ(guess(8, 9, 128), "AD102");
  EXPECT_EQ(guess(8, 9, 58, "NVIDIA L4"), "AD104");
  EXPECT_EQ(guess(8, 9, 60), "AD102?");
  EXPECT_EQ(guess(9, 0, 132, "NVIDIA H200"), "GH100");
  EXPECT_EQ(guess(10, 0, 148), "GB100?");
  EXPECT_EQ(guess(12, 0, 170), "GB202");
  EXPECT_EQ(guess(12, 0, 84), "GB202?");
  EXPECT_EQ(guess(3, 5, 15), "?");
}

TEST(Device, AUuidIsWrittenAsTheDriversToolsDo) {
  std::array<std::uint8_t, 16> bytes{};
  EXPECT_EQ(uuid_text(bytes), "");
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0x11 * i);
  EXPECT_EQ(uuid_text(bytes), "GPU-00112233-4455-6677-8899-aabbccddeeff");
}

TEST(Timing, WithoutAGpuIsAnErrorAndNotAZero) {
  if (list_devices()) GTEST_SKIP() << "this machine has a GPU";
  EmptyLaunch launch;
  TimingCollector timing({});
  const auto taken = timing.collect(target_of(launch), core::CancelToken(), {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::ErrorCode::kNoDevice);
  EXPECT_FALSE(taken.error().hint.empty());
  const std::vector<Target> two{target_of(launch), target_of(launch)};
  const auto both = timing.collect_together(two, core::CancelToken(), {});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, core::ErrorCode::kNoDevice);
  EXPECT_EQ(launch.launches, 0);
}

TEST(Cupti, WithoutAGpuIsARefusal) {
  if (list_devices()) GTEST_SKIP() << "this machine has a GPU";
  EmptyLaunch launch;
  CuptiCollector collector({"dram__bytes.sum", "dram__bytes.sum"});
  ASSERT_TRUE(collector.prepare(0));
  for (int i = 0; i < 2; ++i) {
    const auto taken = collector.collect(target_of(launch), core::CancelToken(), {});
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    EXPECT_EQ(taken->status, core::MeasurementStatus::kRefused);
    ASSERT_NE(diagnosed(*taken, "counters_refused"), nullptr);
    const auto* counter = counter_of(*taken, "dram__bytes.sum");
    ASSERT_NE(counter, nullptr);
    EXPECT_FALSE(counter->value);
    EXPECT_EQ(counter->reason, taken->reason);
    EXPECT_EQ(launch.launches, 0);
  }
}

TEST(Environment, NamesTheMachineButNotItsHost) {
  const auto environment = read_environment();
  EXPECT_EQ(environment.program_version, core::build_info().version);
  EXPECT_EQ(environment.git_sha, core::build_info().git_sha);
  EXPECT_EQ(environment.cuda_toolkit.empty(), !built_with_cuda());
  EXPECT_THAT(environment.operating_system, HasSubstr("Linux"));
  EXPECT_THAT(environment.cpu, HasSubstr("threads"));
  std::array<char, 256> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  const std::string name = host.data();
  if (name.size() < 4) GTEST_SKIP() << "the host's name is too short to look for";
  EXPECT_THAT(environment.operating_system, Not(HasSubstr(name)));
  EXPECT_THAT(environment.cpu, Not(HasSubstr(name)));
}

TEST(Doctor, FindsEachThingOnceAndWhatIsMissingHasARemedy) {
  const auto findings = examine_machine(0);
  std::vector<std::string> ids;
  for (const Finding& finding : findings) {
    ids.push_back(finding.id);
    EXPECT_FALSE(finding.detail.empty()) << finding.id;
    EXPECT_EQ(finding.ok, finding.remedy.empty()) << finding.id << ": " << finding.detail;
  }
  EXPECT_THAT(ids, ElementsAre("driver", "gpu", "toolkit", "cupti", "counters", "nvml", "ncu"));
}

TEST(DynamicLibrary, OpensTheFirstThatExistsAndElseSaysWhy) {
  const auto none = cuda::DynamicLibrary::open({"libflashcore-no-such-library.so.1"});
  EXPECT_FALSE(none);
  EXPECT_THAT(none.why(), HasSubstr("libflashcore-no-such-library.so.1"));
  const auto math = cuda::DynamicLibrary::open({"libflashcore-no-such-library.so.1", "libm.so.6"});
  ASSERT_TRUE(math);
  EXPECT_EQ(math.name(), "libm.so.6");
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(math.find("cos", cosine));
  EXPECT_EQ(cosine(0.0), 1.0);
  EXPECT_FALSE(math.find("no_such_function", cosine));
  EXPECT_EQ(cosine, nullptr);
}

TEST(ExternalTool, IsFoundOnPathAndAskedForItsVersion) {
  EXPECT_TRUE(find_on_path("no-such-program-of-flashcore").empty());
  const auto shell = find_on_path("env");
  ASSERT_FALSE(shell.empty());
  EXPECT_THAT(version_output(shell), HasSubstr("coreutils"));
  EXPECT_EQ(version_output("/no/such/program"), "");
  EXPECT_EQ(version_number("NVIDIA (R) Nsight Compute Command Line Profiler\nVersion 2025.3.1.0 (build 1)"),
            "2025.3.1.0");
  EXPECT_EQ(version_number("nothing here"), "");
}

// An environment variable for as long as the object lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (old_) {
      setenv(name_, old_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

std::filesystem::path write_program(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << "#!/bin/sh\necho 'Version 2025.3.1.0 (build 1)'\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(FindNcu, TakesWhatIsNamedAndNothingElse) {
  const tests::TemporaryFolder folder;
  const auto ncu = write_program(folder.path() / "there" / "ncu");
  const auto elsewhere = write_program(folder.path() / "bin" / "ncu");
  const Variable path("PATH", elsewhere.parent_path().string());
  EXPECT_EQ(find_ncu(ncu.string()).value_or(""), ncu);
  EXPECT_EQ(find_ncu(ncu.parent_path().string()).value_or(""), ncu);  // the folder that holds it
  EXPECT_EQ(find_ncu("ncu").value_or(""), elsewhere);                 // a name is looked up
  for (const std::string& wrong :
       std::vector<std::string>{folder.path().string(), std::string("/no/such/ncu"),
                                std::string("no-such-ncu"), std::string(5000, 'x')}) {
    const auto none = find_ncu(wrong);
    ASSERT_FALSE(none) << wrong;
    EXPECT_EQ(none.error().code, core::ErrorCode::kExternalTool);
    EXPECT_THAT(none.error().hint, HasSubstr("--ncu-path"));
    EXPECT_LT(none.error().message.size(), 200u);
  }
  std::filesystem::permissions(ncu, std::filesystem::perms::owner_read);
  if (getuid() != 0) {
    EXPECT_FALSE(find_ncu(ncu.string()));
  }
}

TEST(FindNcu, LooksAtTheVariableThenPathThenTheToolkit) {
  const tests::TemporaryFolder folder;
  const auto named = write_program(folder.path() / "named" / "ncu");
  const auto on_path = write_program(folder.path() / "bin" / "ncu");
  const auto of_toolkit = write_program(folder.path() / "toolkit" / "bin" / "ncu");
  const Variable home("CUDA_HOME", (folder.path() / "toolkit").string());
  {
    const Variable path("PATH", on_path.parent_path().string());
    EXPECT_EQ(find_ncu().value_or(""), on_path);
    const Variable variable("FLASHCORE_NCU_PATH", named.string());
    EXPECT_EQ(find_ncu().value_or(""), named);
    EXPECT_EQ(find_ncu(of_toolkit.string()).value_or(""), of_toolkit);
  }
  const Variable empty("PATH", "");
  EXPECT_EQ(find_ncu().value_or(""), of_toolkit);
}

TEST(FindNcu, TheNewestVersionIsByNumberNotByLetter) {
  const tests::TemporaryFolder folder;
  EXPECT_EQ(newest_ncu(folder.path()), "");
  EXPECT_EQ(newest_ncu(folder.path() / "no-such-folder"), "");
  write_program(folder.path() / "2024.3.2" / "ncu");
  const auto newest = write_program(folder.path() / "2024.10.1" / "ncu");
  std::filesystem::create_directories(folder.path() / "2026.1.0");  // without the program
  EXPECT_EQ(newest_ncu(folder.path()), newest);
}

TEST(ExternalTool, WhatAProgramPrintsIsCut) {
  const tests::TemporaryFolder folder;
  const auto program = write_program(folder.path() / "talks");
  std::ofstream(program) << "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x\n";
  EXPECT_EQ(version_output(program).size(), 64u * 1024);
}

TEST(Doctor, AnNcuThatDoesNotSayItsVersionIsNotWell) {
  const tests::TemporaryFolder folder;
  const auto ncu = write_program(folder.path() / "ncu");
  const Variable variable("FLASHCORE_NCU_PATH", ncu.string());
  const auto found = [] {
    for (const Finding& finding : examine_machine(0)) {
      if (finding.id == "ncu") return finding;
    }
    return Finding{};
  };
  EXPECT_TRUE(found().ok);
  EXPECT_THAT(found().detail, HasSubstr("2025.3.1.0"));
  std::ofstream(ncu) << "#!/bin/sh\nexit 1\n";
  EXPECT_FALSE(found().ok);
  EXPECT_THAT(found().remedy, HasSubstr("FLASHCORE_NCU_PATH"));
}

}  // namespace
}  // namespace flashcore::collectors
