#!/usr/bin/env bash
# Puts in place what a fresh machine lacks to build, test, lint, try or measure Freehold:
#
#   install-deps.sh [build|test|lint|demo|bench ...]     several at once are looked for before anything is installed
#
# On Debian and Ubuntu it installs the missing packages by name, and says so; elsewhere it lists what is missing and stops.
# It looks for the thing itself (a compiler, a library) and not for a package, so that whatever way it came there counts.
# Nothing missing: no output, no apt, a fraction of a second. What apt says is kept in a file and shown if it fails.
#
# Not here: the Rust crates and the Python packages (Cargo and the venv of the Makefile fetch those), and no rustup from the
# Internet behind your back: where the distribution has no package of it, the script says what to do. That is found out first,
# since nothing else is of use without it. A rustup that is here fetches the toolchain that rust-toolchain.toml names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

((${#} > 0)) || set -- build
for purpose in "$@"; do
  case $purpose in
  build | test | lint | demo | bench) ;;
  *) echo "usage: $0 [build|test|lint|demo|bench ...]" >&2; exit 2 ;;
  esac
done
wants() { [[ " $purposes " == *" $1 "* ]]; }
readonly purposes=$*

say() { printf 'deps: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
any_file() { compgen -G "$1" >/dev/null; }

as_root=
if ((EUID != 0)); then as_root=sudo; fi
may_install() { have apt-get && { [[ -z $as_root ]] || have sudo; }; }

# ---- Rust ----

wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
# An image is built without this file, by the toolchain of its base.
pinned=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml 2>/dev/null || echo "$wanted")
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin # a shell opened before rustup ran does not know yet
rust_is_enough() {
  local found
  found=$(cargo --version 2>/dev/null | cut -d' ' -f2) && [[ -n $found ]] &&
    [[ $(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1) == "$wanted" ]]
}
# At the first call of cargo rustup would fetch the toolchain by itself, and here nobody would hear of it.
if have rustup && [[ -e rust-toolchain.toml && -z ${RUSTUP_TOOLCHAIN:-} ]] &&
  ! rustup toolchain list 2>/dev/null | grep -q "^$pinned-"; then
  say "rustup has no Rust $pinned, which rust-toolchain.toml names; fetching it"
  scripts/steadily.sh "rustup toolchain install $pinned" \
    rustup toolchain install --profile minimal --component clippy --component rustfmt "$pinned" ||
    { say "Without the Internet another toolchain will do that is new enough: RUSTUP_TOOLCHAIN=stable"; exit 1; }
fi
get_rustup=
if ! rust_is_enough; then
  if have rustup; then
    say "Rust $wanted or newer is needed and $(cargo --version 2>/dev/null || echo 'no toolchain') is here;" \
      "run: rustup default $pinned"
    exit 1
  fi
  if may_install && apt-cache policy rustup 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    get_rustup=1
  else
    say "Rust $wanted or newer is needed ($(cargo --version 2>/dev/null || echo 'cargo is not installed'))." \
      "Get it with rustup: https://rustup.rs, then call this again. Nothing was installed."
    exit 1
  fi
fi

# ---- what is missing, as Debian packages ----

missing=() why=()
need() { missing+=("$1") why+=("  $1: $2"); }

have g++ && have ar || need g++ "compiles RocksDB and the C of some crates"
have make || need make "runs the Makefile"
# bindgen loads libclang and needs its own headers (stddef.h) beside it; the clang compiler itself is not used.
have_libclang() {
  [[ -n ${LIBCLANG_PATH:-} ]] && return
  any_file '/usr/lib/llvm-*/lib/libclang*.so*' && any_file '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' && return
  any_file '/usr/lib*/libclang.so*' && any_file '/usr/lib*/clang/*/include/stddef.h'
}
have_libclang || need libclang-dev "bindgen reads RocksDB's C header with it"
# Certificates for Cargo and pip.
[[ -e /etc/ssl/certs/ca-certificates.crt || ! -e /etc/debian_version ]] ||
  need ca-certificates "Cargo and pip verify the servers they fetch from"

if wants test || wants lint; then
  have python3 || need python3 "runs Kafka clients against the server, and checks the description of the API"
  python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv "keeps the packages for that in .venv"
fi
# A broker of Apache Kafka 4 runs on Java 17 or newer, which not every distribution's default is.
java_is_enough() {
  local found
  found=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') && [[ -n $found ]] && ((found >= 17))
}
jre_package() {
  if have apt-cache && apt-cache policy openjdk-21-jre-headless 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    echo openjdk-21-jre-headless
  else
    echo openjdk-17-jre-headless
  fi
}
if wants test; then
  java_is_enough || need "$(jre_package)" "runs the Kafka brokers of the tests"
  have mvn || need maven "fetches what those are made of"
fi
if wants test || wants demo; then
  have curl || need curl "asks the registry, as the README does"
fi
if wants bench; then
  have wrk || need wrk "makes the load"
  have nginx || [[ -x /usr/sbin/nginx ]] || need nginx-light "the yardstick the server is measured against"
fi

# ---- install, or say ----

apt_install() {
  local log
  log=$(mktemp -t freehold-apt.XXXXXX)
  scripts/steadily.sh --into "$log" "apt-get install $*" apt_get "$@" || { say "apt-get could not install $*; all it said is in $log"; exit 1; }
  rm -f "$log"
}
apt_get() {
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
export -f apt_get
export as_root

if ((${#missing[@]} > 0)); then
  if ! have apt-get; then
    say "missing (names as on Debian):"
    printf '%s\n' "${why[@]}" >&2
    say "Fedora: dnf install gcc-c++ make clang-devel python3 java-21-openjdk-headless maven curl wrk nginx"
    say "Arch: pacman -S base-devel clang python jre-openjdk-headless maven curl wrk nginx"
    exit 1
  fi
  if ! may_install; then
    say "missing:"
    printf '%s\n' "${why[@]}" >&2
    say "run as root: apt-get update && apt-get install ${missing[*]}"
    exit 1
  fi
  say "installing with apt-get: ${missing[*]}"
  printf '%s\n' "${why[@]}" >&2
  apt_install "${missing[@]}"
fi
if [[ -n $get_rustup ]]; then
  say "installing with apt-get: rustup (Rust $wanted or newer is needed), then its toolchain $pinned"
  apt_install rustup
  scripts/steadily.sh "rustup default $pinned" rustup default "$pinned"
  rust_is_enough || { say "Rust $wanted or newer is needed and $(cargo --version) came; see https://rustup.rs"; exit 1; }
fi

# Part of Rust, but distributions and rustup's minimal profile leave them out.
if wants lint; then
  for part in fmt clippy; do
    cargo "$part" --version >/dev/null 2>&1 ||
      { say "cargo $part is not installed; run: rustup component add ${part/fmt/rustfmt}"; exit 1; }
  done
fi
