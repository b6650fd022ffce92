// write_file: whole or not at all, and never a leftover beside it.
#include "core/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace flashcore::core {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AtomicFile : public ::testing::Test {
 protected:
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  }
  void expect_refused(const fs::path& path, const char* says) {
    const std::size_t before = files();
    const auto written = write_file(path, "content");
    ASSERT_FALSE(written) << path;
    EXPECT_EQ(written.error().code, ErrorCode::kFile);
    EXPECT_EQ(exit_code(written.error().code), 5);
    EXPECT_THAT(written.error().message, HasSubstr(says));
    EXPECT_THAT(written.error().message, HasSubstr(path.string()));
    EXPECT_FALSE(written.error().hint.empty());
    EXPECT_EQ(files(), before);
  }

  // `work` in a child, as nobody where the test is root: root may write anywhere.
  static int in_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr int kNobody = 65534;
      if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(99);
      ::_exit(work());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  flashcore::tests::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(AtomicFile, ThereAndBack) {
  const std::string content("a\0b\n\xff", 5);
  ASSERT_TRUE(write_file(folder_ / "new", content));
  EXPECT_EQ(read_file(folder_ / "new").value(), content);
  ASSERT_TRUE(write_file(folder_ / "new", ""));  // over an older one
  EXPECT_EQ(read_file(folder_ / "new").value(), "");
  ASSERT_TRUE(write_file(folder_ / "big", std::string(10 << 20, 'b')));
  EXPECT_EQ(read_file(folder_ / "big").value().size(), std::size_t{10} << 20);
  EXPECT_EQ(files(), 2u);
}

TEST_F(AtomicFile, TheModeIsThatOfTheUmask) {
  for (const mode_t mask : {0022, 0077, 0002}) {
    fs::remove(folder_ / "file");  // one that is there keeps its mode
    const mode_t old = ::umask(mask);
    const auto written = write_file(folder_ / "file", "x");
    ::umask(old);
    ASSERT_TRUE(written);
    struct stat info {};
    ASSERT_EQ(::stat((folder_ / "file").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0666u & ~mask);
  }
}

TEST_F(AtomicFile, BadTargets) {
  expect_refused(folder_ / "no/such/file", "No such file or directory");
  expect_refused(folder_, "Is a directory");
  expect_refused(fs::path(folder_.string() + "/"), "Is a directory");
  expect_refused("/dev/full", "No space left");
  ASSERT_TRUE(write_file(folder_ / "file", "x"));
  expect_refused(folder_ / "file/below", "Not a directory");
  expect_refused(folder_ / std::string(300, 'n'), "too long");
  expect_refused("", "cannot write");
}

TEST_F(AtomicFile, ANameOfTheFullLengthWorks) {
  const std::string name(255, 'n');
  const auto written = write_file(folder_ / name, "x");
  ASSERT_TRUE(written) << to_text(written.error());
  EXPECT_EQ(slurp(folder_ / name), "x");
}

TEST_F(AtomicFile, ALinkStaysALink) {
  ASSERT_TRUE(write_file(folder_ / "target", "old"));
  fs::create_symlink("target", folder_ / "link");
  ASSERT_TRUE(write_file(folder_ / "link", "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(slurp(folder_ / "target"), "new");
  // One that leads nowhere makes its target.
  fs::create_symlink("later", folder_ / "dangling");
  ASSERT_TRUE(write_file(folder_ / "dangling", "made"));
  EXPECT_EQ(slurp(folder_ / "later"), "made");
}

TEST_F(AtomicFile, DevicesAndPipesAreWrittenAsTheyAre) {
  EXPECT_TRUE(write_file("/dev/null", "x"));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = slurp(folder_ / "pipe"); });
  EXPECT_TRUE(write_file(folder_ / "pipe", "through"));
  reader.join();
  EXPECT_EQ(got, "through");
}

TEST_F(AtomicFile, AReadOnlyFolder) {
  ASSERT_TRUE(write_file(folder_ / "old", "old"));
  ::chmod(folder_.c_str(), 0555);
  EXPECT_EQ(in_child([&] {
              const auto a = write_file(folder_ / "new", "x");
              const auto b = write_file(folder_ / "old", "x");
              return !a && !b && a.error().message.find("Permission denied") != std::string::npos ? 0 : 1;
            }),
            0);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(slurp(folder_ / "old"), "old");
}

TEST_F(AtomicFile, AReadOnlyFileIsNotReplaced) {
  ASSERT_TRUE(write_file(folder_ / "kept", "old"));
  ::chmod((folder_ / "kept").c_str(), 0444);
  EXPECT_EQ(in_child([&] {
              const auto written = write_file(folder_ / "kept", "new");
              return !written && !written.error().hint.empty() ? 0 : 1;
            }),
            0);
  EXPECT_EQ(slurp(folder_ / "kept"), "old");
}

TEST_F(AtomicFile, WritersAtOnceLeaveOneWholeFile) {
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'i'; ++c) {
    writers.emplace_back([&, c] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(write_file(folder_ / "file", std::string(50000, c)));
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string content = slurp(folder_ / "file");
  EXPECT_EQ(content, std::string(50000, content.at(0)));
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFile, AnUnreadableFile) {
  ASSERT_TRUE(write_file(folder_ / "secret", "x"));
  ::chmod((folder_ / "secret").c_str(), 0000);
  EXPECT_EQ(in_child([&] {
              const auto read = read_file(folder_ / "secret");
              return !read && read.error().code == ErrorCode::kFile ? 0 : 1;
            }),
            0);
}

TEST_F(AtomicFile, NoRoomLeavesTheOldFileAndNoHalfOne) {
  ASSERT_TRUE(write_file(folder_ / "report", "old"));
  ::chmod((folder_ / "report").c_str(), 0666);
  EXPECT_EQ(in_child([&] {
              std::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{4096, 4096};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              const auto over = write_file(folder_ / "report", std::string(100000, 'n'));
              const auto fresh = write_file(folder_ / "fresh", std::string(100000, 'n'));
              return !over && !fresh && over.error().code == ErrorCode::kFile ? 0 : 1;
            }),
            0);
  EXPECT_EQ(slurp(folder_ / "report"), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFile, AFileThatIsReplacedKeepsItsMode) {
  for (const mode_t mode : {0600, 0640, 0666}) {
    ASSERT_TRUE(write_file(folder_ / "report", "old"));
    ::chmod((folder_ / "report").c_str(), mode);
    ASSERT_TRUE(write_file(folder_ / "report", "new"));
    struct stat info {};
    ASSERT_EQ(::stat((folder_ / "report").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, mode);
  }
}

TEST_F(AtomicFile, FilesThatADatabaseKeepsBesideItAreRefused) {
  ASSERT_TRUE(write_file(folder_ / "runs.db", std::string("SQLite format 3\0", 16)));
  fs::create_symlink("runs.db-wal", folder_ / "link.html");
  for (const char* name : {"runs.db-wal", "runs.db-shm", "runs.db-journal", "link.html"}) {
    const auto refused = write_file(folder_ / name, "report");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(fs::exists(folder_ / name)) << name;
  }
  EXPECT_TRUE(write_file(folder_ / "other-wal", "there is no database called other"));
}

TEST_F(AtomicFile, InPieces) {
  {
    auto file = NewFile::create(folder_ / "big");
    ASSERT_TRUE(file) << to_text(file.error());
    ASSERT_TRUE(file->write("one"));
  }
  EXPECT_EQ(files(), 0u);  // given up: nothing is left
  auto file = NewFile::create(folder_ / "big");
  ASSERT_TRUE(file);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(file->write("piece "));
  EXPECT_FALSE(fs::exists(folder_ / "big"));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(fs::file_size(folder_ / "big"), 600u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFile, ReadingSaysWhatIsWrong) {
  EXPECT_THAT(read_file(folder_ / "none").error().message, HasSubstr("No such file"));
  EXPECT_THAT(read_file(folder_).error().message, HasSubstr("folder"));
  ASSERT_TRUE(write_file(folder_ / "ten", "0123456789"));
  EXPECT_TRUE(read_file(folder_ / "ten", 10));
  const auto large = read_file(folder_ / "ten", 9);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kFile);
  // A device has no size to look at; the limit holds all the same.
  EXPECT_FALSE(read_file("/dev/zero", 1000));
}

}  // namespace
}  // namespace flashcore::core
