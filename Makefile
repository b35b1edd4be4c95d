# The hub's commands. `make help` lists them. Nothing here asks a question.
.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 8000
export PORT
PY := .venv/bin/python

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.venv/bin/python:
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv .venv

.venv/.run-installed: requirements.lock | .venv/bin/python
	@echo "Installing what the hub needs ..."
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.dev-installed: requirements-dev.lock | .venv/bin/python
	@echo "Installing what the tests need ..."
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ .venv/.run-installed

run: .venv/.run-installed  ## Serve the demo hub at http://127.0.0.1:8000 (PORT, DATA_DIR ... see README)
	@exec $(PY) manage.py start_demo

test: .venv/.dev-installed  ## Run the whole suite on both back ends
	@$(PY) -m tests.run $(ARGS)

check: .venv/.dev-installed  ## Format, lint, types, migrations, deployment checks
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) manage.py makemigrations --check --dry-run
	@SITE_URL=https://hub.example.org DATABASE_URL=postgres://hub@localhost/hub $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -m pytest -q tests/test_architecture.py -p no:cacheprovider

format: .venv/.dev-installed  ## Put the code in its standard form
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

trust: .venv/.dev-installed  ## Print what is promised and what holds it: 25 tests, every twin (ARGS=6)
	@$(PY) -m tests.trust $(ARGS)

bench: .venv/.dev-installed  ## Measure the hot paths beside their limits (BENCH=pages|import|booking|forms|admin)
	@$(PY) manage.py bench $(BENCH)

lock: .venv/.dev-installed  ## Renew both lock files from pyproject.toml
	@$(PY) -m uv pip compile pyproject.toml --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -q -o requirements.lock
	@$(PY) -m uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -q -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the virtual environment and the built files (never the data)
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache

.PHONY: help run test check format trust bench lock clean
