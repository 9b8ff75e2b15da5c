# Yishu 一数. `make` lists the targets; `make run` and `make test` are all that a fresh machine needs.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-for-tests
UV     := 0.13.9
MINIO  := v0.0.0-20260212201848-7aac2a2c5b7c
MC     := v0.0.0-20250313080218-cf909e1063a9
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run down test test-unit bench soak lint lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(TESTED) ## only the set-up: environment, jars, what the tests need; safe to repeat
	@echo "set up: $(BIN)/yishu" >&2

run: $(READY) $(STORE:minio=$(BIN)/minio) ## sample extracts through real Airflow DAGs to gold; leaves the stack up; STORE=minio: on buckets
	@YISHU_CONF=$(or $(STORE),$(YISHU_CONF),local) $(BIN)/yishu up

down: ## end what `make run` left up
	@test ! -x $(BIN)/yishu || YISHU_CONF=$(or $(STORE),$(YISHU_CONF),local) $(BIN)/yishu down

# Processes apart: Spark in this process and Spark Connect cannot share one. The whole province follows Spark's tests, both beside
# the others of tests/lake, for what those do is waiting for the most part.
PROVINCE := tests/lake/test_province.py
test: $(TESTED) lint ## every test
	@$(PYTEST) tests/unit
	@{ $(PYTEST) tests/spark; spark=$$?; $(PYTEST) $(PROVINCE) && test $$spark = 0; } >$(VENV)/tests-spark.log 2>&1 & beside=$$!; \
	$(PYTEST) tests/lake --ignore=$(PROVINCE); lake=$$?; \
	wait $$beside; beside=$$?; cat $(VENV)/tests-spark.log; test $$lake = 0 && test $$beside = 0

test-unit: $(READY) ## the tests that need no JVM
	@$(PYTEST) tests/unit

lint: $(READY) ## ruff, mypy, the contracts and what is rendered from them
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/yishu check
	@$(BIN)/yishu render --check

bench: $(READY) ## the benchmarks, one JSON line per figure
	@$(BIN)/python -m tests.bench

soak: $(TESTED) ## kill -9 at 20 random moments
	@YISHU_KILLS=20 $(PYTEST) -s tests/lake/test_killed.py

lock: $(READY) ## resolve the dependencies anew
	@$(BIN)/uv pip compile pyproject.toml --group dev --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --upgrade -q -o requirements.lock

# What is said during set-up goes to standard error: a target's own output is its result.
$(READY): requirements.lock pyproject.toml conf/jars.xml conf/jars.sha256
	@test -x $(BIN)/python || command -v $(PYTHON) >/dev/null \
	  || { echo "$(PYTHON) is missing: install Python 3.11, or name one with PYTHON=…" >&2; exit 2; }
	@test -x $(BIN)/python || { echo "setup: virtual environment" >&2; $(PYTHON) -m venv $(VENV); }
	@echo "setup: Python packages from the lock" >&2
	@$(BIN)/python -m pip install --quiet uv==$(UV) >&2
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock >&2
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . >&2
	@echo "setup: jars" >&2
	@$(BIN)/python -m yishu.lake.jars conf >&2
	@touch $@

# Debian's Chromium looks at the pages, its PostgreSQL keeps a ledger, it and MariaDB are departments' databases (MariaDB's core
# packages have the programs and no service), Noto CJK lets Chromium draw what it looks at. MinIO is the object store, mc
# a department's client of it; Go builds both.
$(TESTED): $(READY) $(BIN)/minio Makefile
	@missing=; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	{ command -v mariadb-install-db && ls /usr/sbin/mariadbd; } >/dev/null 2>&1 || missing="$$missing mariadb-server-core mariadb-client-core"; \
	ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || missing="$$missing fonts-noto-cjk"; \
	if [ -n "$$missing" ] && { [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; }; then \
	  echo "the tests need$$missing: install with apt-get install$$missing (make run does without)" >&2; exit 2; fi; \
	if [ -n "$$missing" ]; then echo "setup: Debian packages$$missing" >&2; export DEBIAN_FRONTEND=noninteractive; \
	  { apt-get update && apt-get install -y --no-install-recommends $$missing; } >$(VENV)/apt.log 2>&1 \
	  || { echo "apt-get could not install$$missing: read $(VENV)/apt.log" >&2; exit 3; }; fi
	@test -x $(BIN)/mc || command -v go >/dev/null || { echo "the tests need Go: install golang (make run does without)" >&2; exit 2; }
	@test -x $(BIN)/mc || { echo "setup: mc, built by Go (under a minute)" >&2; \
	  GOBIN=$(abspath $(BIN)) go install github.com/minio/mc@$(MC) >$(VENV)/go-mc.log 2>&1 \
	  || { echo "Go could not build mc: read $(VENV)/go-mc.log" >&2; exit 3; }; }
	@touch $@

# The object store, for the tests and for `make run STORE=minio`.
$(BIN)/minio: | $(READY)
	@command -v go >/dev/null || { echo "MinIO needs Go: install golang (make run without STORE does without)" >&2; exit 2; }
	@echo "setup: MinIO, built by Go (some 4 minutes)" >&2
	@GOBIN=$(abspath $(BIN)) go install github.com/minio/minio@$(MINIO) >$(VENV)/go.log 2>&1 \
	  || { echo "Go could not build MinIO: read $(VENV)/go.log" >&2; exit 3; }
