#include "cuda/nvtx.h"

#include <gtest/gtest.h>

#include <thread>

namespace flashcore::cuda {
namespace {

TEST(NvtxRange, ThePathNamesWhatIsOpen) {
  EXPECT_EQ(nvtx_path(), "");
  {
    const NvtxRange phase("wmma");
    EXPECT_EQ(nvtx_path(), "wmma");
    {
      const NvtxRange problem("mission,causal");
      const NvtxRange step(std::string_view("timing and more").substr(0, 6));
      EXPECT_EQ(nvtx_path(), "wmma/mission,causal/timing");
    }
    EXPECT_EQ(nvtx_path(), "wmma");
    const NvtxRange step("check");
    EXPECT_EQ(nvtx_path(), "wmma/check");
  }
  EXPECT_EQ(nvtx_path(), "");
}

TEST(NvtxRange, BelongsToItsThread) {
  const NvtxRange here("here");
  std::string there;
  std::thread([&] {
    const NvtxRange range("there");
    there = nvtx_path();
  }).join();
  EXPECT_EQ(there, "there");
  EXPECT_EQ(nvtx_path(), "here");
}

}  // namespace
}  // namespace flashcore::cuda
