#!/usr/bin/env bash
# go.sh OUT.db.zst: takes the planted variants beside their bases, three processes each. Made for the folder that
# scripts/record_planted fills; needs a GPU with counter permission.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
out=${1:?usage: go.sh OUT.db.zst}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$work" -xzf "$here/planted.tgz"
profile=$work/bin/flashcore-profile
db=$work/planted.db
take() {
  local base=$1 shapes=$2 phases
  shift 2
  phases=$(IFS=,; printf '%s' "$*")
  # shellcheck disable=SC2086
  "$profile" --phase "$base,$phases" $shapes --set full --strict --tag "planted=$base" \
    --tag "process=$process" --db "$db" --quiet || echo "go.sh: $base, process $process: exit code $?" >&2
}
for process in 1 2 3; do
  began=$SECONDS
  take wmma "--shape mission --shape large" planted_spills planted_half_blocks planted_uncoalesced \
    planted_uncoalesced_narrow planted_softmax
  take fused "--shape mission --shape large" planted_swizzle
  take baseline "--shape mission" planted_strided planted_occupancy
  echo "go.sh: process $process: $((SECONDS - began)) s" >&2
done
"$profile" list runs --db "$db" --limit 20 || true
"$profile" record "$out" --db "$db"
