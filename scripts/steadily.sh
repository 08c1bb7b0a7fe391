#!/usr/bin/env bash
# Runs a command that takes minutes: steadily.sh [--into LOG] WHAT COMMAND [ARGUMENT ...]
#
# Where standard error is no terminal, it says every 30 seconds that WHAT still runs, so that a log without progress bars is
# never silent for longer. With --into the output of the command goes into that file, and its end is shown if it fails.
set -euo pipefail

readonly EVERY=${STEADILY_SECONDS:-30}
log=
if [[ ${1:-} == --into ]]; then
  log=$2
  shift 2
fi
what=$1
shift

# Ends with the pipe, whatever becomes of this shell; it holds nothing else open.
ticker() {
  local status
  exec >&2
  while true; do
    status=0
    read -r -t "$EVERY" || status=$?
    ((status > 128)) || return 0
    printf 'still running: %s, %d min %d s\n' "$what" $((SECONDS / 60)) $((SECONDS % 60))
  done
}

if [[ -t 2 && -z $log ]]; then exec "$@"; fi
exec 3> >(ticker)
status=0
if [[ -z $log ]]; then
  "$@" 3>&- || status=$?
else
  "$@" 3>&- >"$log" 2>&1 </dev/null || status=$?
  ((status == 0)) || tail -n 20 "$log" >&2
fi
exit "$status"
