# cmake -D OUTPUT=... -D SOURCE=... -D VERSION=... -D COMPILER=... -D CUDA=... -P build_info.cmake
# Writes core/build_info.h's answer; the file changes only when the answer does.
set(sha "unknown")
set(dirty "false")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE head RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(sha ${head})
    execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain -- kernels cuda OUTPUT_VARIABLE changes
                    ERROR_QUIET)
    if(NOT changes STREQUAL "")
      set(dirty "true")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT}.new CONTENT [[
#include "core/build_info.h"

namespace flashcore::core {

const BuildInfo& build_info() noexcept {
  static constexpr BuildInfo info{"@VERSION@", "@sha@", @dirty@, "@COMPILER@", "@CUDA@"};
  return info;
}

}  // namespace flashcore::core
]] @ONLY)
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
