PYTHON ?= python3
BIN := .venv/bin

.PHONY: compare report bench test lint types arrows suite install clean

compare: install  ## RMN beside every baseline on Split-MNIST
	$(BIN)/python -m harness.compare --benchmark split_mnist

report: install  ## remake every PDF from results/ alone
	for benchmark in $$(ls results); do \
	    for profile in $$(ls results/$$benchmark | grep -v tuning); do \
	        $(BIN)/python -m harness.report --benchmark $$benchmark --profile $$profile || exit 1; \
	    done; \
	done
	$(BIN)/python -m harness.paper_tables --format pdf,md
	$(BIN)/python -m harness.paper_tables --profile paper --format pdf,md

bench: install  ## our training rate beside stock Avalanche's and a plain loop's
	$(BIN)/python -m harness.bench

test: lint types arrows suite

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

arrows: install
	$(BIN)/lint-imports

suite: install
	$(BIN)/pytest

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	touch $@

clean:
	rm -rf .venv build *.egg-info
