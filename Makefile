# Every target sets up what it needs: only make, python3 (>= 3.11) and the package registries are assumed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PIP_INSTALL := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes
VIDEO ?=
SEED ?= 1
VIDEOS ?= 200
TESTS ?=
# One pytest worker per core; more would only queue for the processor.
JOBS ?= logical
# Where it is set, each of the suite's hundreds of processes would compile every library anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test fast lint types fmt bench chaos docs assets lock clean

help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  \033[36m%-8s\033[0m %s\n", $$1, $$2}'

$(UV): requirements/bootstrap.txt
	@echo "· making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "SubiteYa needs Python 3.11 or newer; name one with PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make an environment: install python3-venv, or name another PYTHON=…"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.runtime: $(UV) requirements/runtime.txt pyproject.toml
	@echo "· installing what SubiteYa runs on"
	@$(PIP_INSTALL) -r requirements/runtime.txt
	@$(PIP_INSTALL) -r requirements/build.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "· installing what the checks need"
	@$(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

# npm comes from the environment where the machine has none.
node_modules/.ready: $(VENV)/.dev package.json package-lock.json
	@echo "· installing browser assets and the test browser"
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts
	@touch $@

assets: node_modules/.ready ## Install browser assets from npm by lock file
	@$(BIN)/python scripts/assets.py

demo: $(VENV)/.runtime ## Take a clip from upload to posted on your machine (VIDEO=clip.mp4)
	@$(BIN)/subiteya demo $(if $(VIDEO),"$(VIDEO)",)

up: $(VENV)/.runtime ## Run everything in this terminal until Ctrl-C
	@$(BIN)/subiteya up

test: $(VENV)/.dev assets ## Run every test on real engines
	@$(BIN)/pytest -n $(JOBS) $(TESTS)

fast: $(VENV)/.dev ## Run the unit tests only, in seconds
	@$(BIN)/pytest -q tests/unit $(TESTS)

lint: $(VENV)/.dev ## Check style, layering and spelling
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/codespell

types: $(VENV)/.dev ## Check types, strictly
	@$(BIN)/mypy

fmt: $(VENV)/.dev ## Format and mend what can be mended by itself
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: node_modules/.ready ## Run the short form of every bench
	@for script in bench/*.py; do case $$script in bench/_*) ;; *) echo "== $$script"; $(BIN)/python $$script --quick;; esac; done

chaos: $(VENV)/.dev ## Kill, pause and empty everything under 200 videos; none may be lost (SEED=1 VIDEOS=200)
	@$(BIN)/python bench/chaos.py --seed $(SEED) --videos $(VIDEOS) --picture bench/out/chaos-$(SEED).svg

docs: $(VENV)/.dev ## Write the generated pages, and render the pictures whose examples changed
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/pattern_pictures.py

lock: $(UV) ## Lock the dependencies again, with hashes and without addresses
	@for out in "bootstrap:requirements/bootstrap.in" "build:requirements/build.in" "runtime:pyproject.toml --extra embedded" "dev:pyproject.toml --extra embedded --group dev -c requirements/runtime.txt" "bench:requirements/bench.in"; do \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $${out#*:} --output-file requirements/$${out%%:*}.txt; done
	@npm install --package-lock-only --silent

clean: ## Remove the environment and all caches; your data stays
	@rm -rf $(VENV) node_modules src/subiteya/http/static/bull-board .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist bench/out
