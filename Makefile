# Two commands matter: `make demo` and `make test`. Both set everything up in .venv first.
PYTHON ?= python3
PORT   ?= 8501
ITEMS  ?= 20000
SEED   ?= 7
BIN    := .venv/bin
# One thread each: on a small shared machine, more were measured slower.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test bench lint clean setup browser
.DELETE_ON_ERROR:

demo: .venv/ready  ## generate, train, explain, open the web app (NOAPP=1 stops before it)
	$(BIN)/python -m risk demo --items $(ITEMS) --seed $(SEED) --port $(PORT) $(if $(NOAPP),--no-app)

test: .venv/ready-dev browser  ## everything: units, doctests, README, browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: .venv/ready-bench  ## every benchmark script, then one table of all figures
	$(BIN)/python -m benchmarks $(NAMES)

lint: .venv/ready-dev
	$(BIN)/ruff check risk data_synthetic tests benchmarks app.py

setup: .venv/ready-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; '$(PYTHON)' is older. Use: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ready: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv/ready-bench: .venv/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

# The browser tests drive Debian's Chromium. Where it cannot be installed they are skipped, loudly.
browser:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Debian's chromium for the browser tests"; \
	    { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1; \
	  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then \
	    { sudo apt-get update -qq && sudo apt-get install -y -qq chromium; } >/dev/null 2>&1; fi; } || true
	@command -v chromium >/dev/null || echo "NO CHROMIUM: browser tests will be skipped (an error where CI is set)."

clean:
	rm -rf .venv build *.egg-info .pytest_cache .hypothesis
