#!/usr/bin/env bash
# installed_test.sh BUILD COMPILER: in a prefix made by `cmake --install --component library`, a C program finds the
# library through pkg-config and through CMake, is compiled as C99 and as C++, and runs.
set -euo pipefail
build=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/prefix"
cmake --install "$build" --component library --prefix "$prefix" >"$work/log" || { cat "$work/log" >&2; exit 1; }
mkdir "$work/user"
cat >"$work/user/main.c" <<'C'
#include <flashcore_kernels.h>
#include <stdio.h>
int main(void) {
  fc_phase_info info;
  info.struct_size = sizeof info;
  if (fc_phase_at(0, &info) != FC_OK || fc_version() != FLASHCORE_KERNELS_VERSION) return 1;
  printf("%s\n", info.id);
  return 0;
}
C
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/x86_64-linux-gnu/pkgconfig
  pkg-config --print-errors --exists flashcore_kernels
  read -ra flags <<<"$(pkg-config --cflags --libs flashcore_kernels)"
  libdir=$(pkg-config --variable=libdir flashcore_kernels)
  for language in "c -std=c99" "c++ -std=c++11"; do
    read -ra as <<<"$language"
    "$compiler" -x "${as[@]}" -pedantic-errors -Wall -Wextra -Werror "$work/user/main.c" -x none "${flags[@]}" -o "$work/user/main"
    [ "$(LD_LIBRARY_PATH=$libdir "$work/user/main")" = baseline ]
  done
fi
cat >"$work/user/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(flashcore_kernels REQUIRED)
add_executable(main main.c)
target_link_libraries(main PRIVATE flashcore::kernels)
CMAKE
{ cmake -S "$work/user" -B "$work/user/build" -D CMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/user/build"; } \
  >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
[ "$("$work/user/build/main")" = baseline ]
echo "ok: found through pkg-config and CMake"
