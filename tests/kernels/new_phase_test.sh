#!/usr/bin/env bash
# new_phase_test.sh SOURCE: in a copy of the tree, scaffolds a phase, builds the viewer's command line and
# looks for the phase in its list; with nvcc also compiles the kernel for two GPUs and holds it against its limits
# (scripts/check_compiler_limits). Also what new_phase refuses.
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
limits=$copy/kernels/compiler_limits.toml
grep -q '^phase = "scaffolded"$' "$limits" || fail "the phase has no entry in compiler_limits.toml"
# A name whose entry was left behind when its file went.
printf '\n[[kernel]]\nphase = "left_behind"\n' >>"$limits"
before=$(ls -A "$copy/kernels/phases"; cat "$limits")
for bad in left_behind scaffolded baseline Upper '1st' '../evil' 'a b' '' '<script>'; do
  status=0
  "$copy/scripts/new_phase" "$bad" >/dev/null 2>&1 || status=$?
  [ "$status" -eq 2 ] || fail "new_phase '$bad' ended with $status, not 2"
done
[ "$before" = "$(ls -A "$copy/kernels/phases"; cat "$limits")" ] || fail "a refused name left something"
head -n -3 "$limits" >"$copy/limits" && mv "$copy/limits" "$limits"

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
python=$(command -v python3 || true)
if [ -n "$nvcc" ] && [ -n "$python" ] && "$python" -c 'import tomllib' 2>/dev/null; then
  # Beside the scaffolded phase only the one that every tree has, for time's sake.
  find "$copy/kernels/phases" -name '*.cu' ! -name scaffolded.cu ! -name baseline.cu -delete
  "$python" - "$limits" <<'PYTHON'
import pathlib, re, sys
file = pathlib.Path(sys.argv[1])
head, *entries = re.split(r"(?m)^(?=\[\[kernel\]\]$)", file.read_text())
kept = [entry for entry in entries if re.search(r'^phase = "(baseline|scaffolded)"$', entry, re.MULTILINE)]
file.write_text(head + "".join(kept))
PYTHON
  cmake -S "$copy" -B "$copy/build-cuda" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CUDA_COMPILER="$nvcc" \
    -DCMAKE_CXX_FLAGS_RELEASE=-O0 "-DCMAKE_CUDA_ARCHITECTURES=80-real;90a-real" -DFLASHCORE_GUI=OFF \
    >"$copy/configure.log" 2>&1 || { cat "$copy/configure.log"; fail "the copy does not configure with CUDA"; }
  cmake --build "$copy/build-cuda" --target planned_shared >"$copy/build.log" 2>&1 ||
    { tail -n 60 "$copy/build.log"; fail "nvcc does not take the scaffolded phase"; }
  held=$("$copy/scripts/check_compiler_limits" --build "$copy/build-cuda" 2>&1) ||
    fail "the scaffolded phase is not within its limits: $held"
  [ "$(grep -c '^scaffolded .*attention_scaffolded<__' <<<"$held")" -eq 8 ] ||
    fail "not both types, both D and both targets were held to limits: $held"
  # The entry that was written is what lets it pass.
  sed -i '/^phase = "scaffolded"$/s/scaffolded/other/' "$limits"
  if "$copy/scripts/check_compiler_limits" --build "$copy/build-cuda" >"$copy/held.log" 2>&1; then
    fail "a phase without an entry passes"
  fi
  grep -q 'no entry of compiler_limits.toml names it' "$copy/held.log" || fail "$(cat "$copy/held.log")"
fi
echo "ok: scaffolded, built, listed and within its limits"
