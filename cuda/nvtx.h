// NvtxRange: a named range in the NVTX domain "flashcore", open while the object lives. Nsight tools show it
// and filter by it; the names that are open are also kept here, so that a measurement can store them where no
// tool listens.
//
// A range costs a push and a pop even where nothing listens, so ranges stand around a phase, a problem and a
// step, never around one launch that is timed.
// Owns: nothing but the names. Threads: ranges and nvtx_path() belong to the calling thread; a range ends on
// the thread, and in the reverse order, in which it began. Errors: none. Without a toolkit only the names are
// kept.
//
//   const NvtxRange phase("wmma");
//   const NvtxRange step("timing");
//   nvtx_path();  // "wmma/timing"
#pragma once

#include <string>
#include <string_view>

namespace flashcore::cuda {

inline constexpr std::string_view kNvtxDomain = "flashcore";

class NvtxRange {
 public:
  explicit NvtxRange(std::string_view name);
  ~NvtxRange();
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

// The open ranges of this thread, outermost first, joined by '/'; empty where none is open.
std::string nvtx_path();

}  // namespace flashcore::cuda
