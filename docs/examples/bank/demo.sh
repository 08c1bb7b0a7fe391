#!/usr/bin/env bash
# Starts a registry as the bank runs it, gives the three teams their land, and registers their first schemas. Stops with
# Ctrl-C; the data stay in ./data/demo.
set -euo pipefail
cd "$(dirname "$0")/../../.."
freehold=${1:-target/release/freehold}
bank=docs/examples/bank
url=http://127.0.0.1:8081

"$freehold" serve --config "$bank/freehold.toml" &
server=$!
trap 'kill $server 2>/dev/null; wait $server' EXIT INT TERM
for _ in $(seq 100); do
  "$freehold" healthcheck --config "$bank/freehold.toml" >/dev/null 2>&1 && break
  kill -0 $server || exit 1
  sleep 0.1
done

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

  anyone reads         curl $url/subjects/payments.orders-value/versions/latest
  bob may not write    curl -u bob:bob -H 'Content-Type: application/json' $url/subjects/payments.orders-value/versions -d '{"schema": "\"string\""}'
  alice evolves it     sed 's/"/\\\\"/g; s/.*/{"schema": "&"}/' $bank/schemas/order-2.avsc | curl -u alice:alice -H 'Content-Type: application/json' $url/subjects/payments.orders-value/versions -d @-
  the audit            curl -u alice:alice $url/namespaces/payments/audit

Users and passwords: alice:alice (payments), bob:bob (risk), carol:carol and dave:dave (markets), root:platform (platform).
TEXT
wait $server
