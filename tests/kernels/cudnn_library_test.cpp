// cuDNN opened at run time: what is said of what is no cuDNN, and, where a cuDNN lies on this machine,
// whether its heuristics know the graphs. The latter needs no GPU: cuDNN plans for a device by its
// properties.
#include "kernels/cudnn_library.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernels/cudnn_attention.h"
#include "kernels/phase.h"
#include "kernels/phase_index.h"

namespace flashcore::kernels {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

#if FLASHCORE_CUDA

std::string fake(const std::string& kind) {
  return std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_cudnn/libfake_cudnn_" + kind + ".so";
}

// A cuDNN that the process has open wins over FLASHCORE_CUDNN, so these cannot be told then.
bool cudnn_is_open() {
  return dlopen("libcudnn.so.9", RTLD_NOW | RTLD_NOLOAD) != nullptr;
}

core::Error refusal(const std::string& chosen) {
  auto loaded = CudnnLibrary::load(chosen);
  EXPECT_FALSE(loaded.has_value()) << chosen;
  return loaded ? core::Error{} : loaded.error();
}

class FileOnly : public ::testing::Test {
 protected:
  void SetUp() override {
    if (cudnn_is_open()) GTEST_SKIP() << "cuDNN is open in this process already: run this test alone";
    folder_ = std::filesystem::path(::testing::TempDir()) / ("flashcore_cudnn_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "lib");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(FileOnly, SaysThatTheFileIsMissing) {
  const core::Error error = refusal((folder_ / "nothing.so").string());
  EXPECT_EQ(error.code, core::ErrorCode::kExternalTool);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("FLASHCORE_CUDNN"), HasSubstr("nothing.so"), HasSubstr("does not exist")));
  EXPECT_THAT(error.hint, HasSubstr("install cuDNN"));
}

TEST_F(FileOnly, SaysWhatTheLoaderSaysOfAFileThatIsNoLibrary) {
  std::ofstream(folder_ / "text.so") << "no library\n";
  const core::Error error = refusal((folder_ / "text.so").string());
  EXPECT_THAT(error.message, AllOf(HasSubstr("text.so"), HasSubstr("no cuDNN to be opened")));
  EXPECT_THAT(error.context, AllOf(HasSubstr("text.so"), HasSubstr("file too short")));
}

TEST_F(FileOnly, SaysThatAFolderHasNone) {
  const core::Error error = refusal(folder_.string());
  EXPECT_THAT(error.message, AllOf(HasSubstr(folder_.string()), HasSubstr("no cuDNN to be opened")));
  EXPECT_THAT(error.context, HasSubstr("libcudnn.so.9"));
}

TEST_F(FileOnly, SaysWhichVersionIsNeeded) {
  const core::Error error = refusal(fake("old"));
  EXPECT_EQ(error.code, core::ErrorCode::kExternalTool);
  EXPECT_THAT(error.message, AllOf(HasSubstr("9.5.1"), HasSubstr("9.10.2 or later")));
}

TEST_F(FileOnly, SaysWhichFunctionIsMissing) {
  const core::Error error = refusal(fake("bare"));
  EXPECT_THAT(error.message, HasSubstr("lacks the function cudnnGetCudartVersion"));
}

TEST_F(FileOnly, LooksIntoAFolderAndItsLib) {
  // Both stay: the loader knows files by their inode, which the next one may get.
  for (const std::filesystem::path& at : {folder_ / "lib" / "libcudnn.so.9", folder_ / "libcudnn.so.9"}) {
    std::filesystem::copy_file(fake("old"), at);
    EXPECT_THAT(refusal(folder_.string()).message, AllOf(HasSubstr(at.string()), HasSubstr("9.5.1"))) << at;
  }
}

TEST_F(FileOnly, ThePhaseSaysTheSame) {
  const char* before = std::getenv("FLASHCORE_CUDNN");
  const std::string kept = before != nullptr ? before : "";
  setenv("FLASHCORE_CUDNN", fake("old").c_str(), 1);
  auto phase = find_phase("cudnn");
  ASSERT_TRUE(phase.has_value());
  const core::Status available = (*phase)->available();
  before != nullptr ? setenv("FLASHCORE_CUDNN", kept.c_str(), 1) : unsetenv("FLASHCORE_CUDNN");
  ASSERT_FALSE(available.has_value());
  EXPECT_THAT(available.error().message, HasSubstr("9.5.1"));
}

// What cuDNN 9.19 takes for a device: cudnnBackendGetAttribute of a DEVICEPROP_DESCRIPTOR tells these of a
// GPU.
std::string properties(int compute, int multiprocessors, int shared_bytes, int threads) {
  return R"({"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,)"
         R"("warpSize":32,"maxSharedMemoryPerBlock":49152,"reservedSharedMemoryPerBlock":1024,)"
         R"("maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"isTccDriver":0,)"
         R"("supportCoopLaunch":1,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"l2CacheSize":50331648,)"
         R"("cudaDeviceId":0,"pciDeviceId":0,"totalGlobalMem":25769803776,"driverVer":13000,"deviceName":"test",)"
         R"("deviceVer":)" +
         std::to_string(compute) + R"(,"multiProcessorCount":)" + std::to_string(multiprocessors) +
         R"(,"maxSharedMemoryPerBlockOptin":)" + std::to_string(shared_bytes) + R"(,"maxThreadsPerSM":)" +
         std::to_string(threads) + "}";
}

class Graphs : public ::testing::TestWithParam<std::string> {};

// Without a driver an engine that fits is refused for want of one; a graph that no engine fits is refused for
// its pattern. So both machines tell a wrong graph.
testing::AssertionResult known(const CudnnLibrary& cudnn, const AttentionCall& call, CudnnForm form,
                               void* device) {
  const CudnnTarget target{.handle = nullptr, .properties = device};
  auto graph = cudnn_graph(cudnn, call, form, target);
  if (!graph) return testing::AssertionFailure() << core::to_text(graph.error());
  auto engines = cudnn_engines(cudnn, *graph, target);
  if (engines) return testing::AssertionSuccess() << engines->front().name;
  if (engines.error().context.find("PREREQUISITE_MISSING") != std::string::npos) {
    return testing::AssertionSuccess() << "an engine that lacks the driver here";
  }
  return testing::AssertionFailure() << core::to_text(engines.error());
}

TEST_P(Graphs, AreKnownToTheHeuristicsOfThreeGpus) {
  auto cudnn = CudnnLibrary::open();
  if (!cudnn) GTEST_SKIP() << core::to_text(cudnn.error());
  if ((*cudnn)->version() < 91100) GTEST_SKIP() << "cuDNN plans without a GPU from 9.11 on";
  auto problem = core::parse_attention(GetParam());
  ASSERT_TRUE(problem.has_value()) << core::to_text(problem.error());
  for (const std::string& gpu : {properties(900, 132, 232448, 2048), properties(800, 108, 166912, 2048),
                                 properties(890, 58, 101376, 1536)}) {
    auto device =
        (*cudnn)->make(cudnn::kDeviceProperties, std::vector{CudnnSetting::text(cudnn::kDeviceJson, gpu)});
    ASSERT_TRUE(device.has_value()) << core::to_text(device.error());
    for (const bool lse : {false, true}) {
      AttentionCall call = contiguous_call(*problem, lse);
      EXPECT_TRUE(known(**cudnn, call, CudnnForm::kOperations, device->get())) << GetParam() << lse << gpu;
      if (!problem->causal) {
        EXPECT_TRUE(known(**cudnn, call, CudnnForm::kOneOperation, device->get()))
            << GetParam() << lse << gpu;
      }
      const std::int64_t d = problem->head_dim;  // BSHD
      call.q_strides = call.o_strides = {problem->seq_q * problem->heads * d, d, problem->heads * d};
      call.k_strides = call.v_strides = {problem->seq_k * problem->kv_heads * d, d, problem->kv_heads * d};
      EXPECT_TRUE(known(**cudnn, call, CudnnForm::kOperations, device->get())) << GetParam() << lse << gpu;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Problems, Graphs,
                         ::testing::Values("mission", "mission,causal", "mission,bf16,causal",
                                           "2,8,256,128,hkv=2", "1,8,256,512,64,causal",
                                           "1,8,512,256,64,causal", "1,4,113,203,128,causal",
                                           "1,4,203,113,64,bf16,causal", "1,4,239,1,64", "1,4,1,1,64,causal",
                                           "2,8,1,8192,128,hkv=2,causal"));

#endif

TEST(CudnnPhase, ServesBothTypesAndRefusesOtherWidths) {
  auto phase = find_phase("cudnn");
  ASSERT_TRUE(phase.has_value());
  EXPECT_TRUE((*phase)->info.reference);
  for (const char* text : {"mission", "mission,bf16,causal", "1,8,512,256,128,causal"}) {
    EXPECT_TRUE(check_supported(**phase, contiguous_call(*core::parse_attention(text), true))) << text;
  }
  const core::Status refused =
      check_supported(**phase, contiguous_call(*core::parse_attention("1,8,512,96")));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("cudnn"), HasSubstr("D = 96")));
}

}  // namespace
}  // namespace flashcore::kernels
