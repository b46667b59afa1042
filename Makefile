# Every environment is built from a lock with hashes; a stamp in it says of which lock and which wheel.
# Adding a weight class (torch, jax, ecosystem): one word in HEAVY, its requirements/NAME.in, its tests/NAME/.

PYTHON ?= python3
HEAVY := peers torch jax ecosystem remote fleet
LOCKS := core peers torch jax ecosystem remote fleet derive public check build lock

SUITES := core $(HEAVY)
PIP := -m pip --disable-pip-version-check --quiet
SOURCES := pyproject.toml README.md LICENSE $(shell find src -name __pycache__ -prune -o -print)
REFUSE_OLD := import sys; v = sys.version_info[:2]; \
  sys.exit("nparams needs Python 3.11 or newer, and $(PYTHON) is %d.%d: try make PYTHON=python3.11" % v if v < (3, 11) else 0)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help test test-web web bench-web check format bench fuzz docs derive derive-trial lock clean $(SUITES:%=test-%)
.SECONDARY:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: $(SUITES:%=test-%) ## build the environments and run every suite on the installed wheel

test-core: .venv/core/.installed
	.venv/core/bin/python -m pytest tests $(HEAVY:%=--ignore=tests/%)

$(HEAVY:%=test-%): test-%: .venv/%/.installed
	.venv/$*/bin/python -m pytest tests/$*

# Model files as people wrote them: read by the torch suite, and built there to compare.
test-torch: .venv/public/.unpacked

# The page: the wheel in Pyodide, laid out as files for any host, and as a second wheel.
WEB := web/index.html web/vite.config.ts web/pack.py $(shell find web/src -type f)
CHROMIUM ?= /usr/bin/chromium

web: .venv/wheel-web/.built ## build the page and its wheel (needs node and npm)

test-web: web/build/.built .venv/core/.installed ## try the page in a browser, and the wheel in Pyodide (needs chromium too)
	@command -v $(CHROMIUM) > /dev/null || { echo "no browser at $(CHROMIUM): apt-get install chromium, or CHROMIUM=PATH" >&2; exit 1; }
	cd web && CHROMIUM=$(CHROMIUM) NPARAMS_PYTHON=$(CURDIR)/.venv/core/bin/python node --test --test-concurrency=1 tests/page.test.mjs tests/wheel.test.mjs

bench-web: web/build/.built .venv/core/.installed ## measure the page: bytes for a first answer, times of answers
	cd web && CHROMIUM=$(CHROMIUM) NPARAMS_PYTHON=$(CURDIR)/.venv/core/bin/python node tests/bench.mjs

web/node_modules/.installed: web/package-lock.json
	@command -v npm > /dev/null || { echo "the page is built with node and npm, which are not here" >&2; exit 1; }
	npm ci --prefix web --no-audit --no-fund --loglevel=error
	@touch $@

web/build/.built: web/node_modules/.installed .venv/wheel/.built $(WEB)
	$(PYTHON) web/pack.py .venv/wheel/nparams-*.whl web/node_modules/pyodide web/build
	npm run --prefix web --silent build
	@touch $@

.venv/wheel-web/.built: web/build/.built web/pyproject.toml .venv/build/.locked
	rm -rf .venv/wheel-web
	cd web && ../.venv/build/bin/python -m hatchling build --target wheel --directory ../.venv/wheel-web
	@touch $@

check: .venv/check/.locked ## lint, formatting, types
	.venv/check/bin/ruff check
	.venv/check/bin/ruff format --check
	.venv/check/bin/mypy --strict src

format: .venv/check/.locked ## let ruff repair what it can
	.venv/check/bin/ruff check --fix
	.venv/check/bin/ruff format

bench: .venv/peers/.installed .venv/torch/.installed .venv/ecosystem/.installed .venv/fleet/.installed ## measure against peers and the floor
	.venv/peers/bin/python -m benchmarks
	.venv/fleet/bin/python -m benchmarks fleet fleet_memory fleet_report

fuzz: .venv/core/.installed ## throw damaged input at every reader
	.venv/core/bin/python -m tests.fuzz

docs: .venv/core/.installed ## run the documents' examples again and write down what they print
	.venv/core/bin/python -m tools.refresh_docs

# What these two leave is reviewed and committed: CONTRIBUTING.md tells how.  SEED draws other configs.
SEED ?= 1
derive: .venv/derive/.locked ## derive the formulas of transformers' architectures, and the catalogue and table of them
	PYTHONPATH=src .venv/derive/bin/python -m tools.derive --all --redo stale --heads all --seed $(SEED)
	PYTHONPATH=src .venv/derive/bin/python -m tools.derive.pack
	PYTHONPATH=src .venv/derive/bin/python -m tools.derive.table
	PYTHONPATH=src .venv/derive/bin/python -m tools.derive.vectors

derive-trial: .venv/derive/.locked ## throw random configs at the catalogue, beside the real constructors
	PYTHONPATH=src .venv/derive/bin/python -m tools.derive.trial --seed $(SEED) --types 100 --configs 20

lock: .venv/lock/.locked ## bring every lock to the newest versions
	$(foreach name,$(LOCKS),$(call compile,$(name))$(newline))

clean: ## forget environments, builds and caches
	rm -rf .venv build dist web/node_modules web/build web/dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# The other locks follow core's versions, so that one rich and one pytest serve all environments.
compile = .venv/lock/bin/uv pip compile requirements/$(1).in --output-file requirements/$(1).txt \
  $(if $(filter-out core,$(1)),--constraints requirements/core.txt) $(if $(filter public,$(1)),--no-deps) --upgrade --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --custom-compile-command 'make lock' --quiet
define newline


endef

.venv/%/.locked: requirements/%.txt
	@$(PYTHON) -c '$(REFUSE_OLD)'
	rm -rf .venv/$*
	$(PYTHON) -m venv .venv/$*
	.venv/$*/bin/python $(PIP) install --require-hashes -r $<
	@touch $@

.venv/public/.unpacked: requirements/public.txt .venv/torch/.locked
	rm -rf .venv/public
	.venv/torch/bin/python $(PIP) install --require-hashes --no-deps --only-binary :all: --target .venv/public -r $<
	@touch $@

.venv/wheel/.built: .venv/build/.locked $(SOURCES)
	rm -rf .venv/wheel
	.venv/build/bin/python -m hatchling build --target wheel --directory .venv/wheel
	@touch $@

.venv/%/.installed: .venv/%/.locked .venv/wheel/.built
	.venv/$*/bin/python $(PIP) install --no-index --no-deps --force-reinstall .venv/wheel/nparams-*.whl
	@touch $@
