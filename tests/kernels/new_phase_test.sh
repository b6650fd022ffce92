#!/usr/bin/env bash
# new_phase_test.sh SOURCE: in a copy of the tree, scaffolds a phase, builds the viewer's command line and
# looks for the phase in its list; with nvcc also compiles the kernel. Also what new_phase refuses.
set -euo pipefail
source=$(cd "$1" && pwd -P)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# What git holds where there is a git; else everything but builds.
if git -C "$source" rev-parse >/dev/null 2>&1; then
  (cd "$source" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' path; do
    if [ -e "$path" ]; then printf '%s\0' "$path"; fi
  done | tar --null -T - -cf -) | tar -xf - -C "$copy"
else
  tar -C "$source" --exclude='./build*' -cf - . | tar -xf - -C "$copy"
fi
# What npm fetched for the tree need not be fetched again.
if [ -d "$source/reports/node_modules" ]; then cp -r "$source/reports/node_modules" "$copy/reports/"; fi

"$copy/scripts/new_phase" scaffolded || fail "new_phase did not write the phase"
file=$copy/kernels/phases/scaffolded.cu
[ -s "$file" ] || fail "there is no kernels/phases/scaffolded.cu"
if grep -n '@' "$file"; then fail "a placeholder was left in the file"; fi

# What it refuses, with exit code 2, and without writing anything.
before=$(ls -A "$copy/kernels/phases")
for bad in scaffolded baseline Upper '1st' '../evil' 'a b' '' '<script>'; do
  status=0
  "$copy/scripts/new_phase" "$bad" >/dev/null 2>&1 || status=$?
  [ "$status" -eq 2 ] || fail "new_phase '$bad' ended with $status, not 2"
done
[ "$before" = "$(ls -A "$copy/kernels/phases")" ] || fail "a refused name left a file"

# The copy's own path must not keep ccache from what an earlier copy has compiled. Nothing is timed: -O0.
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1
cmake -S "$copy" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DFLASHCORE_CUDA=OFF -DFLASHCORE_GUI=OFF -DFLASHCORE_TESTS=OFF >"$copy/configure.log" 2>&1 ||
  { cat "$copy/configure.log"; fail "the copy does not configure"; }
cmake --build "$copy/build" --target flashcore-profile >"$copy/build.log" 2>&1 ||
  { tail -n 60 "$copy/build.log"; fail "the copy does not build"; }
listed=$("$copy/build/bin/flashcore-profile" list phases) || fail "list phases failed"
grep -q scaffolded <<<"$listed" || fail "the phase is not listed: $listed"

nvcc=$(command -v nvcc || true)
if [ -z "$nvcc" ] && [ -x /usr/local/cuda/bin/nvcc ]; then nvcc=/usr/local/cuda/bin/nvcc; fi
if [ -n "$nvcc" ]; then
  "$nvcc" -std=c++20 -arch=sm_80 -cubin -DFLASHCORE_CUDA=1 -I"$copy" -Xptxas -v -o "$copy/scaffolded.cubin" "$file" \
    >"$copy/nvcc.log" 2>&1 || { cat "$copy/nvcc.log"; fail "nvcc does not take the scaffolded kernel"; }
  if grep -E '[1-9][0-9]* bytes spill' "$copy/nvcc.log"; then fail "the scaffolded kernel spills"; fi
fi
echo "ok: scaffolded, built and listed"
