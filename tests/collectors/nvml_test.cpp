// NVML: what it says where it is missing, and who is a stranger on the GPU.
#include "collectors/nvml.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace flashcore::collectors {
namespace {

TEST(Nvml, IsThereOrSaysWhyNot) {
  const Nvml& nvml = Nvml::instance();
  EXPECT_EQ(nvml.available(), nvml.why().empty());
  if (!nvml.available()) {
    EXPECT_EQ(nvml.driver_version(), "");
    EXPECT_FALSE(nvml.device("0000:00:00.0"));
    EXPECT_FALSE(nvml.other_processes(nullptr));
    const core::ClockRecord clocks = nvml.clock_record(nullptr);
    EXPECT_FALSE(clocks.sm_mhz || clocks.memory_mhz || clocks.power_w || clocks.temperature_c);
    EXPECT_FALSE(clocks.reasons);
    EXPECT_FALSE(clocks.other_processes);
  }
}

// A child that waits; with `parents` in between that each left its process group, as a helper does.
class Child {
 public:
  explicit Child(int parents = 0) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      setpgid(0, 0);
      for (int i = 0; i < parents; ++i) {
        const pid_t next = fork();
        if (next != 0) {
          waitpid(next, nullptr, 0);
          _exit(0);
        }
        setpgid(0, 0);
      }
      const pid_t self = getpid();
      if (write(ends[1], &self, sizeof self) != sizeof self) _exit(1);
      for (;;) pause();
    }
    if (read(ends[0], &pid_, sizeof pid_) != sizeof pid_) std::abort();
    close(ends[0]);
    close(ends[1]);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  unsigned pid() const { return static_cast<unsigned>(pid_); }

 private:
  pid_t child_ = 0, pid_ = 0;
};

unsigned own() {
  return static_cast<unsigned>(getpid());
}

TEST(Company, IsNotThisProgramNorItsHelpers) {
  const Child helper, grandchild(1);
  EXPECT_NE(getpgid(static_cast<pid_t>(helper.pid())), getpgid(0));
  const std::vector<unsigned> pids{own(), helper.pid(), grandchild.pid()};
  EXPECT_EQ(count_others(pids, own()), 0);
}

TEST(Company, IsWhoIsNoKin) {
  const Child one, other;
  // Two programs of one shell: neither began the other, and they are in groups of their own.
  EXPECT_EQ(count_others(std::vector<unsigned>{one.pid(), other.pid()}, one.pid()), 1);
  EXPECT_EQ(count_others(std::vector<unsigned>{one.pid(), other.pid(), 0x7ffffff0}, one.pid()), 2);
}

TEST(Company, CannotBeToldWhereThisProgramIsNotInTheList) {
  EXPECT_FALSE(count_others({}, own()));
  EXPECT_FALSE(count_others(std::vector<unsigned>{0x7ffffff0}, own()));
}

}  // namespace
}  // namespace flashcore::collectors
