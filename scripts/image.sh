#!/usr/bin/env bash
# Builds the Dockerfile as it is, without a container engine and without a registry, and starts what it made: image.sh [TAG]
#
# For machines that can pull no image, and to try the file. Buildah builds it (chroot isolation: no kernel features beyond
# root's), and the two base images are stood in for by trees that debootstrap makes from the distribution's packages: the one
# to build with gets the Rust toolchain of this machine and the authorities that it trusts, the one to run in gets nothing.
#
# Then the image is started as its own user, with its own settings and an empty volume: it must become ready, take a schema
# from the administrator that it made, refuse one from anybody else, and stop on SIGTERM.
#
# Everything is in $CARGO_TARGET_DIR/image, which may be removed; the base trees and the caches of the build are found there
# again. The image is left in Buildah's storage there; the last line says how to get it out.
#
# Takes minutes the first time, and 6 GB of disk. Environment: SUITE (bookworm), MIRROR (debootstrap's default), QUICK=1 (compile
# without optimisation: for trying the Dockerfile, not for using the image).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'image: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

tag=${1:-freehold}
suite=${SUITE:-bookworm}
missing=()
for tool in buildah debootstrap tar curl; do command -v "$tool" >/dev/null || missing+=("$tool"); done
((${#missing[@]} == 0)) || die "missing: ${missing[*]}; on Debian: apt-get install --no-install-recommends ${missing[*]}"
((EUID == 0)) || die "debootstrap and chroot isolation need root; call this with sudo"
sysroot=$(rustc --print sysroot) || die "Rust is not installed; scripts/install-deps.sh says how to get it"

mkdir -p "${CARGO_TARGET_DIR:-target}/image"
work=$(cd "${CARGO_TARGET_DIR:-target}/image" && pwd)
# Buildah keeps the caches of `RUN --mount=type=cache` below TMPDIR.
export TMPDIR=$work/tmp BUILDAH_ISOLATION=chroot
mkdir -p "$TMPDIR"
build() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }

# ---- the base images ----

readonly PLAIN=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

tree() {
  [[ ! -e $work/tree.done ]] || return 0
  say "making a Debian tree ($suite) with debootstrap"
  rm -rf "$work/tree"
  debootstrap --variant=minbase "$suite" "$work/tree" ${MIRROR:+"$MIRROR"} >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; die "debootstrap failed, full log in $work/debootstrap.log"; }
  touch "$work/tree.done"
}

base() { # name, then what else `buildah config` is told; further files come on standard input as a tar
  local name=$1 container
  shift
  container=$(build from scratch)
  tar -C "$work/tree" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' --exclude='./var/cache/apt/*' -cf "$TMPDIR/base.tar" .
  build add -q "$container" "$TMPDIR/base.tar" / >/dev/null
  rm "$TMPDIR/base.tar"
  [[ ! -e $TMPDIR/more.tar ]] || { build add -q "$container" "$TMPDIR/more.tar" / >/dev/null && rm "$TMPDIR/more.tar"; }
  build config --cmd /bin/bash "$@" "$container"
  build commit -q --rm "$container" "$name" >/dev/null
}

readonly BUILD_IMAGE=localhost/freehold-build:$suite${QUICK:+-quick} RUN_IMAGE=localhost/freehold-run:$suite
if ! build inspect --type image "$RUN_IMAGE" >/dev/null 2>&1; then
  tree
  say "base image to run in: $RUN_IMAGE"
  base "$RUN_IMAGE" --env "PATH=$PLAIN"
fi
if ! build inspect --type image "$BUILD_IMAGE" >/dev/null 2>&1; then
  tree
  say "base image to build with: $BUILD_IMAGE, with the toolchain of $sysroot"
  more=$work/more
  rm -rf "$more"
  mkdir -p "$more/usr/local/rust" "$more/usr/local/cargo" "$more/etc/ssl/certs"
  cp -a "$sysroot/bin" "$sysroot/lib" "$more/usr/local/rust/"
  [[ ! -e /etc/ssl/certs/ca-certificates.crt ]] || cp -L /etc/ssl/certs/ca-certificates.crt "$more/etc/ssl/certs/"
  tar -C "$more" --owner 0 --group 0 -cf "$TMPDIR/more.tar" .
  rm -rf "$more"
  quick=()
  [[ -z ${QUICK:-} ]] || quick=(--env CARGO_PROFILE_RELEASE_OPT_LEVEL=0 --env CARGO_PROFILE_RELEASE_LTO=off --env CARGO_PROFILE_RELEASE_DEBUG=0)
  base "$BUILD_IMAGE" --env "PATH=/usr/local/cargo/bin:/usr/local/rust/bin:$PLAIN" --env CARGO_HOME=/usr/local/cargo "${quick[@]}"
fi

# ---- the image ----

say "building the Dockerfile"
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
build bud --layers --format docker --tag "$tag" --build-arg BUILD_IMAGE="$BUILD_IMAGE" --build-arg RUN_IMAGE="$RUN_IMAGE" \
  --build-arg COMMIT="$commit" .

# ---- does it start, and does it do what it says? ----

say "starting it"
container=$(build from "$tag")
server=
# The process `freehold` below another one: Buildah passes no signals on.
freehold_below() {
  local child
  for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
    if [[ $(cat "/proc/$child/comm" 2>/dev/null) == freehold ]]; then echo "$child"; else freehold_below "$child"; fi
  done
}
stop() { kill -TERM "$(freehold_below "$server")"; }
cleanup() {
  [[ -z $server ]] || { stop 2>/dev/null && wait "$server"; } || true
  build rm "$container" >/dev/null 2>&1 || true
}
trap cleanup EXIT
fail() {
  say "$@" "its output:"
  cat "$work/said" "$work/log" >&2
  exit 1
}

starts=$(build inspect --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}} {{.OCIv1.Config.User}}' "$container")
[[ $starts == '[entrypoint] [serve] 10001' ]] || die "it starts with $starts"
# Any free port: chroot isolation has the network of this machine.
build config --env FREEHOLD_LISTEN=0.0.0.0:0 "$container"
build run "$container" -- entrypoint serve >"$work/said" 2>"$work/log" &
server=$!
url=
for _ in {1..600}; do
  url=$(sed -n 's|^ *listening  http://0.0.0.0:\([0-9]*\).*|http://127.0.0.1:\1|p' "$work/said")
  [[ -z $url && -d /proc/$server ]] || break
  sleep 0.1
done
[[ -n $url ]] || fail "it does not start;"
build run "$container" -- env FREEHOLD_LISTEN="${url#http://}" freehold healthcheck >/dev/null || fail "it is not healthy;"
password=$(sed -n 's/.*made the user admin with the password \([^ ]*\).*/\1/p' "$work/log")
[[ -n $password ]] || fail "it made no administrator;"
register() { # how curl says who asks
  curl -sS -o /dev/null -w '%{http_code}' "$@" "$url/subjects/a/versions" -H 'Content-Type: application/json' -d '{"schema": "\"string\""}'
}
[[ $(register) == 401 ]] || fail "anybody may write;"
[[ $(register -u "admin:$password") == 200 ]] || fail "its administrator may not write;"
[[ $(curl -sS "$url/schemas/ids/1/schema") == '"string"' ]] || fail "it does not read what it wrote;"
said=$(curl -sS "$url/v1/metadata/version")
[[ $commit == unknown || $said == *"$commit"* ]] || fail "it does not say its commit: $said;"
stop
wait "$server" || fail "it does not stop in order;"
server=
grep -q ' stopped$' "$work/log" || fail "it does not stop in order;"

say "built and tried; the binary is $(build run "$container" -- stat -c %s /usr/local/bin/freehold) bytes." \
  "To a file: buildah --root $work/storage --runroot $work/run push $tag docker-archive:freehold.tar:$tag"
