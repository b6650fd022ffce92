// Recordings: packed and plain, there and back, and every way in which one may be spoiled.
#include "store/recording.h"

#include <gmock/gmock.h>
#include <zstd.h>

#include <chrono>

#include "store/file_check.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::content_of;
using testing::example_run;
using testing::expect_equal;
using ::testing::HasSubstr;
using testing::make_database;
using testing::slurp;
using testing::spill;
using testing::TemporaryFolder;

std::string pack(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

TEST(Recording, ThereAndBack) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 3);
  {
    auto store = Store::open(folder / "runs.db").value();
    const auto written = write_recording(store, folder / "r.db.zst");
    ASSERT_TRUE(written) << core::to_text(written.error());
  }
  const auto before = content_of(folder.path());
  for (const std::string name : {"r.db.zst", "runs.db"}) {  // packed, and plain (in WAL mode)
    auto recording = open_recording(folder / name);
    ASSERT_TRUE(recording) << core::to_text(recording.error());
    const auto runs = recording->runs().value();
    ASSERT_EQ(runs.size(), 3u);
    for (const RunSummary& run : runs) expect_equal(recording->read_run(run.id).value(), example_run());
    EXPECT_EQ(recording->path(), folder / name);
    EXPECT_FALSE(recording->begin_session({}));  // read-only
  }
  EXPECT_EQ(content_of(folder.path()), before);
  EXPECT_LT(slurp(folder / "r.db.zst").size(), slurp(folder / "runs.db").size() / 4);
}

// The newest runs of a database that a program has open are in its log only.
TEST(Recording, ADatabaseInUseIsWhole) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto session = store.begin_session(testing::example_session()).value();
  ASSERT_TRUE(store.write_run(session, example_run()));
  ASSERT_GT(std::filesystem::file_size(folder / "runs.db-wal"), 0u);
  auto recording = open_recording(folder / "runs.db");
  ASSERT_TRUE(recording) << core::to_text(recording.error());
  EXPECT_EQ(recording->runs().value().size(), 1u);
  EXPECT_FALSE(recording->begin_session({}));  // read-only
  // The log lies beside the file and not beside a link to it.
  std::filesystem::create_directory(folder / "links");
  std::filesystem::create_symlink("../runs.db", folder / "links/runs.db");
  auto linked = open_recording(folder / "links/runs.db");
  ASSERT_TRUE(linked) << core::to_text(linked.error());
  EXPECT_EQ(linked->runs().value().size(), 1u);
  EXPECT_TRUE(check_file(folder / "links/runs.db", Mode::kReadOnly).value().has_wal);
}

TEST(Recording, OfARecording) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  ASSERT_TRUE(write_recording(Store::open(folder / "runs.db", Mode::kReadOnly).value(), folder / "a.zst"));
  ASSERT_TRUE(write_recording(open_recording(folder / "a.zst").value(), folder / "b.zst"));
  EXPECT_EQ(open_recording(folder / "b.zst").value().runs().value().size(), 2u);
}

TEST(Recording, TruncatedAtEveryPlace) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  ASSERT_TRUE(write_recording(Store::open(folder / "runs.db").value(), folder / "r.zst"));
  const std::string whole = slurp(folder / "r.zst");
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 16) {
    spill(folder / "half.zst", whole.substr(0, size));
    auto recording = open_recording(folder / "half.zst");
    ASSERT_FALSE(recording) << size;
    EXPECT_EQ(recording.error().code, core::ErrorCode::kDatabase);
    EXPECT_FALSE(recording.error().hint.empty());
  }
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x10);
  spill(folder / "flipped.zst", flipped);
  EXPECT_FALSE(open_recording(folder / "flipped.zst"));
}

TEST(Recording, OtherFiles) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& name) {
    auto recording = open_recording(folder / name);
    EXPECT_FALSE(recording) << name;
    return recording ? std::string() : recording.error().message;
  };
  EXPECT_EQ(open_recording(folder / "none").error().code, core::ErrorCode::kFile);
  EXPECT_EQ(open_recording(folder.path()).error().code, core::ErrorCode::kFile);
  spill(folder / "empty", "");
  EXPECT_THAT(message("empty"), HasSubstr("empty"));
  spill(folder / "photo.jpg", "\xff\xd8\xff\xe0" + std::string(5000, 'j'));
  EXPECT_THAT(message("photo.jpg"), HasSubstr("JPEG"));
  spill(folder / "text.zst", pack("hello, hello, hello"));
  EXPECT_THAT(message("text.zst"), HasSubstr("not an SQLite database"));
  spill(folder / "nothing.zst", pack(""));
  EXPECT_THAT(message("nothing.zst"), HasSubstr("empty"));
}

TEST(Recording, AnAbsurdSizeIsRefusedWithoutUnpackingIt) {
  const TemporaryFolder folder;
  // 1 GiB and a little more of zeros in a hundred KB, once with the size declared and once without.
  for (const bool declared : {true, false}) {
    std::ofstream out(folder / "bomb.zst", std::ios::binary);
    ZSTD_CCtx* context = ZSTD_createCCtx();
    constexpr unsigned long long kBytes = (1ull << 30) + (64ull << 20);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
    if (declared) ZSTD_CCtx_setPledgedSrcSize(context, kBytes);
    const std::string zeros(16 << 20, '\0');
    std::string buffer(1 << 20, '\0');
    for (unsigned long long done = 0; done < kBytes; done += zeros.size()) {
      ZSTD_inBuffer in{zeros.data(), zeros.size(), 0};
      const bool last = done + zeros.size() == kBytes;
      std::size_t left = 1;
      while (left != 0) {
        ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
        left = ZSTD_compressStream2(context, &piece, &in, last ? ZSTD_e_end : ZSTD_e_flush);
        ASSERT_FALSE(ZSTD_isError(left));
        out.write(buffer.data(), static_cast<std::streamsize>(piece.pos));
      }
    }
    ZSTD_freeCCtx(context);
    out.close();
    auto recording = open_recording(folder / "bomb.zst");
    ASSERT_FALSE(recording);
    EXPECT_THAT(recording.error().message, HasSubstr("larger than 1024 MiB"));
  }
}

TEST(Recording, ABadTargetLeavesNothing) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  auto store = Store::open(folder / "runs.db").value();
  const auto missing = write_recording(store, folder / "no/such/r.zst");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, core::ErrorCode::kFile);
  EXPECT_FALSE(write_recording(store, folder.path()));
  EXPECT_FALSE(write_recording(store, "/dev/full"));
}

TEST(Recording, AFewMegabytesAreQuick) {
  const TemporaryFolder folder;
  {
    auto store = Store::open(folder / "runs.db").value();
    const auto session = store.begin_session(testing::example_session()).value();
    auto run = example_run();
    for (int i = 0; i < 200; ++i) {
      run.samples.push_back({core::SampleKind::kGraph, i, 50, 1000.0 + i, 1980.0, 1980.0});
    }
    for (int i = 0; i < 500; ++i) {
      run.counters.push_back({"counter_" + std::to_string(i), -1, i * 1.5, "", "cupti", 9, "CUPTI"});
    }
    run.artifacts[0].content = std::string(20000, 'a');
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(store.write_run(session, run));
    ASSERT_TRUE(write_recording(store, folder / "r.zst"));
  }
  EXPECT_GT(std::filesystem::file_size(folder / "runs.db"), 2u << 20);
  auto best = std::chrono::steady_clock::duration::max();
  for (int attempt = 0; attempt < 3; ++attempt) {  // a busy machine may spoil one
    const auto begin = std::chrono::steady_clock::now();
    auto recording = open_recording(folder / "r.zst");
    ASSERT_TRUE(recording);
    EXPECT_EQ(recording->runs().value().size(), 60u);
    best = std::min(best, std::chrono::steady_clock::now() - begin);
  }
  RecordProperty("open_and_list_us",
                 static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(best).count()));
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(best, std::chrono::milliseconds(100));
#endif
}

TEST(SaveCopy, IsCompactWholeAndNeverOverwrites) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 3);
  for (const Mode mode : {Mode::kReadWrite, Mode::kReadOnly}) {
    auto store = Store::open(folder / "runs.db", mode).value();
    const auto target = folder / (mode == Mode::kReadOnly ? "a.db" : "b.db");
    const auto saved = store.save_copy(target);
    ASSERT_TRUE(saved) << core::to_text(saved.error());
    EXPECT_EQ(Store::open(target, Mode::kReadOnly).value().runs().value().size(), 3u);
    const std::string before = slurp(target);
    EXPECT_EQ(store.save_copy(target).error().code, core::ErrorCode::kFile);
    EXPECT_EQ(slurp(target), before);
    EXPECT_FALSE(store.save_copy(folder / "no/such/copy.db"));
  }
  EXPECT_FALSE(Store::open(folder / "a.db", Mode::kReadOnly).value().begin_session({}));
  EXPECT_TRUE(Store::open(folder / "a.db").value().begin_session({}));  // a copy is a database like any
}

}  // namespace
}  // namespace flashcore::store
