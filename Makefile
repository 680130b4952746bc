VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## tune the example project; writes chorus-report.html
	@tools/demo.sh

.PHONY: test
test: setup chromium ## lint, types and every test
	@$(MAKE) --no-print-directory lint types
	$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

.PHONY: lint
lint: setup ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: format
format: setup ## let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: types
types: setup ## mypy --strict
	$(BIN)/mypy

.PHONY: bench
bench: setup ## what the recorder costs, beside its peers (needs PyPI; about ten minutes)
	$(BIN)/python -m benchmarks.recorder $(ARGS)

.PHONY: bench-check
bench-check: setup ## how long nuages check takes on 100,000 lines
	$(BIN)/python -m benchmarks.check $(ARGS)

.PHONY: docs
docs: setup ## check every link and write build/docs as HTML
	$(BIN)/python tools/schemas.py
	$(BIN)/python tools/docs.py

.PHONY: nox
nox: setup ## the tests on every Python and Django, where the interpreters are found
	$(BIN)/nox $(ARGS)

.PHONY: trials
trials: setup ## set up other people's projects and tune them (needs PyPI; about ten minutes)
	$(BIN)/python -m tests.trials $(ARGS)

.PHONY: clean
clean: ## remove what the other commands made
	rm -rf $(VENV) .venv-chorus .venv-bench .nox .mypy_cache .ruff_cache .pytest_cache build dist chorus-report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: setup
setup:
	@tools/environment.sh $(VENV) pyproject.toml -- -e '.[stack,dev]'
	@if [ -f examples/chorus/requirements.txt ]; then tools/environment.sh .venv-chorus \
		examples/chorus/requirements.txt -- -r examples/chorus/requirements.txt; fi

.PHONY: chromium
chromium:
	@tools/chromium.sh
