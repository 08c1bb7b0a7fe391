#!/usr/bin/env bash
# Compiles RocksDB once, into .rocksdb/lib/librocksdb.a, for every build profile of this checkout.
#
# Why: left to itself the crate compiles RocksDB's 342 C++ files one by one, again for each profile: about half an hour of
# CPU time each. Here the very same vendored sources, with the same defines, are compiled as about 40 "unity" files (one
# file that includes up to twelve of one directory), which shares the cost of the headers: a third of the time, once.
# RocksDB keeps its sources fit for that: its CI compiles all of them as a single unity file. -O2 is what its Makefile uses
# for a release. .cargo/config.toml points Cargo at the result.
#
# Holds true: the archive's directory is named after the crate version, the features that change the C++, and a hash of
# this script, the compiler and the lz4 crate, so a stale archive is never picked up; it appears whole or not at all (built
# aside, then renamed); an interrupted run continues where it stopped; a second call does nothing and says nothing.
#
# Not here: CPU-specific flags. RocksDB picks its CRC32C on x86-64 at compile time (no run-time dispatch), so -msse4.2
# would make an archive that dies on an older CPU.
#
# Without this script: `ROCKSDB_COMPILE=1 cargo build` makes the crate compile its own copy (any platform, any feature).
#
# Environment: CXX (default g++), ROCKSDB_JOBS (default: one per core, as memory allows), CCACHE_DISABLE=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The defines and flags below are those of this build script of librocksdb-sys. Another version may need others.
readonly KNOWN_BUILD_RS=2dbb97b102a2c13f0192ee75a49d4fc0f84fa0692ac9ffc84d364a7a28b472a3
readonly FILES_PER_UNIT=12
# Files that set macros for a header others include too, or that open names to the whole file: compiled by themselves, so
# that nothing reaches a neighbour.
readonly ALONE=' util/xxhash.cc db/c.cc '

say() { printf 'rocksdb: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

CXX=${CXX:-g++}
PATH=$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin # a shell opened before rustup ran does not know yet
command -v cargo >/dev/null || die "cargo is not installed; scripts/install-deps.sh says how to get it"
command -v "$CXX" >/dev/null || die "$CXX is not installed; scripts/install-deps.sh installs it (or set CXX)"
command -v ar >/dev/null || die "ar (binutils) is not installed; scripts/install-deps.sh installs it"

machine=$(uname -sm)
case $machine in
'Linux x86_64' | 'Linux aarch64') ;;
*) die "made for Linux on x86_64 and aarch64, not $machine; build with ROCKSDB_COMPILE=1 set instead" ;;
esac

# ---- what to build, and under which name ----

describe() { cargo tree --quiet --invert "$1" --depth 0 --prefix none --edges normal --format '{p}|{f}'; }
rocksdb=$(describe librocksdb-sys) || die "cargo cannot resolve the workspace (see above)"
version=${rocksdb#* v} version=${version%%|*} version=${version%% *}

defines=(
  -DNDEBUG=1 -DHAVE_ALIGNED_NEW -DHAVE_UINT128_EXTENSION
  -DOS_LINUX -DROCKSDB_PLATFORM_POSIX -DROCKSDB_LIB_IO_POSIX -DROCKSDB_SCHED_GETCPU_PRESENT
  -DROCKSDB_AUXV_GETAUXVAL_PRESENT -DROCKSDB_FALLOCATE_PRESENT -DROCKSDB_RANGESYNC_PRESENT
)
features= lz4=
IFS=, read -ra enabled <<<"${rocksdb#*|}"
for feature in "${enabled[@]}"; do
  case $feature in
  static | bindgen-runtime | bindgen-static | lz4-sys) ;; # no effect on the C++
  lz4) features+=-lz4 defines+=(-DLZ4=1) lz4=$(describe lz4-sys) ;;
  *) die "the feature '$feature' of rocksdb is not known to this script; teach it, or build with ROCKSDB_COMPILE=1 set" ;;
  esac
done

flags=(-std=c++20 -O2 -fPIC -ffunction-sections -fdata-sections -include cstdint -w)
hash=$({ cat "${BASH_SOURCE[0]}"; "$CXX" --version; echo "$machine $lz4"; } | sha256sum | cut -c1-12)
readonly key=$version${features:--plain}-$hash
readonly out=.rocksdb/$key build=.rocksdb/building-$key

point_lib_at_archive() {
  local before
  before=$(readlink .rocksdb/lib 2>/dev/null || true)
  [[ $before == "$key" ]] && return
  ln -sfn "$key" ".rocksdb/lib.$$" && mv -T ".rocksdb/lib.$$" .rocksdb/lib
  # rustc has copied the former archive into the crate's rlib; Cargo does not see that it has changed.
  if [[ -n $before && -d ${CARGO_TARGET_DIR:-target} ]]; then
    cargo clean --quiet -p librocksdb-sys 2>/dev/null || true
    cargo clean --quiet -p librocksdb-sys --release 2>/dev/null || true
  fi
}

if [[ -f $out/librocksdb.a ]]; then
  point_lib_at_archive
  exit 0
fi

mkdir -p .rocksdb
# Compilers that outlive a killed script keep the lock, so the next call takes their results instead of racing them.
if command -v flock >/dev/null; then
  exec 9>.rocksdb/lock
  flock --nonblock 9 || { say "another build is under way, waiting for it" && flock 9; }
  if [[ -f $out/librocksdb.a ]]; then
    point_lib_at_archive
    exit 0
  fi
fi

# ---- where the sources are ----

host=$(rustc -vV | sed -n 's/^host: //p')
metadata=$(cargo metadata --format-version 1 --filter-platform "$host")
crate_dir() {
  local manifest
  manifest=$(grep -oE "\"manifest_path\":\"[^\"]*/$1(-[0-9][^/\"]*)?/Cargo\.toml\"" <<<"$metadata" | head -n 1) ||
    die "cargo metadata does not name the crate $1"
  manifest=${manifest#*:\"}
  printf '%s\n' "${manifest%/Cargo.toml\"}"
}
crate=$(crate_dir librocksdb-sys)
src=$crate/rocksdb
sum=$(sha256sum <"$crate/build.rs" | cut -d' ' -f1)
[[ $sum == "$KNOWN_BUILD_RS" ]] ||
  die "librocksdb-sys $version has another build.rs ($sum) than this script was written for: compare the defines" \
    "and flags, then update KNOWN_BUILD_RS; ROCKSDB_COMPILE=1 builds without this script meanwhile"

includes=(-I"$src/include" -I"$src" -I"$src/third-party/gtest-1.8.1/fused-src" -I"$crate")
[[ -z $lz4 ]] || includes+=(-I"$(crate_dir lz4-sys)/liblz4/lib")
# __FILE__ then reads the same on every machine, in log lines as in ccache.
flags+=(-ffile-prefix-map="$crate"=librocksdb-sys)

# ---- the unity files ----

mkdir -p "$build"
rm -f "$build"/*.tmp "$build"/*.cc
write_units() {
  local file room last_room='' count=0
  while read -r file; do
    if [[ $ALONE == *" $file "* ]]; then
      echo "#include \"$file\"" >"$build/${file//\//_}"
      continue
    fi
    room=${file%%/*}
    [[ $room == "$last_room" ]] || count=0
    last_room=$room
    echo "#include \"$file\"" >>"$build/${room}_$((count / FILES_PER_UNIT)).cc"
    count=$((count + 1))
  done < <(grep -v '^util/build_version.cc$' "$crate/rocksdb_lib_sources.txt" | sed 's|\(.*\)/|\1 |' | sort | tr ' ' /)
  echo '#include "build_version.cc"' >"$build/crate_build_version.cc" # the crate's own copy, found through -I
}
write_units

# Largest first, so that the last minute is not one core finishing one big file.
source_bytes() { sed 's/^#include "\(.*\)"$/\1/' "$1" | (cd "$src" && xargs -d '\n' cat 2>/dev/null || true) | wc -c; }
mapfile -t units < <(
  for unit in "$build"/*.cc; do
    echo "$(source_bytes "$unit") $(basename "$unit" .cc)"
  done | sort -rn | cut -d' ' -f2
)
((${#units[@]} > 1)) || die "found no sources in $src"

# ---- compile ----

memory_jobs=$(awk '/^MemAvailable/ { n = int($2 / 1500000); print n < 1 ? 1 : n }' /proc/meminfo) # one g++ peaks at 1.2 GiB
jobs=${ROCKSDB_JOBS:-$(nproc)}
((jobs <= memory_jobs)) || jobs=$memory_jobs
launcher=
if command -v ccache >/dev/null && [[ -z ${CCACHE_DISABLE:-} ]]; then launcher=ccache; fi

compile() {
  local name=$1 tmp=$1.$$.tmp
  cd "$build"
  # Relative names and a fixed working directory: another checkout gets the same command, and ccache a hit.
  if $launcher "$CXX" "${flags[@]}" "${defines[@]}" "${includes[@]}" -c "$name.cc" -o "$tmp" >"$name.log" 2>&1; then
    mv "$tmp" "$name.o"
  else
    rm -f "$tmp"
    touch "$name.failed"
    return 1
  fi
}

done_parts=0
progress() {
  local line
  line="RocksDB ${version#*+}: $done_parts of ${#units[@]} parts, $((SECONDS / 60)) min $((SECONDS % 60)) s"
  if [[ -t 2 ]]; then
    printf '\r\033[Krocksdb: %s' "$line" >&2
    ((done_parts < ${#units[@]})) || echo >&2
  elif ((done_parts % 8 == 0 || done_parts == ${#units[@]})); then
    say "$line"
  fi
}
finished() { done_parts=$((done_parts + 1)) && progress; }

todo=()
for unit in "${units[@]}"; do
  if [[ -f $build/$unit.o ]]; then done_parts=$((done_parts + 1)); else todo+=("$unit"); fi
done
rm -f "$build"/*.failed
say "compiling RocksDB ${version#*+} once for this checkout (${#todo[@]} of ${#units[@]} parts to do," \
  "$jobs at a time${launcher:+, with ccache}); minutes, not seconds"

running=0 failed=
for unit in "${todo[@]}"; do
  if ((running == jobs)); then
    if wait -n; then finished; else failed=1; fi
    running=$((running - 1))
  fi
  [[ -z $failed ]] || break
  compile "$unit" &
  running=$((running + 1))
done
while ((running > 0)); do
  if wait -n; then finished; else failed=1; fi
  running=$((running - 1))
done

if [[ -n $failed ]]; then
  [[ ! -t 2 ]] || echo >&2
  for mark in "$build"/*.failed; do
    log=${mark%.failed}.log
    say "failed: $(basename "$mark" .failed), full log in $log; it begins:"
    head -n 20 "$log" >&2
  done
  die "stopped; the parts that compiled are kept, call again to continue (ROCKSDB_COMPILE=1 cargo build does without)"
fi

# ---- archive ----

(cd "$build" && ar crsD librocksdb.a.tmp ./*.o && mkdir -p whole && mv librocksdb.a.tmp whole/librocksdb.a)
rm -rf "$out"
mv -T "$build/whole" "$out"
rm -rf "$build"
point_lib_at_archive
say "made $out/librocksdb.a ($(du -h "$out/librocksdb.a" | cut -f1))"
