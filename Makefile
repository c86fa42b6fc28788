# make demo: the whole loop on the sample knowledge base. make test: lint and tests. Everything lives in .venv.
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test test-slow lint bench lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tandem needs Python 3.11 or newer; this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install
	$(BIN)/tandem demo

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/pytest -m "not slow"

test-slow: install
	$(BIN)/pytest

bench: install
	$(BIN)/python -m bench

lock: install
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^pip==' | sed 's/+cpu$$//' > requirements.lock

clean:
	rm -rf .tandem artifacts data/documents data/documents.dvc data/examples.jsonl data/examples.jsonl.dvc data/labels.json data/quarantine dvc.lock .dvc .dvcignore data/.gitignore
