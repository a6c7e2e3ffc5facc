# Every target sets up what it needs: a .venv from the machine's own Python (3.11 or newer) with the locked, hashed packages.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup demo test browser check test-live bench chaos fresh lock clean format
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## the virtual environment

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "woosync needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## a simulated store, a database, a pull, trade, another pull, and the proof that both agree
	@$(BIN)/woosync demo $(if $(DEMO_ONCE),--once)

test: $(STAMP) browser ## all tests, on real PostgreSQL, real HTTP and a real browser
	@$(BIN)/python -m pytest -n 2 --dist worksteal

browser: ## Chromium, for the tests of the dashboard: Debian's, where one may install it
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
	  echo "installing Chromium (once) ..."; export DEBIAN_FRONTEND=noninteractive; \
	  apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The tests of the dashboard need Chromium. On Debian: sudo apt-get install chromium"; exit 2; \
	fi

check: $(STAMP) ## lint, types, import contracts, sizes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/check_sizes.py src tests tools
	@$(BIN)/python tools/check_repository.py

format: $(STAMP) ## let the formatter write
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test-live: $(STAMP) ## the contract and pull suites against a real store: WOO_URL, WOO_KEY, WOO_SECRET, WOO_CA
	@$(BIN)/python -m pytest tests/live -n 0 -rs

bench: $(STAMP) ## the benchmark table (ARGS="--large" for a million products)
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: $(STAMP) ## thousands of random histories of the stock protocol (ARGS="--examples 5000 --seed 1")
	@PYTHONPATH=tests $(BIN)/python -W error -m chaos $(ARGS)

fresh: $(STAMP) ## write down the tables of an empty database after a change of migrations
	@$(BIN)/python tools/write_fresh.py

lock: ## remake the lock files from pyproject.toml
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	@$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	@$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --group dev pyproject.toml hatchling.in -o requirements-dev.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
