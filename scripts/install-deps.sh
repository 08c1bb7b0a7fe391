#!/usr/bin/env bash
# Puts in place what a fresh machine lacks to build, test or measure Freehold: install-deps.sh build|test|bench
#
# On Debian and Ubuntu it installs the missing packages by name, and says so; elsewhere it lists what is missing and stops.
# It looks for the thing itself (a compiler, a library) and not for a package, so that whatever way it came there counts.
# Nothing missing: no output, no apt, a fraction of a second.
#
# Not here: the Rust crates and the Python clients (Cargo and the venv of `make test` fetch those), and no Rust toolchain
# from the Internet behind your back: where the distribution has no `rustup` package, the script says what to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-build}
case $purpose in
build | test | bench) ;;
*) echo "usage: $0 build|test|bench" >&2; exit 2 ;;
esac

say() { printf 'deps: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
any_file() { compgen -G "$1" >/dev/null; }

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

if [[ $purpose == test ]]; then
  have python3 || need python3 "runs the Python Kafka clients against the server"
  have curl || need curl "the README's commands are run as they are printed"
  python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv "keeps those clients in .venv"
fi
if [[ $purpose == bench ]]; then
  have wrk || need wrk "makes the load"
  have nginx || [[ -x /usr/sbin/nginx ]] || need nginx-light "the yardstick the server is measured against"
fi

# ---- install, or say ----

as_root=
if ((EUID != 0)); then as_root=sudo; fi

apt_install() {
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

if ((${#missing[@]} > 0)); then
  if ! have apt-get; then
    say "missing (names as on Debian):"
    printf '%s\n' "${why[@]}" >&2
    say "Fedora: dnf install gcc-c++ make clang-devel python3 wrk nginx"
    say "Arch: pacman -S base-devel clang python wrk nginx"
    exit 1
  fi
  if [[ -n $as_root ]] && ! have sudo; then
    say "missing:"
    printf '%s\n' "${why[@]}" >&2
    say "run as root: apt-get update && apt-get install ${missing[*]}"
    exit 1
  fi
  say "installing with apt-get: ${missing[*]}"
  printf '%s\n' "${why[@]}" >&2
  apt_install "${missing[@]}" || { say "apt-get could not install: ${missing[*]}"; exit 1; }
fi

# ---- Rust ----

wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
rust_is_enough() {
  local found
  found=$(cargo --version 2>/dev/null | cut -d' ' -f2) && [[ -n $found ]] &&
    [[ $(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1) == "$wanted" ]]
}
if ! rust_is_enough; then
  if have rustup; then
    say "Rust $wanted or newer is needed and $(cargo --version 2>/dev/null || echo 'no toolchain') is here;" \
      "run: rustup update stable && rustup default stable"
    exit 1
  fi
  if have apt-get && [[ -z $as_root || -n $(command -v sudo) ]] && apt-cache policy rustup 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    say "installing with apt-get: rustup (Rust $wanted or newer is needed), then its stable toolchain"
    apt_install rustup && rustup default stable
  fi
  rust_is_enough || {
    say "Rust $wanted or newer is needed ($(cargo --version 2>/dev/null || echo 'cargo is not installed'))." \
      "Get it with rustup: https://rustup.rs, then call this again"
    exit 1
  }
fi
