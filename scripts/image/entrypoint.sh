#!/bin/sh
# What the container image runs: `freehold` with these arguments.
#
# A registry that other machines reach wants users, and a new volume has none. So before it serves for the first time, a user
# `admin` with a random password is made, and the password is said once, in the log. It is not made where
#   - there is a users file already, or FREEHOLD_AUTHENTICATION_USERS names one outside the volume: then that one counts;
#   - FREEHOLD_INSECURE_OPEN=true: then anyone may write, as the greeting says.
set -eu

users=${FREEHOLD_AUTHENTICATION_USERS:-}
own=${FREEHOLD_DATA:-}
own=${own%/*}/users
if [ "${1:-}" = serve ] && [ "$users" = "$own" ] && [ ! -e "$users" ]; then
  if [ "${FREEHOLD_INSECURE_OPEN:-}" = true ]; then
    export FREEHOLD_AUTHENTICATION_USERS=
  else
    password=$(head -c 18 /dev/urandom | base64)
    FREEHOLD_PASSWORD=$password freehold user add "$users" admin >/dev/null
    said="made the user admin with the password $password in $users; this is not said again"
    if [ "${FREEHOLD_LOG_FORMAT:-}" = json ]; then
      said=$(printf '{"timestamp":"%s","level":"WARN","message":"%s"}' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$said")
    fi
    echo "$said" >&2
  fi
fi
exec freehold "$@"
