# `make run` serves a demonstration laboratory, `make test` checks everything; both install what they need first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
# The matrices here are small: threads in the linear algebra would only wait for each other.
export OPENBLAS_NUM_THREADS := 1
.DEFAULT_GOAL := help

python := .venv/bin/python
pytest := $(python) -m pytest
workers ?= 2

.PHONY: help run test test-all test-long format check translations bench screenshots clean set-up set-up-test

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run: set-up ## install, build the demonstration laboratory in build/demo and serve it (PORT=8000 names the port)
	@exec $(python) -m lims.cli demo --dir build/demo $(if $(PORT),--port $(PORT))

test: check ## formatting, lint, types, import rules and all tests but the long ones
	$(pytest) -n $(workers) -m "not long"

test-all: check ## the same with the long tests
	$(pytest) -n $(workers)

test-long: set-up-test ## only the long tests
	$(pytest) -n $(workers) -m long

check: set-up-test ## formatting, lint, types and import rules, without the tests
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports

format: set-up-test ## bring the source into its one form
	$(python) -m ruff check --fix-only .
	$(python) -m ruff format .

translations: set-up ## bring the catalogues of translations up to date with the source
	$(python) -m lims.deploy.translations

bench: set-up-test ## the speed of the calculation core beside its peers, also as build/bench.json
	$(python) -m tests.bench

screenshots: set-up-test ## a picture of every page in build/screenshots
	$(python) -m tests.screenshots

clean: ## remove everything that was made here
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find lims/translations -name '*.mo' -delete

set-up:
	@lims/deploy/set-up.sh run

set-up-test:
	@lims/deploy/set-up.sh test
