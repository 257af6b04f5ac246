# Every target works from a fresh clone with only Python 3.13 (or pyenv, uv … that provides it), make and pip.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARCH ?= arm64
PORT ?= 8045
FUNCTIONS := frontend console mission parser worker projector
SBOM ?= dist/sbom
export SAM_CLI_TELEMETRY := 0

help: ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --- set-up -----------------------------------------------------------------------------------------------------------
# uv, pinned and hashed like the rest, makes .venv and fills it in seconds. Not the one on the PATH: it may be of any age.
# Where pip has no uv for this machine, or uv cannot reach the index (it does not read pip's settings), pip does the same in
# minutes; `make setup UV=false` is that.
UV := .venv/uv/bin/uv
PIP := -m pip --quiet --disable-pip-version-check install

# $(call make-venv,FOLDER)
make-venv = $(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1) 2>/dev/null \
	|| $(PYTHON) -m venv $(1)

# $(call install,VENV,WHAT)
install = { command -v $(UV) >/dev/null && $(UV) pip install --quiet --python $(1)/bin/python $(2); } \
	|| { echo "pip installs, without uv: this may take minutes" && $(PYTHON) -m venv $(1) && $(1)/bin/python $(PIP) $(2); }

# A stamp each: the second `make setup` does nothing.
.venv/.made: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "Last Wish needs Python 3.13; $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.13")'
	@$(PYTHON) $(PIP) --quiet --upgrade --only-binary :all: --require-hashes --target .venv/uv --requirement $< || true
	@$(call make-venv,.venv)
	@touch $@

.venv/.local .venv/.dev: .venv/.%: requirements/%.txt pyproject.toml .venv/.made
	@$(call install,.venv,--require-hashes --requirement $<)
	@$(call install,.venv,--no-deps --no-build-isolation --editable .)
	@touch .venv/.local $@ # dev.txt holds all of local.txt

# Tools that want other versions than the rest, or that judge it from outside: an environment each.
.venv/.checkov .venv/.supply .venv/.mutmut: .venv/.%: requirements/%.txt .venv/.made
	@$(call make-venv,.venv/$*)
	@$(call install,.venv/$*,--require-hashes --requirement $<)
	@touch $@

setup: .venv/.dev ## build .venv with everything

demo: .venv/.local ## start the stack (PORT=8045), send a wish, show it boarded
	@$(BIN)/lastwish status >/dev/null 2>&1 || $(BIN)/lastwish up --detach --port $(PORT)
	@$(BIN)/lastwish submit "Tell the whales we are sorry." --to jupiter --name "The last boarding call"
	@echo "Open $$($(BIN)/lastwish status | head -n 1) and send your own. make down stops everything."

down: ## stop the stack
	@$(BIN)/lastwish down

test: setup .venv/.supply ## pass every test
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder tests/repository tests/integration tests/unit
	@$(BIN)/pytest tests/simulation
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests/e2e tests/browser

# ONLY=contract is the part that holds all engines and fakes to the same behaviour.
ONLY ?= dynamodb
test-dynamodb-local: setup ## pass the tests that speak to DynamoDB on Amazon's DynamoDB Local (needs Java 17 and npm)
	@$(BIN)/python -m tests.support.dynamodb_local $(BIN)/pytest -m "dynamodb and $(ONLY)" tests/integration

nightly: setup mutants ## pass the long forms: a whole storm, ten minutes of kills, every drill, more texts, messages and requests; the stack's tests one after the other
	@$(BIN)/pytest --hypothesis-profile long -m hypothesis -n 2 tests/unit tests/integration
	@BENCH=all DRILLS=all STORM_WISHES=2000 STORM_SEATS=500 CONTRACT_EXAMPLES=250 KILLS_SECONDS=600 RAW_MUTANTS=50000 RAW_SEED=$$(date +%Y%m%d) $(BIN)/pytest --durations=25 tests/e2e tests/browser
	@PATCHES=all $(BIN)/pytest tests/repository/test_patches.py
	@$(MAKE) --no-print-directory test-dynamodb-local
	@$(MAKE) --no-print-directory soak CALLS=2000000

mutants: setup .venv/.mutmut ## sabotage the code in copies: each mutant must be caught by its test, and those of src/domain by some
	@$(BIN)/python -m tests.mutants.page
	@$(BIN)/python -m tests.mutants
	@$(BIN)/python -m tests.mutants.domain

soak: setup ## simulate histories with faults on all cores until Ctrl-C (SEEDS=0:1000, CALLS=15000000); SEED=7 replays one
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),$(if $(SEEDS),--seeds $(SEEDS)) $(if $(CALLS),--calls $(CALLS)))

check: setup .venv/.checkov .venv/.supply $(SBOM)/local.cdx.json ## lint, types, template, imports, supply chain
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint *.yaml
	@for each in *.yaml; do $(BIN)/sam validate --lint --region us-east-1 --template $$each || exit 1; done
	.venv/checkov/bin/checkov --config-file .checkov.yaml
	.venv/supply/bin/bandit --quiet --configfile pyproject.toml --recursive src lastwish observability bench
	requirements/audit

audit: .venv/.supply ## look up the pinned packages in a database of known weaknesses
	@requirements/audit

sbom: $(FUNCTIONS:%=$(SBOM)/%.cdx.json) $(SBOM)/local.cdx.json ## list the packages of each bundle and of a demo, in CycloneDX

# Validated, and the same for the same requirements. Without a graph of what needs what: pinned files do not have one.
$(SBOM)/local.cdx.json: requirements/local.txt pyproject.toml .venv/.supply
	@mkdir -p $(@D) && $(write-sbom) <$<

$(SBOM)/%.cdx.json: src/%/requirements.txt src/Makefile pyproject.toml .venv/.supply
	@mkdir -p $(@D) && $(MAKE) --no-print-directory --directory src bundled-$* | $(write-sbom)

write-sbom = PYTHONWARNINGS="ignore:The Component this BOM" .venv/supply/bin/cyclonedx-py requirements \
	--pyproject pyproject.toml --output-reproducible --output-file $@ -

bench: setup ## measure the ratios, write bench/results.json and docs/performance.md
	@$(BIN)/python -m bench

scale: setup ## simulate the three questions, write pictures and figures of docs/scale.md anew
	@$(BIN)/python -m bench.scale

pictures: setup ## take the pictures in docs/images anew
	@$(BIN)/python -m tests.support.pictures

observability: setup ## write alarms, dashboard and their docs anew, after a change of src/mission/slos.py
	@$(BIN)/python -m observability.generate

openapi: setup ## write docs/openapi.yaml anew, after a change of routes, problems or answers
	@$(BIN)/python -m contract.openapi

build: setup ## package the functions for AWS without Docker (ARCH=arm64 or x86_64, TRACING=xray or otel, SANITISER=bleach or nh3)
	@ARCHITECTURE=$(ARCH) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build --parameter-overrides Architecture=$(ARCH)

lock: .venv/.made ## pin all requirements anew
	@cd requirements && for set in uv dev checkov supply; do $(COMPILE) --upgrade $$set.in -o $$set.txt || exit 1; done
	@cd requirements && for set in local shipping mutmut; do $(COMPILE) --upgrade -c dev.txt $$set.in -o $$set.txt || exit 1; done
	@cd lastwish/shipping/swaps && for set in nh3 otel; do $(COMPILE) -c ../../../requirements/dev.txt $$set.in -o $$set.txt || exit 1; done
	@for f in $(FUNCTIONS); do (cd src/$$f && $(COMPILE) -c ../../requirements/dev.txt requirements.in -o requirements.txt) || exit 1; done
COMPILE = $(abspath $(UV)) pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.13 --only-binary rustworkx

.PHONY: help setup demo down test test-dynamodb-local nightly mutants soak check bench scale pictures observability openapi build lock audit sbom
.DELETE_ON_ERROR:
