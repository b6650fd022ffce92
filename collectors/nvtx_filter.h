// Which ranges a filter of --nvtx lets through. Ranges are nested PHASE/PROBLEM/STEP ("wmma/mission/count");
// a filter is written the same way, with * for any text in a part. A part that the filter leaves out, or
// leaves empty, lets everything through.
//
// Owns: nothing. Threads: pure function. Errors: none; an empty filter lets everything through.
//
//   nvtx_matches("wmma", "wmma/mission/count");              // true
//   nvtx_matches("*/mission,c*", "wmma/mission,causal/count");  // true
//   nvtx_matches("w*/*/check", "wmma/mission/count");        // false
#pragma once

#include <string_view>

namespace flashcore::collectors {

bool nvtx_matches(std::string_view filter, std::string_view path);

}  // namespace flashcore::collectors
