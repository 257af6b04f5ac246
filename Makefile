# Every target works from a fresh clone with only Python 3.13 (or pyenv, uv … that provides it), make and pip.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARCH ?= arm64
PORT ?= 8045
export SAM_CLI_TELEMETRY := 0

help: ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# One stamp a set of requirements: the second `make setup` does nothing.
.venv/.stamp: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "Last Wish needs Python 3.13; $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements/dev.txt pins (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: .venv/.stamp ## build .venv and everything the rest needs

demo: setup ## start the stack (PORT=8045), send a wish, show it boarded
	@$(BIN)/lastwish status >/dev/null 2>&1 || { $(BIN)/lastwish down && $(BIN)/lastwish up --detach --port $(PORT); }
	@$(BIN)/lastwish submit "Tell the whales we are sorry." --to jupiter --name "The last boarding call"
	@echo "Open $$($(BIN)/lastwish status | head -n 1) and send your own. make down stops everything."

down: ## stop the stack
	@$(BIN)/lastwish down

test: setup ## pass every test
	@$(BIN)/pytest -n auto --dist loadfile tests/unit tests/integration tests/repository
	@$(BIN)/pytest tests/e2e tests/browser

check: setup ## lint, types, template, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml observability.yaml
	$(BIN)/sam validate --lint --region us-east-1
	$(BIN)/sam validate --lint --region us-east-1 --template observability.yaml
	$(BIN)/checkov --config-file .checkov.yaml

bench: setup ## measure the ratios, write bench/results.json
	@$(BIN)/python -m bench

pictures: setup ## take the pictures in docs/images anew
	@$(BIN)/python -m tests.support.pictures

observability: setup ## write alarms, dashboard and their docs anew, after a change of src/mission/slos.py
	@$(BIN)/python -m observability.generate

build: setup ## package the functions for AWS without Docker (ARCH=arm64 or x86_64)
	@ARCHITECTURE=$(ARCH) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build --parameter-overrides Architecture=$(ARCH)

lock: setup ## pin all requirements anew
	@cd requirements && ../$(BIN)/uv pip compile -q --upgrade $(LOCK) dev.in -o dev.txt
	@for f in frontend console mission parser worker projector; do (cd src/$$f && ../../$(BIN)/uv pip compile -q $(LOCK) -c ../../requirements/dev.txt requirements.in -o requirements.txt) || exit 1; done
LOCK := --generate-hashes --no-header --no-emit-index-url --python-version 3.13 --only-binary rustworkx

.PHONY: help setup demo down test check bench pictures observability build lock
