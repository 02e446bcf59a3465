# Open Vault: everything a person types. `make` alone explains itself.
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SANDBOX := $(BIN)/python -m sandbox
# Without the theme's advice on MkDocs 2, which this does not use: docs/decisions/0029.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
SOURCES := __main__.py components declared operations sandbox tests bench
# What hangs is ended and named: a test after 15 minutes, all of them after 75, in seconds.
LIMITS := --timeout=900 -o timeout_func_only=true --session-timeout=4500
# A misused Output is an error everywhere, never a text that gets deployed.
export PULUMI_ERROR_OUTPUT_STRING := true

.PHONY: help
help: ## explain the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {gsub(/[$$][$$]/, "$$"); printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is missing: install it, or name one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python has no venv: type apt-get install python3-venv" >&2; exit 1; }
	@echo "installing the Python packages of requirements-dev.lock" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: packages
packages: $(VENV)/.ready ## install the Python packages, which every other target does by itself

.PHONY: up
up: $(VENV)/.ready ## build the whole platform on this machine and deploy ov-demo to it
	@$(SANDBOX) up

.PHONY: down
down: $(VENV)/.ready ## remove that platform, its data and everything it made
	@$(SANDBOX) down

.PHONY: status
status: $(VENV)/.ready ## say what runs, and where
	@$(SANDBOX) status

.PHONY: env
env: $(VENV)/.ready ## print the settings of a shell that uses it: eval "$$(make -s env)"
	@$(SANDBOX) env

.PHONY: preview
preview: $(VENV)/.ready ## show what `pulumi up -s ov-demo` would change there
	@environment="$$($(SANDBOX) env)"; eval "$$environment"; pulumi preview -s ov-demo --diff

.PHONY: check
check: $(VENV)/.ready ## format, lint, types, the handbook and unit tests: the daily loop, under a minute
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "Not formatted: type make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@mkdir -p build; $(BIN)/pyright --warnings > build/pyright.log || { cat build/pyright.log; exit 1; }
	@$(MKDOCS) build --strict --quiet
	@$(BIN)/pytest -q -m "not live" -n auto --dist worksteal

.PHONY: format
format: $(VENV)/.ready ## put the sources into the house's format
	@$(BIN)/ruff format --quiet $(SOURCES)
	@$(BIN)/ruff check --quiet --fix $(SOURCES)

.PHONY: test
test: check browser ## everything: `make check`, then a sandbox of its own, the engine, pods and a browser
	@exec 9> /run/lock/openvault-make-test; flock -n 9 || { echo "Another make test runs on this machine, and there is one sandbox for tests: wait for it" >&2; exit 1; }; \
	export OV_SANDBOX=test; trap '$(SANDBOX) down --yes' EXIT; \
	$(BIN)/pytest -m live $(LIMITS) --durations=40 --durations-min=10 tests/sandbox/test_kills.py tests/sandbox/test_process.py tests/cluster tests/rancher tests/plugins tests/apps tests/operations tests/live tests/sandbox/test_down.py

.PHONY: browser
browser: $(VENV)/.ready
	@$(BIN)/python -m tests.live.browser

.PHONY: mutants
mutants: $(VENV)/.ready ## break every promise on purpose and see a test go red: ONLY=word for some of them
	@$(BIN)/python -m tests.mutants $(ONLY)

.PHONY: bench
bench: $(VENV)/.ready ## measure, side by side, on a running sandbox; writes build/bench.json
	@$(BIN)/python -m bench

.PHONY: config-docs
config-docs: $(VENV)/.ready ## write docs/configuration.md from the schema in Pulumi.yaml
	@$(BIN)/python -m operations.configuration

.PHONY: pictures
pictures: $(VENV)/.ready ## draw the architecture and the request's way from what the program declares
	@$(BIN)/python -m declared.pictures

.PHONY: screenshots
screenshots: $(VENV)/.ready browser ## photograph the running sandbox's site and a make up for the README: LOG=file
	@$(BIN)/python -m tests.live.screenshots $(if $(LOG),--log $(LOG))

.PHONY: docs
docs: $(VENV)/.ready ## serve the handbook on this machine, as strictly as it is built: PORT=8000
	@$(MKDOCS) serve --strict --livereload --dev-addr 127.0.0.1:$(or $(PORT),8000)

.PHONY: docs-build
docs-build: $(VENV)/.ready ## write the handbook to build/handbook, and refuse a link that leads nowhere
	@$(MKDOCS) build --strict

.PHONY: compose
compose: $(VENV)/.ready ## write the files of docker compose from what the program declares
	@$(BIN)/python -m declared.development

.PHONY: lock
lock: $(VENV)/.ready ## resolve requirements.txt and pyproject.toml into the lock files
	@$(BIN)/uv pip compile -q --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 requirements.txt -o requirements.lock
	@$(BIN)/uv pip compile -q --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 requirements.txt --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock
