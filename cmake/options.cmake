# What can be chosen. CUDA is found by itself; a viewer is what a machine without a toolkit builds.
option(FLASHCORE_CUDA "Build kernels and collectors with the CUDA toolkit, where one is found" ON)
option(FLASHCORE_GUI "Build the desktop app" ON)
option(FLASHCORE_TESTS "Build the tests" ON)
option(FLASHCORE_BENCHMARKS "Build the benchmarks (Google Benchmark)" OFF)
option(FLASHCORE_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(FLASHCORE_WERROR "Warnings are errors" OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
