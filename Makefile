# Needs only make and Python 3.11 or newer; with uv installed the same goes faster.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
PY := .venv/bin/python
PORT ?= 8000
SIM_PORT ?= 8001
export PORT SIM_PORT

# The type checker reads the settings and connects to nothing.
NOWHERE := DEMO=1 DATABASE_URL=postgresql://nobody@127.0.0.1:9/none REDIS_URL=redis://127.0.0.1:9/0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: .venv/.demo  ## run the product with demo data on this machine (PORT=8000 SIM_PORT=8001)
	@$(PY) -m dev.demo

demo-reset: .venv/.demo  ## the same, forgetting everything first
	@$(PY) -m dev.demo --reset

manage: .venv/.demo  ## manage.py against the running demo: make manage ARGS="shell"
	@$(PY) -m dev.manage $(ARGS)

test: check chromium  ## all checks, then all tests, in real Chromium too (ARGS="-k claim" for some)
	@$(PY) -m pytest -n 2 $(ARGS)

check: .venv/.dev  ## style, types, import rules, templates, missing migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(NOWHERE) $(PY) -m mypy .
	@.venv/bin/lint-imports
	@git ls-files -z --cached --others --exclude-standard '*.html' | xargs -0 .venv/bin/djade --check --target-version 5.2
	@DEMO=1 $(PY) -m dev.services $(PY) manage.py makemigrations --check --dry-run

chromium: .venv/.dev
	@$(PY) -m dev.chromium

soak: .venv/.dev chromium  ## the tests that take long
	@$(PY) -m pytest -m soak $(ARGS)

bench: .venv/.dev  ## the benchmarks (ONLY="ingest apply" for some)
	@$(PY) -m bench $(ONLY)

requirements:  ## pin requirements*.txt anew from requirements*.in (needs uv)
	@command -v uv >/dev/null || { echo "This needs uv: pip install uv"; exit 1; }
	uv pip compile -q --universal -p 3.11 --generate-hashes --no-header --no-annotate --upgrade requirements.in -o requirements.txt
	uv pip compile -q --universal -p 3.11 --generate-hashes --no-header --no-annotate --upgrade -c requirements.txt requirements-dev.in -o requirements-dev.txt

messages: .venv/.demo  ## collect the texts to translate and compile the translations (needs gettext)
	@command -v xgettext >/dev/null || { echo "This needs gettext: apt install gettext, or brew install gettext"; exit 1; }
	@mkdir -p locale
	@$(NOWHERE) $(PY) manage.py makemessages --locale ar --no-location --no-obsolete --no-wrap --ignore bench --ignore dev --ignore simulator --ignore tests
	@$(NOWHERE) $(PY) manage.py compilemessages --locale ar --ignore .venv

# What runs the product. Made anew when the pins change, so that nothing of the old ones is left.
.venv/.demo: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON) (make PYTHON=/path/to/python)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is %s.%s (make PYTHON=/path/to/python)" % sys.version_info[:2] or 0)'
	@echo "installing what the product needs into .venv, once"
ifdef UV
	@uv venv -q --clear -p $(PYTHON) .venv
	@uv pip install -q --compile-bytecode --require-hashes -p $(PY) -r requirements.txt
else
	@$(PYTHON) -m venv --clear .venv
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
endif
	@touch $@

# And what checks it.
.venv/.dev: .venv/.demo requirements-dev.txt
	@echo "installing what the checks and tests need"
ifdef UV
	@uv pip install -q --compile-bytecode --require-hashes -p $(PY) -r requirements-dev.txt
else
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
endif
	@touch $@

.PHONY: help demo demo-reset manage test check chromium soak bench requirements messages
