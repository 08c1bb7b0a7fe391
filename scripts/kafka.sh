#!/usr/bin/env bash
# Fetches Apache Kafka's own jars from Maven Central, for the brokers of the tests, and makes the directory of a broker:
#
#   .kafka/libs        the jars that scripts/kafka/pom.xml names, of the checksums in scripts/kafka/jars.sha256
#   .kafka/formatted   an empty directory of node 1; to copy it is a second faster than to make it anew
#   .kafka/installed   the mark, written last, with the hash of what this was made of
#
# What is there already is not fetched again. --new-checksums writes jars.sha256 anew from what Maven verified and fetched, to
# be read before it is committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
readonly CLUSTER=freehold-tests-0000000 # 22 characters, as cluster ids have

made_of() { cat scripts/kafka.sh scripts/kafka/pom.xml scripts/kafka/jars.sha256 | sha256sum | cut -d' ' -f1; }
if [[ ${1:-} != --new-checksums && $(cat .kafka/installed 2>/dev/null) == "$(made_of)" ]]; then exit; fi

mkdir -p .kafka
work=$(mktemp -d .kafka/work.XXXXXX)
trap 'rm -rf "$work"' EXIT

echo "kafka: fetching Apache Kafka's jars (45 MB) from Maven Central" >&2
scripts/steadily.sh 'mvn' mvn --batch-mode --quiet -Dstyle.color=never --file scripts/kafka/pom.xml "$PLUGIN:copy-dependencies" \
  -DincludeScope=runtime -DoutputDirectory="$PWD/$work/libs"
if [[ ${1:-} == --new-checksums ]]; then
  (cd "$work/libs" && sha256sum -- *.jar) >scripts/kafka/jars.sha256
fi
# All that are listed are right, and no other came.
(cd "$work/libs" && sha256sum --check --strict --quiet) <scripts/kafka/jars.sha256
if [[ $(find "$work/libs" -type f | wc -l) != $(wc -l <scripts/kafka/jars.sha256) ]]; then
  echo "kafka: Maven brought other jars than scripts/kafka/jars.sha256 lists" >&2
  exit 1
fi

cat >"$work/server.properties" <<END
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:2
log.dirs=$PWD/$work/formatted
END
java -cp "$work/libs/*" kafka.tools.StorageTool format -t "$CLUSTER" -c "$work/server.properties" >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }

rm -rf .kafka/installed .kafka/libs .kafka/formatted
mv "$work/libs" "$work/formatted" .kafka/
made_of >.kafka/installed
