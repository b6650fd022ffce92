# shellcheck shell=bash
# What the scripts share: how they speak, fail and find things. Sourced, never run.
# Everything said here goes to standard error, so that a program's standard output stays its own.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail EXIT_CODE SENTENCE... : exit codes are those of flashcore-profile (2 usage, 3 device or permission,
# 6 an outside tool).
fail() {
  local code=$1
  shift
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit "$code"
}

# quietly LOG COMMAND... : the command's output goes to LOG, and to the terminal only when it fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log" >&2
    return 1
  fi
}

# A driver with a device, as far as can be told before anything is built.
machine_has_gpu() {
  if command -v nvidia-smi >/dev/null 2>&1; then
    nvidia-smi -L 2>/dev/null | grep -q '^GPU '
  else
    compgen -G '/dev/nvidia[0-9]*' >/dev/null
  fi
}

machine_has_toolkit() {
  command -v nvcc >/dev/null 2>&1 || [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ]
}

# options_with_value PROGRAM : the options that take a value, one a line, as its own help tells them
# ("  --set SET=standard   how many counters"); "--replay?" where the value may be left out ("--replay [FILE]").
options_with_value() {
  "$1" --help </dev/null |
    sed -nE 's/^  (-[A-Za-z],)?(--[a-z][a-z-]*) (\[?)[^ ].*/\2\3/p' | tr '[' '?'
}

# commands_of PROGRAM : its commands, one a line, from the same help.
commands_of() { "$1" --help </dev/null | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z][a-z-]*) .*/\1/p'; }

# told_by_cmake LOG : what the project itself said while it was configured; a warning is several lines long,
# indented, and ends where the indent does.
told_by_cmake() {
  sed -nE -e '/^-- FlashCore:/{s/^-- //;p;d}' -e '/^ +FlashCore:/,/^[^ ]/{/^ /{s/^ +//;p}}' "$1"
}

# build_tree ROOT PRESET TARGET... : configures ROOT with PRESET, builds the targets. One line of progress
# on a terminal, silence otherwise; errors are shown either way.
build_tree() {
  local root=$1 preset=$2
  shift 2
  local folder=$root/build
  [ "$preset" = release ] || folder=$root/build-$preset
  if [ -f "$folder/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    say "the build folder belongs to a checkout elsewhere; configuring it anew"
    rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
  fi
  say "configuring (preset $preset; the log is ${folder##*/}/configure.log)"
  (cd "$root" && quietly "$folder/configure.log" cmake --preset "$preset") ||
    fail 6 "CMake could not configure the build; its last words are above"
  told_by_cmake "$folder/configure.log" >&2
  local targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  if [ -f "$folder/bin/flashcore-profile" ]; then say "building"; else say "building (a first build takes some minutes)"; fi
  if [ -t 2 ]; then
    cmake --build "$folder" "${targets[@]}" 1>&2 </dev/null || fail 6 "the build failed; the compiler's words are above"
  else
    cmake --build "$folder" "${targets[@]}" -- --quiet 1>&2 </dev/null ||
      fail 6 "the build failed; the compiler's words are above"
  fi
}
