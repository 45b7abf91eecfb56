# make run    evaluate the sample dataset, without network or money
# make test   everything that CI runs
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help run test lint hooks types tests fuzz whole-run workflow synth bench clean

help: ## Show these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evaldrop needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/installed-infra: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --editable '.[infra]'
	@touch $@

# Step Functions' own linter runs on Node; where there is none, or no registry, its test says so and is skipped.
$(VENV)/asl-validator: $(VENV)/installed
	@if command -v npm > /dev/null; then \
	  npm install --silent --no-audit --no-fund --fetch-timeout=20000 --fetch-retries=1 --prefix $(VENV)/node asl-validator@4.0.0 \
	    || echo "asl-validator could not be installed; its test will be skipped"; fi
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
tests: $(VENV)/installed-dev $(VENV)/asl-validator ## Run the tests, with branch coverage.
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 3 --cov --cov-report=term:skip-covered --cov-fail-under=90

# Not among what CI runs: an hour or so. What it finds is kept in .hypothesis, and tried first the next time.
fuzz: $(VENV)/installed-dev ## Try 20,000 inputs of every kind: definitions, datasets, journals, replies.
	$(BIN)/python -m pytest -n 2 -m fuzz --hypothesis-profile=fuzz

whole-run: $(VENV)/installed ## Run the sample evaluation from end to end into a folder of its own.
	@folder=$$(mktemp -d) && $(BIN)/evaldrop run datasets/support-faq/records.jsonl --bedrock simulated --out $$folder; code=$$?; \
	  rm -rf $$folder; if [ $$code -gt 2 ]; then exit $$code; fi

workflow: $(VENV)/installed ## Write infra/workflow.asl.json from infra/workflow.asl.yaml.
	@$(BIN)/python -m infra.workflow_source

synth: $(VENV)/installed-infra ## Write the CloudFormation template: no Docker, no credentials, no system Node.
	$(BIN)/python app.py cdk.out
	@echo "cdk.out/evaldrop.template.json"

bench: $(VENV)/installed ## Measure speed and memory: the table of docs/performance.md.
	$(BIN)/python -m benchmarks.throughput

clean: ## Remove what make made.
	rm -rf $(VENV) runs cdk.out
