# Libraries, all of them Debian packages (scripts/install_packages lists them).
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(muparser REQUIRED IMPORTED_TARGET muparser)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)      # digests, base64
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)  # widths and classes of characters
pkg_check_modules(libelf REQUIRED IMPORTED_TARGET libelf)      # sizes of kernels in cubins
find_package(Boost 1.74 REQUIRED COMPONENTS filesystem)        # Boost.Process: child processes

set(FLASHCORE_HAS_GUI OFF)
if(FLASHCORE_GUI)
  find_package(Qt6 6.4 COMPONENTS Widgets PrintSupport Svg Test QUIET)
  if(Qt6_FOUND)
    find_package(QCustomPlotQt6 QUIET)
  endif()
  if(Qt6_FOUND AND QCustomPlotQt6_FOUND)
    set(FLASHCORE_HAS_GUI ON)
  else()
    message(STATUS "FlashCore: no Qt 6.4 or QCustomPlot, the desktop app is left out")
  endif()
endif()
