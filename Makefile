# Two commands do everything: `make demo` and `make test`. Each makes and re-uses .venv.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test test-slow lint bench clean setup

demo: $(STAMP)
	$(BIN)/assurance demo

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow and not browser"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m "slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m benchmarks

setup: $(STAMP)

# auto_LiRPA's registry release pins an old torch but works with the one pinned here, so it goes in
# without its dependency list (docs/decisions/0002-auto-lirpa.md). `pip check` complains by design.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps auto_LiRPA==0.3
	touch $@

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache examples/*/build examples/*/evidence
