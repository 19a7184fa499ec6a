# Tasks of developers. Requires Python 3.11 or newer and make; everything else is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PYTEST_OPTIONS ?= -n 2 --dist worksteal
MINUTES ?= 10

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench bench-kafka mutants growth fuzz campaign lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## create .venv with all dependencies; the command is .venv/bin/staffel

demo: $(INSTALLED) ## import a year of the medtech example and show what sales would see
	@$(BIN)/staffel demo

test: $(INSTALLED) ## run all tests; PYTEST_OPTIONS= runs them in one process
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

check: $(INSTALLED) ## run all static checks: lint, format, types, imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## format the code as `make check` requires
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED) ## run the benchmarks: a table, and JSON in bench-results/
	$(BIN)/python -m benchmarks

bench-kafka: $(INSTALLED) ## the same on Apache Kafka and PostgreSQL, beside other stream processors; installs them
	$(BIN)/python -m benchmarks.kafka $(BENCH_OPTIONS)

mutants: $(INSTALLED) ## break each scoring rule once; a test must fail each time
	$(BIN)/python -m tests.mutants

growth: $(INSTALLED) ## check that an input ten times as large costs at most 25 times the processor time
	$(BIN)/python -m benchmarks.growth

fuzz: $(INSTALLED) ## fuzz the connectors, MINUTES each (10); TARGETS names some of them; installs atheris
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "atheris>=3,<4"
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(TARGETS)

campaign: growth fuzz ## all checks that take long: growth, then fuzzing

lock: $(INSTALLED) ## update the pins of the dependencies in pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --upgrade \
		--generate-hashes --no-header \
		--output-file requirements.lock pyproject.toml

clean: ## remove everything generated, except homes of Staffel
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than the installed lock and project. Hashes cover every package except the project itself.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Staffel needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1);" \
		"name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q alerts audit intake projections database schemas scoring staffel streams
	@touch $(INSTALLED)
