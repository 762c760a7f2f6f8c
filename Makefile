# The front door. Python decides what is out of date; make only calls. `make help` is the map.
# `make PYTHON=python` uses the active environment (conda users) instead of .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := all
export PYTHONDONTWRITEBYTECODE :=
export SOURCE_DATE_EPOCH := 1577836800

ifdef PYTHON
  PY := $(PYTHON)
  READY := build/.ready-active
  SETUP := $(PYTHON) lib/workflow/bootstrap.py --active
else
  PY := .venv/bin/python
  READY := .venv/.ready
  SETUP := python3 lib/workflow/bootstrap.py
endif
FLOW := $(PY) -m lib.workflow
TEST := OMP_NUM_THREADS=1 MPLBACKEND=agg $(PY) -m pytest
# one pytest at a time writes here; tests never touch build/full
.PHONY: all setup quick test accept browser bench reproduce site data case check-data params lab readme data-readme rendered lint lock clean clean-all help

all: $(READY)  ## set up, run every notebook that is out of date, regenerate every figure and page    [first time about 15 min on 2 cores, then 2 s]
	@$(FLOW) all --mode full

$(READY): requirements.lock pyproject.toml lib/workflow/bootstrap.py
	@command -v $(firstword $(SETUP)) >/dev/null || { echo "set-up: $(firstword $(SETUP)) is missing. On Debian or Ubuntu: apt install python3 python3-venv"; exit 1; }
	@$(SETUP)

setup: $(READY)  ## only set up the environment                                                             [seconds to 2 min]

quick: $(READY)  ## every notebook with reduced sizes, watermarked, under build/quick                        [about 4 min; -j2: 3 min]
	@$(FLOW) all --mode quick

test: $(READY)  ## the fast tests (set up if needed)                                                        [2 min; first time 4 min]
	@$(TEST) -n logical --maxprocesses 4 --dist loadfile -m "not acceptance and not browser"

accept: $(READY)  ## the long statistical acceptance checks                                                 [about 30 min]
	@$(TEST) -n 2 --dist loadfile -m acceptance tests/acceptance

browser: $(READY)  ## pages and JupyterLab in headless Chromium (skipped when it is not installed)            [30 s]
	@$(TEST) -m browser tests/browser

bench: $(READY)  ## speed and accuracy against peers, side by side                                           [about 2 min]
	@for script in benchmarks/*/run.py; do OMP_NUM_THREADS=1 $(PY) "$$script" || exit 1; done

reproduce: all  ## table of published numbers against today's; fails on a regression                        [after make: 1 s]
	@$(FLOW) reproduce

site: all  ## the offline pages; open build/site/index.html                                             [after make: 1 s]

data: $(READY)  ## fetch open external data (about 10 MB), asking the network again                           [seconds]
	@$(FLOW) data

case: $(READY)  ## your own data: make case NAME=isocon DATA=my.csv [OUT=dir] [MODE=quick] [ARGS='-p name value']   [1 min]
	@NAME="$$NAME" DATA="$$DATA" OUT="$$OUT" MODE="$$MODE" $(FLOW) case $(ARGS)

check-data: $(READY)  ## check your own table without running anything: make check-data NAME=isocon DATA=my.csv         [2 s]
	@$(FLOW) check-data

params: $(READY)  ## list the parameters of a notebook: make params NAME=isocon                               [1 s]
	@$(FLOW) params "$$NAME"

lab: $(READY)  ## open the notebooks in JupyterLab
	@$(FLOW) lab

readme: all  ## write the computed table of README.md
	@$(FLOW) readme

data-readme: $(READY)  ## write data/README.md and LICENSE-DATA.md from the descriptors
	@$(PY) -m lib.tables readme

rendered: all  ## write the executed notebooks to notebooks/rendered/
	@$(FLOW) rendered

lint: $(READY)  ## code style
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

lock: $(READY)  ## renew requirements.lock from pyproject.toml (versions and hashes only)
	@$(PY) -m uv pip compile -q pyproject.toml --group dev --universal --fork-strategy fewest --generate-hashes --no-header -o requirements.lock

clean:  ## remove build products (figures/ stays; .venv stays)
	@rm -rf build

clean-all: clean  ## remove the environment too
	@rm -rf .venv

help:  ## this map
	@echo "Two commands do all on a fresh machine:  make   and   make test"; echo
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo; echo "make -jN runs N notebooks at once. Pages: build/site/index.html. Figures and numbers: figures/<case>/."
