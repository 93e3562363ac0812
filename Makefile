PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install compare train report html pages bench test lint types arrows docs suite package browser faults coverage clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed  ## the package and its tools in .venv, at the versions of constraints.txt

compare: install  ## RMN beside every baseline on Split-MNIST, from the committed results; trains only what is missing
	$(BIN)/python -m harness.compare --benchmark split_mnist

train: install  ## the same, every run trained anew on this machine, in the folder again/
	$(BIN)/python -m harness.compare --benchmark split_mnist --results again/results --reports again/reports

report: install  ## remake every PDF from results/ alone
	for file in $$(ls results/*/*.parquet | grep -v -e tuning -e constant -e ablation); do \
	    $(BIN)/python -m harness.report --benchmark $$(basename $$(dirname $$file)) \
	        --profile $$(basename $$file .parquet) || exit 1; \
	done
	$(BIN)/python -m harness.paper_tables --format pdf,md
	if ls results/*/paper.parquet > /dev/null 2>&1; then \
	    $(BIN)/python -m harness.paper_tables --profile paper --format pdf,md; \
	fi

html: install  ## every report as a page for the browser, and reports/index.html
	$(BIN)/python -m harness.report --html

pages: install  ## remake the tables of docs/ from the code and results/
	$(BIN)/python -m harness.pages

bench: install  ## our training rate beside stock Avalanche's and a plain loop's
	$(BIN)/python -m harness.bench

test: lint types arrows docs suite  ## everything that must hold before a commit; what CI runs

lint: install  ## style and format of the code (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## strict type check (mypy)
	$(BIN)/mypy

arrows: install  ## which package may import which (import-linter)
	$(BIN)/lint-imports

docs: install  ## the documentation as a site, in site/; fails at a broken link
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

suite: install browser  ## the tests, on every core
	$(BIN)/pytest

package: install  ## build sdist and wheel, install the wheel elsewhere, run the documentation with it
	$(BIN)/pytest tests/package --dist load

# Without one, the tests in a browser are skipped; where CI is set, as .ci/run does, they fail.
browser:  ## Chromium for the tests of HTML reports, where it is missing and apt-get may install it
	@for name in chromium chromium-browser google-chrome; do \
	    if command -v $$name > /dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    echo "Installing Chromium for the tests of HTML reports"; \
	    apt-get update --quiet=2 && \
	    apt-get install --quiet=2 --yes --no-install-recommends chromium > /dev/null || \
	    echo "apt-get could not install chromium (see above): tests of HTML reports need it" >&2; \
	else \
	    echo "There is no Chromium. For the tests of HTML reports: sudo apt-get install chromium" >&2; \
	fi

faults: install  ## kill, starve and fill up real commands for ten minutes (docs/reliability.md)
	$(BIN)/python tests/harness/faults.py

# Not part of `make test`: before Python 3.12 a test takes about 1.4 times as long when it is traced.
coverage: install  ## the tests, and the lines of each file that they do not run
	$(BIN)/pytest --cov

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	touch $@

clean:  ## remove .venv and what building leaves
	rm -rf .venv build *.egg-info .coverage*
