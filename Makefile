# Everything starts here: `make demo` to see it work, `make test` to check that it does.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help venv demo test lint docs wheel phantom-tiny clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

venv: $(STAMP)  ## Make .venv with the package and its development tools

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Lesionary needs Python 3.10 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)  ## Make a synthetic cohort, extract its features, show it in demo/index.html
	$(BIN)/lesionary demo --out demo

test: $(STAMP)  ## Run the tests
	$(BIN)/python -m pytest -n auto

lint: $(STAMP)  ## Style, types and the house's layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(STAMP)  ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: $(STAMP)  ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

phantom-tiny: $(STAMP)  ## Train the encoder that comes with the package (a quarter of an hour)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/objectives/phantom_tiny.py build/objectives

clean:  ## Remove everything that was made
	rm -rf $(VENV) build dist site demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
