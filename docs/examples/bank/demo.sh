#!/usr/bin/env bash
# Starts a registry as the bank runs it, gives the three teams their claims, and registers their first schemas. Stops with
# Ctrl-C; the data stay in ./data/demo. The first argument is the program, further ones are passed to its server.
set -euo pipefail
cd "$(dirname "$0")/../../.."
freehold=${1:-target/release/freehold}
bank=docs/examples/bank

scratch=$(mktemp -d)
mkfifo "$scratch/said"
"$freehold" serve --config "$bank/freehold.toml" "${@:2}" >"$scratch/said" &
server=$!
trap 'kill $server 2>/dev/null; wait $server' EXIT INT TERM
exec 3<"$scratch/said"
rm -r "$scratch"
# Once it listens it says where; if it cannot, it says why and ends.
url=
while [[ -z $url ]] && IFS= read -r line <&3; do
  [[ $line != *'listening  '* ]] || url=${line##* }
done
[[ -n $url ]] || exit 1
echo "  listening  $url"

FREEHOLD_PASSWORD=platform "$freehold" namespace apply -f "$bank/namespaces" --url "$url" --user root --confirm
register() { # user subject file
  local text
  text=$(sed 's/"/\\"/g' "$bank/schemas/$3")
  curl -sS -u "$1:$1" -H 'Content-Type: application/json' "$url/subjects/$2/versions" -d "{\"schema\": \"$text\"}"
  echo
}
register alice payments.orders-value order.avsc
register bob com.bank.risk.Limit limit.avsc

cat <<TEXT

Three teams share this registry. Try it:

  bob reads it         curl -u bob:bob $url/subjects/payments.orders-value/versions/latest
  bob may not write    curl -u bob:bob -H 'Content-Type: application/json' $url/subjects/payments.orders-value/versions -d '{"schema": "\"string\""}'
  alice evolves it     sed 's/"/\\\\"/g; s/.*/{"schema": "&"}/' $bank/schemas/order-2.avsc | curl -u alice:alice -H 'Content-Type: application/json' $url/subjects/payments.orders-value/versions -d @-
  the audit            curl -u alice:alice $url/namespaces/payments/audit

Users and passwords: alice:alice (payments), bob:bob (risk), carol:carol and dave:dave (markets), root:platform (platform).
TEXT
wait $server
