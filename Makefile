# make run    evaluate the sample dataset, without network or money
# make test   everything that CI runs
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help run test lint hooks types tests nightly fuzz whole-run workflow lock outdated release synth bench pictures aws-acceptance clean

help: ## Show these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Every file that pip installs has a hash in the lock, and all that is needed is there: pip looks for nothing more
# (--no-deps), and says at the end whether something is missing. Wheels only: to build one, it would fetch packages
# that no lock names.
define install
	$(PYTHON) -m infra.lock $(1) > $(VENV)/$(2).txt
	$(PIP) install --require-hashes --no-deps --only-binary :all: --requirement $(VENV)/$(2).txt
endef

$(VENV)/installed: pyproject.toml constraints.txt infra/lock.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evaldrop needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(call install,evaldrop build,requirements)
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(call install,evaldrop dev,requirements-dev)
	$(PIP) check
	@touch $@

$(VENV)/installed-infra: $(VENV)/installed
	$(call install,evaldrop infra,requirements-infra)
	$(PIP) check
	@touch $@

$(VENV)/installed-lock: $(VENV)/installed
	$(call install,lock,requirements-lock)
	@touch $@

# Step Functions' own linter runs on Node; where there is none, or no registry, its test says so and is skipped.
$(VENV)/asl-validator: $(VENV)/installed
	@if command -v npm > /dev/null; then \
	  npm install --silent --no-audit --no-fund --fetch-timeout=20000 --fetch-retries=1 --prefix $(VENV)/node asl-validator@4.0.0 \
	    || echo "asl-validator could not be installed; its test will be skipped"; fi
	@touch $@

# axe looks at the pages in a browser; where there is no npm, or no registry, its tests say so and are skipped.
$(VENV)/axe: $(VENV)/asl-validator
	@if command -v npm > /dev/null; then \
	  npm install --silent --no-audit --no-fund --fetch-timeout=20000 --fetch-retries=1 --prefix $(VENV)/node axe-core@4.14.1 \
	    || echo "axe-core could not be installed; its tests will be skipped"; fi
	@touch $@

run: $(VENV)/installed ## Evaluate datasets/support-faq with simulated models and print the scorecard.
	@$(BIN)/evaldrop run datasets/support-faq/records.jsonl --bedrock simulated; code=$$?; \
	  if [ $$code -gt 2 ]; then exit $$code; fi

test: lint types tests whole-run ## Run everything that CI runs.

lint: $(VENV)/installed-dev ## Check style, who imports whom, and that everything is called.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/vulture

hooks: $(VENV)/installed-dev ## Check each commit before it is made.
	$(BIN)/pre-commit install

types: $(VENV)/installed-dev ## Check types.
	$(BIN)/mypy

# Three at a time, also on two cores: many a test waits for a process of its own.
TESTS = $(BIN)/python -m pytest -n 3

tests: $(VENV)/installed-dev $(VENV)/asl-validator $(VENV)/axe ## Run the tests.
	$(TESTS) -m "not nightly"

# Measuring coverage makes tests take three times as long: it is for the night, as are the slowest of them.
nightly: $(VENV)/installed-dev $(VENV)/asl-validator $(VENV)/axe ## Run all tests, also the slowest, and measure what they reach, by branches; fails below 90 %.
	rm -f .coverage .coverage.*
	$(TESTS) --hypothesis-profile=nightly --cov --cov-report=term:skip-covered --cov-fail-under=90

# Not among what CI runs: an hour or so. What it finds is kept in .hypothesis, and tried first the next time.
fuzz: $(VENV)/installed-dev ## Try 20,000 inputs of every kind: definitions, datasets, journals, replies.
	$(BIN)/python -m pytest -n 2 -m fuzz --hypothesis-profile=fuzz

whole-run: $(VENV)/installed ## Run the sample evaluation from end to end into a folder of its own.
	@folder=$$(mktemp -d) && $(BIN)/evaldrop run datasets/support-faq/records.jsonl --bedrock simulated --out $$folder; code=$$?; \
	  rm -rf $$folder; if [ $$code -gt 2 ]; then exit $$code; fi

workflow: $(VENV)/installed ## Write infra/workflow.asl.json from infra/workflow.asl.yaml.
	@$(BIN)/python -m infra.workflow_source

RESOLVE := $(BIN)/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
  --only-binary :all: --no-strip-extras --generate-hashes --custom-compile-command 'make lock' --quiet

lock: $(VENV)/installed-lock ## Write constraints.txt: what is pinned stays, what pyproject.toml adds comes in; UPGRADE=--upgrade renews all.
	$(RESOLVE) $(UPGRADE) --output-file constraints.txt > /dev/null

outdated: $(VENV)/installed-lock ## Compare the pins of constraints.txt with the newest versions; fails when one is behind.
	@$(RESOLVE) --upgrade --output-file $(VENV)/newest.txt > /dev/null
	@$(BIN)/python -m infra.lock --compare $(VENV)/newest.txt

release: $(VENV)/installed-dev ## Write a release to dist/: wheel, sdist, and requirements.txt with the hash of all that installs it.
	rm -rf dist
	$(BIN)/hatchling build
	$(BIN)/python -m infra.lock evaldrop --wheel dist/*.whl > dist/requirements.txt

synth: $(VENV)/installed-infra ## Write the CloudFormation template: no Docker, no credentials, no system Node.
	$(BIN)/python app.py cdk.out
	@echo "cdk.out/evaldrop.template.json"

bench: $(VENV)/installed ## Measure speed and memory: the table of docs/performance.md.
	$(BIN)/python -m benchmarks.throughput

pictures: $(VENV)/installed-dev ## Make the pictures of README and docs from runs of the sample dataset; needs Chromium.
	$(BIN)/python -m tests.browser.pictures > /dev/null

aws-acceptance: $(VENV)/installed-dev ## Try a stack on AWS, for money; says first what and how much. ACCOUNT=ID does it.
	@$(BIN)/python -m tests.aws_acceptance $(if $(ACCOUNT),--account $(ACCOUNT))

clean: ## Remove what make made.
	rm -rf $(VENV) runs cdk.out
