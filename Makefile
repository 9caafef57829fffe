# Everything a newcomer types. `make help` lists it; docs/operations.md explains it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# PYTHON=/path/to/python3.12 chooses another interpreter for a new .venv.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Further arguments, as in: make test ARGS="tests/retail -k money"
ARGS ?=
# How the long targets share their tests out: a process that is done takes over what waits behind a long test.
SIDE_BY_SIDE := -n 2 --dist worksteal

# A lock file is installed when a stamp with the checksum of its content exists.
stamp = $(VENV)/.installed-$(1)-$(shell cksum < requirements/$(1).txt | tr ' ' '-')
RUN := $(call stamp,run)
TEST := $(call stamp,test)
DEV := $(call stamp,dev)
REPLAY := $(call stamp,replay)

.PHONY: help setup run test test-deep e2e faults check lock messages replay bench bench-peers clean

help: ## List the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(RUN) ## Install what `make run` needs into .venv
	@echo "Installed. Start with: make run"

run: $(RUN) ## Start everything on this machine (PORT=8000, HOST=127.0.0.1); Ctrl-C stops it
	@exec $(BIN)/python -m config.local

test: $(TEST) ## Run all tests except the browser's, on a private PostgreSQL and Redis
	@$(BIN)/python -m pytest -m "not e2e and not deep" --ignore=tests/e2e $(ARGS)

test-deep: $(DEV) ## Run all tests with many more examples, and fuzz the API for longer (takes an hour; ARGS="-n 4")
	@$(BIN)/python -m pytest -m "not e2e" --ignore=tests/e2e $(SIDE_BY_SIDE) $(ARGS)
	@FIEL_FUZZ_EXAMPLES=500 $(BIN)/python -m pytest tests/e2e/test_api_fuzzing.py $(SIDE_BY_SIDE) $(ARGS)

e2e: $(DEV) ## Run the browser and API fuzzing tests (needs chromium)
	@for name in "$$FIEL_CHROMIUM" chromium chromium-browser google-chrome; do \
		[ -n "$$name" ] && command -v "$$name" >/dev/null 2>&1 && exit 0; done; \
	echo "The browser tests need Chromium. Debian, Ubuntu: sudo apt-get install chromium" >&2; \
	echo "Elsewhere: install Chromium or Chrome and set FIEL_CHROMIUM=/path/to/the/program" >&2; exit 1
	@$(BIN)/python -m pytest tests/e2e $(ARGS)

faults: $(TEST) ## Kill servers, cut connections, race tills; write docs/reliability.md (ARGS=--help)
	@$(BIN)/python -m tests.faults $(ARGS)

check: $(DEV) ## Check format, lint, types, imports, migrations, translations, deployment settings (no tests)
	@$(BIN)/python -m config.local.check

lock: $(DEV) ## Resolve pyproject.toml again into requirements/*.txt
	@$(BIN)/python -m config.local.lock

messages: $(DEV) ## Collect texts to translate into locale/, and compile the translations
	@$(BIN)/python -m config.translations update

replay: $(REPLAY) ## Send a year of real grocery sales through the API, and report (ARGS=--help)
	@$(BIN)/python -m bench.replay $(ARGS)

bench: $(RUN) ## Measure speed and write docs/benchmarks.md (ARGS=--help)
	@$(BIN)/python -m bench $(ARGS)

bench-peers: $(RUN) ## Install other promotion engines (needs npm) and measure them beside Fiel
	@$(BIN)/python -m bench.peers.install
	@$(BIN)/python -m bench --only peers $(ARGS)

clean: ## Delete the private database and all caches (.venv is kept)
	@$(if $(PYTHON),$(PYTHON),python3) -m config.local clean
	@rm -rf staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Fiel needs Python 3.11 or newer; none was found. Debian, Ubuntu: sudo apt-get install python3 python3-venv" >&2; \
		echo "or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. Debian, Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "  Python       creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(RUN): | $(BIN)/python
	@$(BIN)/python -m config.local.install requirements/run.txt
	@rm -f $(VENV)/.installed-run-*; touch $@

$(TEST): | $(BIN)/python
	@$(BIN)/python -m config.local.install requirements/test.txt
	@rm -f $(VENV)/.installed-test-* $(VENV)/.installed-run-*; touch $@ $(RUN)

$(REPLAY): | $(BIN)/python
	@$(BIN)/python -m config.local.install requirements/replay.txt
	@rm -f $(VENV)/.installed-replay-* $(VENV)/.installed-run-*; touch $@ $(RUN)

$(DEV): | $(BIN)/python
	@$(BIN)/python -m config.local.install requirements/dev.txt
	@rm -f $(VENV)/.installed-*; touch $@ $(TEST) $(RUN)
