# `make demo`, `make serve`, `make test` and `make exhaustive`. All build .venv from the pinned, hashed requirements when these change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Each test may start several interpreters: what one has compiled, the next reads.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo serve test exhaustive lint types unit bench clean

demo: $(VENV)/installed
	$(BIN)/certreg demo

# The console and the public verifier on the demo's data, for this machine only; PORT=8701 for another port.
serve: $(VENV)/installed
	$(BIN)/certreg demo serve $(if $(PORT),--port $(PORT))

test: $(VENV)/installed
	$(MAKE) -j3 lint types unit

# What make test leaves to representatives: the other cells of long matrices, and properties on all their examples (tests/matrices.py).
exhaustive: $(VENV)/installed
	CERTREG_EXHAUSTIVE=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder -q -m "exhaustive or repeated"

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/installed
	$(BIN)/mypy

# One run: tests/conftest.py says what is traced for the coverage of keys/ and the verifier's core, and what begins first. Tests wait
# for browsers, servers and disks, so there is one process more than processors.
PROCESSES := $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 1)))

unit: $(VENV)/installed
	$(BIN)/python -m tests.scratch $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder -q \
	  -m "not exhaustive" --cov --cov-report=
	$(BIN)/python -m coverage report --fail-under=100 --skip-covered --include='keys/*,verifier/*' \
	  --omit='keys/pkcs11.py,verifier/cli.py,verifier/__main__.py,verifier/program.py,verifier/session.py,verifier/judged.py,verifier/targets.py,verifier/sources.py,verifier/gather.py,verifier/presented.py,verifier/textreport.py,verifier/loglookup.py,verifier/boxed.py,verifier/audit/command.py,verifier/server/*,verifier/operation/*,verifier/review/command.py,verifier/review/printing.py,verifier/drawing/*'

bench: $(VENV)/installed
	$(BIN)/python -m tests.benchmarks

$(VENV)/installed: .ci/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

clean:
	rm -rf $(VENV) var .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
