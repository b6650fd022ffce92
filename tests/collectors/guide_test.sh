#!/usr/bin/env bash
# guide_test.sh SOURCE: follows docs/collectors.md in a copy of core/, cuda/ and collectors/: writes its new
# files, applies its change of the registry, builds the library and runs the page's own test.
set -euo pipefail
source=$(cd "$1" && pwd -P)
page=${2:-$source/docs/collectors.md}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

mkdir -p "$copy/tests/collectors"
cp -r "$source/core" "$source/cuda" "$source/collectors" "$source/cmake" "$copy/"
cp "$source/tests/collectors/fake_launch.h" "$copy/tests/collectors/"
python3 "$here/apply_guide.py" "$page" "$copy" >"$copy/written" || fail "the page cannot be followed"
mapfile -t tests < <(grep '_test\.cpp$' "$copy/written")
[ "${#tests[@]}" -gt 0 ] || fail "the page adds no test"

version=$(sed -n 's/^project(flashcore VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
cat >"$copy/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(flashcore VERSION ${version:?} LANGUAGES C CXX)
list(APPEND CMAKE_MODULE_PATH \${PROJECT_SOURCE_DIR}/cmake)
include(GNUInstallDirs)
include(options)
include(compiler)
include(cuda_toolkit)
include(dependencies)
include(folders)
add_subdirectory(core)
add_subdirectory(cuda)
add_subdirectory(collectors)
find_package(GTest REQUIRED)
add_executable(guide ${tests[*]})
target_link_libraries(guide PRIVATE flashcore_collectors flashcore_warnings GTest::gtest_main)
CMAKE

# The copy's own path must not keep ccache from what an earlier copy has compiled. Nothing is timed: -O0.
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1
cmake -S "$copy" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O0 \
  -DFLASHCORE_CUDA=OFF -DFLASHCORE_GUI=OFF -DFLASHCORE_WERROR=ON >"$copy/configure.log" 2>&1 ||
  { cat "$copy/configure.log"; fail "the copy does not configure"; }
cmake --build "$copy/build" --target guide >"$copy/build.log" 2>&1 ||
  { tail -n 60 "$copy/build.log"; fail "what the page says does not build"; }
"$copy/build/bin/guide" >"$copy/run.log" 2>&1 || { cat "$copy/run.log"; fail "the page's collector does not work"; }
grep -q '\[  PASSED  \] [1-9]' "$copy/run.log" || { cat "$copy/run.log"; fail "no test was run"; }
echo "ok: ${tests[*]} passes with what docs/collectors.md adds"
