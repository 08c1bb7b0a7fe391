#!/usr/bin/env bash
# Measures Freehold beside nginx and writes docs/performance.md: bench.sh [PART ...], PART of reads writes list size million
# profile.
#
# It builds the release binary and the program that measures (registry/examples/bench), gives it a directory of its own on the
# disk of the checkout, and takes care that nothing stays: no process, no data. With PARTs only these are measured and
# nothing is written. Servers listen on loopback ports that were free; a registry that runs meanwhile is not touched.
#
# Takes about a quarter of an hour after the build, half of it to load a million versions. ROUNDS=3 and SECONDS_EACH=4 are how
# often and how long each load runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly target=${CARGO_TARGET_DIR:-target}
readonly work=$target/bench.$$
driver=

# The program stops its servers itself; this is for when it is killed.
cleanup() {
  local left pid
  trap - EXIT INT TERM
  if [[ -n $driver && -d /proc/$driver ]]; then
    left=$(cat "/proc/$driver/task/$driver/children" 2>/dev/null || true)
    kill -TERM "$driver" 2>/dev/null || true
    wait "$driver" 2>/dev/null || true
    for pid in $left; do kill -TERM "$pid" 2>/dev/null || true; done
    for _ in {1..100}; do
      for pid in $left; do [[ ! -d /proc/$pid ]] || { sleep 0.1; continue 2; }; done
      break
    done
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scripts/steadily.sh 'cargo build' cargo build --release -p registry --bin freehold
# Straight through rustc: it uses the standard library only, and Cargo would build the registry once more for an example.
rustc --edition 2024 -O -o "$target/release/freehold-bench" registry/examples/bench/main.rs
mkdir -p "$work"
"$target/release/freehold-bench" --freehold "$target/release/freehold" --work "$work" --scripts scripts/bench \
  --report docs/performance.md --rounds "${ROUNDS:-3}" --seconds "${SECONDS_EACH:-4}" "$@" &
driver=$!
wait "$driver"
