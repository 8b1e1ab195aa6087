# Two commands: `make run` starts Accord, `make test` checks everything. See README.md.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# every test starts processes, and each would translate all of Accord anew
unexport PYTHONDONTWRITEBYTECODE
# each process of the tests starts services of its own, three keep two cores busy; with one's own database there is one
TOGETHER = $(if $(DATABASE_URL)$(REDIS_URL),,-n 3)

# uv installs in a fifth of the time; where it cannot (an index that only pip was told of), pip does
install = sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt && \
	$(PIP) -r $(VENV)/uv.txt && VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --system-certs --compile-bytecode \
	--require-hashes -r $(1) 2> $(VENV)/uv.log || $(PIP) -r $(1)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run test quick fuzz check style types bench lock clean

run: $(VENV)/.installed
	@exec $(BIN)/python -m revops.run

# types take one core for half a minute: they are checked beside the first tests, and told behind the last
test: style
	@$(BIN)/python -m tests.browser
	@$(MAKE) --no-print-directory types > $(VENV)/types.txt 2>&1 & types=$$!; \
	$(BIN)/python -m pytest $(TOGETHER); tested=$$?; \
	wait $$types; typed=$$?; cat $(VENV)/types.txt; exit $$((tested || typed))

# the inner loop: what needs no browser and takes no second
quick: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest $(TOGETHER) -m "not e2e and not slow and not spark and not public_data"

# every page, form, parameter and operation of the API with hostile values, for FUZZ_SECONDS; the same FUZZ_SEED tries the same
FUZZ_SECONDS ?= 600
FUZZ_SEED ?= 1
fuzz: $(VENV)/.installed-dev
	@FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest tests/fuzz

check: style types

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/deptry . --exclude .venv --ignore DEP002,DEP004

types: $(VENV)/.installed-dev
	$(BIN)/mypy
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks $(NAME)

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Accord needs Python 3.11 or newer, and none is on the PATH. Install it, or say where: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "$(PYTHON) is no Python 3.11 or newer. Say where one is: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) lacks the venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(BIN)/pip
	@echo "Installing what Accord needs into $(VENV) (once, up to a minute) …"
	@$(call install,requirements.txt)
	@touch $@

# what the tests need holds all that Accord needs
$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(BIN)/pip
	@echo "Installing what Accord and its tests need into $(VENV) (once, up to a minute) …"
	@$(call install,requirements-dev.txt)
	@touch $(VENV)/.installed $@

lock: $(VENV)/.installed-dev
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev -o requirements-dev.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements-dev.txt -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
