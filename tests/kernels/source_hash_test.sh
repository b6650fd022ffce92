#!/usr/bin/env bash
# source_hash_test.sh SOURCE COMPILER: in a copy of the sources, changes one file after another and looks which
# phases' hashes change; then gives cmake/check_sources.cmake depfiles that differ from what the hash covers.
set -euo pipefail
source=$(cd "$1" && pwd -P)
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy="$work/a tree"
mkdir -p "$copy"
cp -r "$source"/{core,cuda,kernels,cmake} "$copy"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# "phase hash" lines, then "kernels hash".
hashes() {
  cmake -D ROOT="$copy" -D OUTPUT="$work/table.cpp" -P "$copy/cmake/phase_index.cmake" >&2
  sed -nE 's/^ *\{&flashcore_phase_([a-z0-9_]+), "([0-9a-f]{64})"\},$/\1 \2/p;
           s/^ *return "([0-9a-f]{64})";$/kernels \1/p' "$work/table.cpp"
}

# The phases (and "kernels") whose hash a line at the end of FILE changes.
changed_by() {
  cp "$copy/$1" "$work/kept"
  printf '// a comment\n' >>"$copy/$1"
  hashes >"$work/after"
  mv "$work/kept" "$copy/$1"
  { diff "$work/before" "$work/after" || true; } | sed -nE 's/^> ([a-z0-9_]+) .*/\1/p' | tr '\n' ' '
}

expect_changed() {
  local file=$1 want=$2 got
  got=$(changed_by "$file")
  [ "${got% }" = "$want" ] || fail "a change of $file changes '${got% }', not '$want'"
}

hashes >"$work/before"
[ "$(wc -l <"$work/before")" -ge 5 ] || fail "the table has no hashes: $(cat "$work/before")"
[ "$(cut -d' ' -f2 "$work/before" | sort -u | wc -l)" = "$(wc -l <"$work/before")" ] || fail "two hashes are equal"
all=
for phase in "$copy"/kernels/phases/*.cu; do all+="$(basename "$phase" .cu) "; done
for file in kernels/launch.cpp kernels/launch.h kernels/phase.cpp kernels/phase.h kernels/device/attention_view.cuh; do
  expect_changed "$file" "${all}kernels"
done
# What a problem asks and how an answer is checked is no phase's own.
for file in kernels/models.cpp kernels/bench/device/reference_attention.cu kernels/bench/check.cpp; do
  expect_changed "$file" kernels
done
expect_changed core/attention.h "${all% }"  # a header that is read, and no file of kernels/
expect_changed kernels/cublas_library.cpp "cublas kernels"
expect_changed cuda/dynamic_library.cpp "cublas cudnn kernels"
expect_changed kernels/phases/wmma.cu "wmma kernels"
expect_changed kernels/phase_index.cpp kernels
expect_changed kernels/bench/reference.cpp kernels
expect_changed kernels/bench/reference.h kernels
expect_changed cuda/runtime/handles.h kernels
expect_changed core/records.h ""

# A header that wmma alone reads.
printf '#pragma once\n' >"$copy/kernels/device/only_wmma.h"
sed -i '0,/^#include "kernels\/launch.h"/s//#include "kernels\/device\/only_wmma.h"\n&/' "$copy/kernels/phases/wmma.cu"
hashes >"$work/before"
expect_changed kernels/device/only_wmma.h "wmma kernels"

# Depfiles as nvcc writes them, from the host compiler; -MG goes past the toolkit's headers where there is none.
check() {
  "$compiler" -std=c++20 -x c++ -DFLASHCORE_CUDA=1 -I "$copy" -M -MG -MT wmma.cubin \
    "$copy/kernels/phases/wmma.cu" >"$work/wmma.d"
  cat >"$work/inputs.cmake" <<INPUTS
set(phases wmma)
set(depfiles_wmma [[$work/wmma.d]])
set(compiler "$compiler" -std=c++20 -DFLASHCORE_CUDA=1 -MG)
set(includes [[$copy]])
INPUTS
  cmake -D ROOT="$copy" -D INPUTS="$work/inputs.cmake" -D OUTPUT="$work/stamp" \
    -P "$copy/cmake/check_sources.cmake" >"$work/said" 2>&1
}

expect_refused() {
  local why=$1
  shift
  if check; then fail "check_sources lets $why pass"; fi
  for word in "$@"; do tr -s ' \n' ' ' <"$work/said" | grep -q -- "$word" || fail "$why: '$word' is missing in: $(cat "$work/said")"; done
}

rm -f "$work/stamp"
check || fail "check_sources refuses what agrees: $(cat "$work/said")"
[ -e "$work/stamp" ] || fail "check_sources left no stamp"
cp "$copy/kernels/phases/wmma.cu" "$work/wmma.cu"
sed -i 's/#include "kernels\/device\/only_wmma.h"/#include <kernels\/device\/only_wmma.h>/' "$copy/kernels/phases/wmma.cu"
expect_refused "an include in angle brackets" "phase wmma" "read, not covered: kernels/device/only_wmma.h"
cp "$work/wmma.cu" "$copy/kernels/phases/wmma.cu"
printf '#if 0\n#include "kernels/bench/reference.h"\n#endif\n' >>"$copy/kernels/phases/wmma.cu"
expect_refused "an include that is never read" "covered, not read: .*kernels/bench/reference.h"
cp "$work/wmma.cu" "$copy/kernels/phases/wmma.cu"
printf '#include <kernels/phase_table.h>\n' >>"$copy/kernels/launch.cpp"
expect_refused "a host source's hidden include" "kernels/launch.cpp" "read, not covered: .*kernels/phase_table.h"
echo "ok: $(wc -l <"$work/before") hashes follow what is read"
