# What a person types and what CI runs. The environment is made from pyproject.toml and made again when that changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test lint bench clean

demo: $(READY)  ## plays the daily loop on a CVC service of its own: nothing of yours is touched
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(READY)  ## everything; on the real engine too where `pulumi` is on PATH
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## ratios within one run; on the real engine where `pulumi` is on PATH
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .demo

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "pulumi-cvc needs Python 3.10 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
