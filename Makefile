# The commands of this repository. `make demo` and `make test` need Python 3.11 to 3.13 and make, and install the rest.

SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BENCH_VENV := .venv-bench
PACKAGES := babynames_assets babynames_assets_tests

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint format types imports check bench bench-sync bench-dagster lock doctor screenshots campaign-load campaign automation-proof quiet-ticks clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Run the whole graph on this machine alone; DATASET=file.zip YEARS=2015-2024
	@$(BIN)/babynames demo $(if $(DATASET),--dataset '$(DATASET)') $(if $(YEARS),--years '$(YEARS)')

dev: $(VENV)/.runtime ## Dagster's UI and daemon on the demo's state, at http://localhost:3000
	@$(BIN)/babynames dev $(if $(PORT),--port '$(PORT)')

doctor: $(VENV)/.runtime ## Say what is configured, what answers and what is wrong
	@$(BIN)/babynames doctor

test: $(VENV)/.dev ## Every test, also against a real MySQL and a real MariaDB; ARGS="-k name" for some
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--numprocesses logical --maxprocesses 4 --dist worksteal --cov --cov-report=)
	@$(if $(ARGS),,$(BIN)/python -m coverage report --fail-under=95)

lint: $(VENV)/.dev ## Style and likely bugs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.dev ## The direction of imports
	@$(BIN)/lint-imports

check: lint types imports test ## All of the above

bench: $(VENV)/.dev $(BENCH_VENV)/.bench ## Measure the data path and the sync; SERVER=mysql DATASET=file.zip STEP=next.zip QUICK=1 REPEAT=3 PEER_REPEAT=1
	@$(BIN)/python -m benchmarks --peers-python $(BENCH_VENV)/bin/python $(if $(SERVER),--server '$(SERVER)') \
		$(if $(DATASET),--dataset '$(DATASET)') $(if $(STEP),--step '$(STEP)') $(if $(QUICK),--quick,--sync) \
		$(if $(REPEAT),--repeat '$(REPEAT)') $(if $(PEER_REPEAT),--peer-repeat '$(PEER_REPEAT)')

bench-sync: $(VENV)/.dev $(BENCH_VENV)/.bench ## Measure the sync to HubSpot; SERVER=sqlite DATASET=file.zip STEP=next.zip QUICK=1
	@$(BIN)/python -m benchmarks.sync --peers-python $(BENCH_VENV)/bin/python $(if $(SERVER),--server '$(SERVER)') $(if $(QUICK),--quick) \
		$(if $(DATASET),--dataset '$(DATASET)') $(if $(STEP),--step '$(STEP)')

bench-dagster: $(VENV)/.dev ## Measure what Dagster itself costs: a backfill without work, its processes at rest; QUICK=1 REPEAT=3 STOCK_SECONDS=900
	@$(BIN)/python -m benchmarks.dagster $(if $(QUICK),--quick) $(if $(REPEAT),--repeat '$(REPEAT)') \
		$(if $(STOCK_SECONDS),--stock-seconds '$(STOCK_SECONDS)')

lock: $(VENV)/.dev ## Choose new versions of the dependencies; commit requirements/
	@$(BIN)/uv pip compile pyproject.toml --group build --upgrade --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --custom-compile-command "make lock" -o requirements/runtime.txt
	@$(BIN)/uv pip compile pyproject.toml --group build --group dev --upgrade --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --custom-compile-command "make lock" -c requirements/runtime.txt -o requirements/dev.txt
	@$(BIN)/uv pip compile --group bench --upgrade --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --custom-compile-command "make lock" -c requirements/runtime.txt -c requirements/dev.txt \
		-o requirements/bench.txt

campaign-load: $(VENV)/.dev ## Kill loads and crash their servers, and compare the table; KILLS=50 RESTARTS=10 SEED=1
	@$(BIN)/python -m babynames_assets_tests.loading.crashing $(if $(KILLS),--kills '$(KILLS)') \
		$(if $(RESTARTS),--restarts '$(RESTARTS)') $(if $(SEED),--seed '$(SEED)')

campaign: $(VENV)/.dev ## Syncs through storms, kills and crashes of their database; RUNS=200 SEED=1 KINDS="sqlite mysql mariadb"
	@$(BIN)/python -m babynames_assets_tests.sync.crashing $(if $(RUNS),--runs '$(RUNS)') $(if $(SEED),--seed '$(SEED)') \
		$(if $(KINDS),--kinds $(KINDS))

automation-proof: $(VENV)/.dev ## A daemon, two releases, nothing typed; DATASET=file.zip STEP=next.zip
	@$(BIN)/python -m babynames_assets_tests.automation releases $(if $(DATASET),--dataset '$(DATASET)') $(if $(STEP),--step '$(STEP)')

quiet-ticks: $(VENV)/.dev ## Look at nothing new ten thousand times, and measure what piles up; TICKS=10000 STORAGE=mysql
	@$(BIN)/python -m babynames_assets_tests.automation quiet $(if $(TICKS),--ticks '$(TICKS)') \
		$(if $(STORAGE),--storage '$(STORAGE)')

screenshots: $(VENV)/.dev ## Make the pictures of Dagster's UI, by the test that uses it as a person does
	@BABYNAMES_TEST_PICTURES=docs/images $(BIN)/python -m pytest -q babynames_assets_tests/browser/test_journey.py

clean: ## Remove what the commands above made, the demo's state included
	rm -rf $(VENV) $(BENCH_VENV) .babynames .servers .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed (Debian: apt-get install python3 python3-venv)." >&2; exit 1; }
	@echo "==> $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/.python
	@echo "==> pinned dependencies"
	@$(PIP) install --no-deps --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "==> pinned dependencies of the tests"
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

$(BENCH_VENV)/.bench: requirements/bench.txt | $(VENV)/.python
	@echo "==> $(BENCH_VENV): what the benchmark compares with, apart from the project's own dependencies"
	@$(BIN)/python -m venv $(BENCH_VENV)
	@echo '*' > $(BENCH_VENV)/.gitignore
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/bench.txt
	@touch $@
