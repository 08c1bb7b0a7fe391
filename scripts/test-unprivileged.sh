#!/usr/bin/env bash
# Runs the tests of storage, authz and registry once more as the user `nobody`, who may write only where a test should:
# test-unprivileged.sh
#
# For those who test as root, as containers do: what only root may do, or leaves lying about, shows here. It runs what `cargo
# test` has built, so it takes seconds, not a build. Does nothing, and says so, where it is not root or has no setpriv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'unprivileged: %s\n' "$*" >&2; }
((EUID == 0)) || { say "skipped: the tests ran without root already"; exit 0; }
command -v setpriv >/dev/null || { say "skipped: setpriv (util-linux) is not installed"; exit 0; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
as_nobody() {
  setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
    env -i PATH="$PATH" HOME=/nonexistent TMPDIR="$scratch" RUST_BACKTRACE=1 "$@"
}
chown 65534:65534 "$scratch"

cargo test --workspace --no-run --message-format=json --quiet >"$scratch/built"
ran=0
for crate in storage authz registry; do
  mapfile -t binaries < <(
    grep -E "\"manifest_path\":\"[^\"]*/$crate/Cargo.toml\"" "$scratch/built" | grep -E '"profile":[{][^}]*"test":true' |
      sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | sort -u
  )
  for binary in "${binaries[@]}"; do
    # In place: tests start their own binary again, and read fixtures beside their sources.
    (cd "$crate" && as_nobody test -x "$binary" -a -r Cargo.toml) ||
      { say "skipped: nobody may not read this checkout; clone it where everybody may"; exit 0; }
    say "$crate: ${binary##*/}"
    (cd "$crate" && as_nobody "$binary" --quiet)
    ran=$((ran + 1))
  done
done
((ran > 3)) || { say "found only $ran test binaries; the output of cargo test has changed"; exit 1; }
