# The targets are the contract; what they do stands in scripts/, in the lab and in pyproject.toml.
.DEFAULT_GOAL := help
.PHONY: help env dev-env demo bench test test-fast test-store test-windows lint lint-workflows fuzz mutants audit sbom az lock clean
.NOTPARALLEL:

PYTHON := .venv/bin/python
# Options for pytest and for uv: make test TESTS="tests/judge -x", make lock LOCK=--upgrade
TESTS ?= tests
WINDOWS_TESTS ?= $(wildcard tests/gather/test_windows_*.py tests/suites/test_windows_*.py)
LOCK ?=
EXAMPLES ?= 2000
BENCH ?=
MUTANTS ?=
# Much of the time the tests wait: two processes for the lab, two for the others (tests/conftest.py shares them out).
SIDE_BY_SIDE ?= -n 4 --dist loadscope --no-loadscope-reorder
# A test starts pytest, pytest the suite: each would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

env: ## build .venv with what a run needs (requirements-image.lock, 135 MB); quick when it is there
	@scripts/make-env

dev-env: ## the same with the developers' tools (requirements.lock, 580 MB); the targets below bring them
	@scripts/make-env .venv requirements.lock

demo: env ## start a small fleet in the lab, judge it, show what is wrong with it
	@scripts/system-packages lab
	@$(PYTHON) -m lab demo

test: dev-env ## the project's own tests (the lab and the report in a browser included)
	@scripts/system-packages lab browser
	@EXPECTED_SKIPS_ONLY=true $(PYTHON) -m pytest $(SIDE_BY_SIDE) $(TESTS)

test-fast: dev-env ## 3,000 of the tests in a minute: none that starts the lab, a browser or many programs
	@$(PYTHON) -m pytest $(SIDE_BY_SIDE) -m "not lab and not browser and not slow" $(TESTS)

test-store: dev-env ## the tests of --evidence-store, with Azurite: needs Node.js; make test skips two of them without it
	@cd tests/support/azurite && npm ci --silent
	@$(PYTHON) -m pytest tests/evidence/test_object_store.py

test-windows: dev-env ## the tests of Windows' side under Wine: WINE_PWSH=pwsh.exe, WINDOWS_CURLS=folder of curl.exe; no part of `make test`
	@scripts/test-windows $(WINDOWS_TESTS)

bench: dev-env ## race the suite against its peers in the lab, about an hour; BENCH="--list" says what, BENCH="--vms 20" a part
	@scripts/system-packages lab
	@$(PYTHON) -m benchmarks $(BENCH)

lint: dev-env ## ruff (rules and format), mypy --strict, the layers, the lock against pyproject.toml, the workflows
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) scripts/check_lock.py
	@$(PYTHON) scripts/lint_workflows.py

lint-workflows: dev-env ## zizmor over every sample workflow, without a network; make lint does it, too
	@$(PYTHON) scripts/lint_workflows.py

fuzz: dev-env ## look for an answer that breaks a parser or a check: EXAMPLES (2000) tries of each, some 20 minutes; and ten hostile VMs among 100
	@FUZZ_EXAMPLES=$(EXAMPLES) $(PYTHON) -m pytest tests/hostile tests/gather/test_engine.py tests/ssh/test_openssh_config.py -p no:cacheprovider -n 2
	@$(PYTHON) -m lab up --vms 90 -- $(abspath $(PYTHON)) -m benchmarks.hostile_fleet

mutants: dev-env ## change 300 lines, one at a time: which does no test notice? Half an hour; MUTANTS="--count 40" a part
	@$(PYTHON) -m scripts.mutants $(MUTANTS)

audit: env ## ask whether a locked package has a known weakness; without a network, of a copy: ADVISORIES=DIR
	@scripts/audit

sbom: dev-env ## write sbom.json: what is installed, as CycloneDX, validated
	@$(PYTHON) scripts/sbom.py sbom.json

# A VM of the lab sees this machine's /usr, but nothing of /usr/local or a home: so a Python of the system's.
az: env ## test the lab's VMs with the real Azure CLI: 730 MB in .az, no part of `make test`
	@scripts/system-packages lab
	@PATH=/usr/bin:/bin scripts/make-env .az lab/azure-cli.lock
	@$(PYTHON) -m pytest -m az tests/lab

lock: ## write requirements.lock and lab/azure-cli.lock anew
	@scripts/lock $(LOCK)

clean: ## remove .venv, .az and the caches; reports/ stays
	rm -rf .venv .az .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
