# The commands for developers. Their work is in scripts/, the lab and pyproject.toml.
.DEFAULT_GOAL := help
.PHONY: help env dev-env demo bench test test-fast test-store test-windows review lint lint-workflows fuzz mutants audit sbom az lock clean
.NOTPARALLEL:

PYTHON := .venv/bin/python
# Options for pytest and for uv: make test TESTS="tests/judge -x", make lock LOCK=--upgrade
TESTS ?= tests
WINDOWS_TESTS ?= $(wildcard tests/gather/test_windows_*.py tests/suites/test_windows_*.py)
LOCK ?=
EXAMPLES ?= 2000
BENCH ?=
MUTANTS ?=
# Modules of tests that compare an output with the reviewed one in tests/data; `python -m` with one writes its output
# anew.
REVIEWED := suites.test_probe_commands suites.test_row_details suites.test_rule_words reports.test_whole_reports \
	results.test_whole_results requirements.test_explanations azure.test_request_plan
# Five processes for two cores, because tests often wait; two of them run the lab's tests (see tests/conftest.py).
SIDE_BY_SIDE ?= -n 5 --dist loadscope --no-loadscope-reorder
# Tests start pytest with the suite: without cached bytecode, each start would compile the suite again.
unexport PYTHONDONTWRITEBYTECODE

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

env: ## make .venv with the packages that a run needs (requirements-image.lock, 135 MB); quick when it exists
	@scripts/make-env

dev-env: ## make .venv with the developers' tools as well (requirements.lock, 580 MB); other targets run it when needed
	@scripts/make-env .venv requirements.lock

demo: env ## start a small fleet in the lab, judge it, and print its problems
	@scripts/system-packages lab
	@$(PYTHON) -m lab demo

test: dev-env ## run all tests of the project, including the lab and the report in a browser
	@scripts/system-packages lab browser
	@EXPECTED_SKIPS_ONLY=true $(PYTHON) -m pytest $(SIDE_BY_SIDE) $(TESTS)

test-fast: dev-env ## run 7,000 of 10,900 tests in a minute: none that starts the lab, a browser or many programs
	@$(PYTHON) -m pytest $(SIDE_BY_SIDE) -m "not lab and not browser and not slow" $(TESTS)

test-store: dev-env ## run the tests of --evidence-store with Azurite (needs Node.js); two of them are skipped by make test without it
	@cd tests/support/azurite && npm ci --silent
	@$(PYTHON) -m pytest tests/evidence/test_object_store.py

test-windows: dev-env ## run the tests for Windows guests under Wine: WINE_PWSH=pwsh.exe, WINDOWS_BUSYBOX=busybox64.exe, WINDOWS_CURLS=folder of curl.exe; not part of `make test`
	@scripts/test-windows $(WINDOWS_TESTS)

review: dev-env ## write the reviewed outputs in tests/data anew (commands, reports, explanations); review the diff, then commit it
	@for module in $(REVIEWED); do $(PYTHON) -m tests.$$module || exit 1; done
	@git diff --stat -- tests/data

bench: dev-env ## compare the speed with that of other tools, in the lab, for about an hour; BENCH="--list" lists the parts, BENCH="--vms 20" runs some
	@scripts/system-packages lab
	@$(PYTHON) -m benchmarks $(BENCH)

lint: dev-env ## run ruff (rules and format), mypy --strict, the layer contracts, the check of the lock, zizmor
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) scripts/check_lock.py
	@$(PYTHON) scripts/lint_workflows.py

lint-workflows: dev-env ## run zizmor over every sample workflow, without a network; part of make lint
	@$(PYTHON) scripts/lint_workflows.py

fuzz: dev-env ## fuzz every parser and check with EXAMPLES (2000) inputs each, and run a fleet with ten hostile VMs; about 20 minutes
	@FUZZ_EXAMPLES=$(EXAMPLES) $(PYTHON) -m pytest tests/hostile tests/gather/test_engine.py tests/ssh/test_openssh_config.py -p no:cacheprovider -n 2
	@$(PYTHON) -m lab up --vms 90 -- $(abspath $(PYTHON)) -m benchmarks.hostile_fleet

mutants: dev-env ## change 300 lines, one at a time, and list the changes that no test detects; half an hour; MUTANTS="--count 40" tries fewer
	@$(PYTHON) -m scripts.mutants $(MUTANTS)

audit: env ## look up known vulnerabilities of the locked packages; without a network, ADVISORIES=DIR names a local copy of the database
	@scripts/audit

sbom: dev-env ## write sbom.json, a bill of materials of the installed packages (CycloneDX), and validate it
	@$(PYTHON) scripts/sbom.py sbom.json

# The lab's VMs see this machine's /usr, but not its /usr/local or home folders: use the system's Python.
az: env ## test the lab's VMs with the real Azure CLI: 730 MB in .az, not part of `make test`
	@scripts/system-packages lab
	@PATH=/usr/bin:/bin scripts/make-env .az lab/azure-cli.lock
	@$(PYTHON) -m pytest -m az tests/lab

lock: ## write all lock files: requirements*.lock, lab/azure-cli.lock, benchmarks/*.lock
	@scripts/lock $(LOCK)

clean: ## remove .venv, .az and the caches; keep reports/
	rm -rf .venv .az .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
