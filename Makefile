# Set-up needs Python 3.11 or newer, pip and make; everything else is installed into .venv.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile
BYTECODE := $(BIN)/python -m compileall -q -j 2 -x '/tests?/'
RUNS := .venv/.runs
READY := .venv/.ready
COMPARED := --policy cheapest_capable --policy score_threshold --policy cascade

.DEFAULT_GOAL := help

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: $(RUNS) ## what running needs, installed once, and the kernel compiled once: about a minute

# Byte code is compiled here for what runs, since an environment may forbid Python to write any; what
# tests bring is left out. The kernel is compiled beside the rest, once Numba's own byte code is there.
$(RUNS): pyproject.toml requirements.service.lock requirements.build.lock
	@test -n "$(PYTHON)" || { echo "Wayfare needs Python 3.11 or newer with venv and pip; found none on PATH" >&2; exit 1; }
	@echo "installing into .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-compile --no-deps --require-hashes -r requirements.service.lock -r requirements.build.lock
	@$(BYTECODE) .venv/lib/python3*/site-packages/numba .venv/lib/python3*/site-packages/llvmlite .venv/lib/python3*/site-packages/numpy
	@$(BIN)/python -m simulator.kernel & kernel=$$!; \
	$(PIP) install --no-deps --no-build-isolation -e . && \
	$(BYTECODE) .venv/lib/python3*/site-packages catalogs router simulator wayfare && wait $$kernel
	@touch $@

$(READY): $(RUNS) requirements.lock
	@echo "installing the tools of development into .venv (once)"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@touch $@

.PHONY: demo
demo: $(RUNS) ## a support desk's day through three policies and the baselines: out/demo/report.html
	@$(BIN)/wayfare compare scenarios/support-desk-diurnal.yaml $(COMPARED) --replications 4 --out out/demo

# Tests start many processes: byte code and the kernel are made before them, not by each of them, and
# what pytest makes of the tests' files is kept.
.PHONY: current
current: $(READY)
	@$(BYTECODE) catalogs router simulator wayfare
	@$(BIN)/python -m simulator.kernel

.PHONY: test
test: current ## the tests, without the slow laws: some seven minutes on two cores
	@$(PYTEST) -m "not slow"

.PHONY: slow
slow: current ## the slow laws
	@$(PYTEST) -m slow

# LiteLLM brings some sixty packages, which Wayfare needs for nothing else: they have an environment of their own.
HOSTING := .venv-litellm/.ready

$(HOSTING): pyproject.toml requirements.litellm.lock requirements.build.lock
	@test -n "$(PYTHON)" || { echo "Wayfare needs Python 3.11 or newer with venv and pip; found none on PATH" >&2; exit 1; }
	@echo "installing LiteLLM and Wayfare into .venv-litellm (once)"
	@$(PYTHON) -m venv .venv-litellm
	@.venv-litellm/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r requirements.litellm.lock -r requirements.build.lock
	@.venv-litellm/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: litellm
litellm: $(HOSTING) ## the tests of LiteLLM's router, hosted, in an environment of its own
	@.venv-litellm/bin/python -m pytest -n 2 tests/gateway

.PHONY: check
check: $(READY) ## format, lint, types, layers, spelling, generated files
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary --config-file tests/mypy.ini
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/wayfare catalog check
	@$(BIN)/python -m wayfare schema | diff -q - scenarios/scenario.schema.json >/dev/null || { echo "run: make docs" >&2; exit 1; }
	@$(BIN)/python -m wayfare.reference | diff -q - docs/reference/scenario.md >/dev/null || { echo "run: make docs" >&2; exit 1; }
	@$(BIN)/python -m wayfare.reference.figures | diff -q - docs/reference/figures.md >/dev/null || { echo "run: make docs" >&2; exit 1; }
	@cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code
	@$(MAKE) --no-print-directory breaking stubs boards
	@$(BIN)/hadolint Dockerfile && $(BIN)/python -m bench.compose
	@! grep -nE 'https?://|file://' requirements*.lock
	@echo "all checks passed"

PROTOC = $(BIN)/python -m grpc_tools.protoc -I proto --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	--python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) --mypy_grpc_out=$(1) proto/wayfare/v1/*.proto 2>/dev/null

.PHONY: proto
proto: $(READY) ## the wire contract: scenario.proto and report.proto from the models, stubs in wayfare/v1
	@$(BIN)/python -m wayfare.convert.proto_text
	@$(BIN)/python -m wayfare.convert.report_proto
	@$(call PROTOC,.)

.PHONY: stubs
stubs: $(READY)
	@made=$$(mktemp -d) && $(call PROTOC,$$made) && for file in $$made/wayfare/v1/*; do \
	  diff -q $$file wayfare/v1/ >/dev/null || { echo "wayfare/v1/$$(basename $$file) is not current; run: make proto" >&2; exit 1; }; \
	done; rm -rf $$made

.PHONY: boards
boards: $(READY)
	@made=$$(mktemp -d) && $(BIN)/python -m dashboards $$made && diff -rq $$made dashboards/grafana/boards >/dev/null \
	  || { echo "dashboards/grafana/boards is not current; run: make dashboards" >&2; exit 1; }; rm -rf $$made

.PHONY: dashboards
dashboards: $(READY) ## Grafana's dashboards, written from dashboards/*.py
	@$(BIN)/python -m dashboards

PROMETHEUS ?= http://127.0.0.1:9090
PREVIEWED = run-overview policy-comparison fleet energy-and-carbon

.PHONY: previews
previews: $(READY) ## docs/img/dashboard-*.png from a Prometheus: make previews RUN=black-friday POLICY=cheapest_capable
	@for name in $(PREVIEWED); do \
	  chosen="$(if $(RUN),run=$(RUN))"; test $$name = policy-comparison || chosen="$$chosen $(if $(POLICY),policy=$(POLICY))"; \
	  $(BIN)/python -m bench.previews.preview $(PROMETHEUS) $$name docs/img/dashboard-$$name.png $$chosen || exit; done

.PHONY: breaking
breaking: $(READY)
	@if git rev-parse --verify --quiet main:proto/buf.yaml >/dev/null; \
	then cd proto && ../$(BIN)/buf breaking --against '../.git#branch=main,subdir=proto'; \
	else echo "no contract on a branch main to compare with"; fi

.PHONY: format
format: $(READY) ## formatted sources
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .
	@cd proto && ../$(BIN)/buf format --write

.PHONY: bench
bench: $(READY) ## speed and memory, kept in bench/RESULTS.md
	@$(BIN)/python bench/run.py

.PHONY: mutants
mutants: $(READY) ## mutants that no test detects, in docs/mutants.md: make mutants SAMPLE=60 SEED="1 2"
	@PYTHONPATH=. $(BIN)/python bench/mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(PATHS),--paths $(PATHS))

.PHONY: soak
soak: $(READY) ## load, faults and hostile calls on the service, figures kept in docs/reliability.md
	@PYTHONPATH=tests $(BIN)/python bench/soak

.PHONY: docs
docs: $(READY) ## generated pages: the scenario's JSON Schema, its reference, every figure
	@$(BIN)/wayfare schema > scenarios/scenario.schema.json
	@$(BIN)/python -m wayfare.reference > docs/reference/scenario.md
	@$(BIN)/python -m wayfare.reference.figures > docs/reference/figures.md

.PHONY: figures
figures: $(RUNS) ## the demo run anew, and every measured figure of the pages from its source
	@$(BIN)/python bench/figures.py --demo

.PHONY: room
room: $(READY) ## docs/kv-room.md: room of KV caches against start-up logs of engines
	@$(BIN)/python -m bench.kv_room

.PHONY: accuracy
accuracy: $(READY) ## docs/accuracy.md from measured points: make accuracy POINTS=… ENERGY=… SWEEPS=… RECORDED=…
	@test -f "$(POINTS)" -a -f "$(ENERGY)" -a -f "$(SWEEPS)" -a -d "$(RECORDED)" || { echo "give the measured points: make accuracy POINTS=serving_points.csv ENERGY=energy_points.csv SWEEPS=rate_sweeps.csv RECORDED=open_loop/" >&2; exit 2; }
	@$(BIN)/python bench/accuracy.py $(POINTS) $(ENERGY) $(SWEEPS) $(RECORDED)

.PHONY: lock
lock: ## requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -c requirements.lock pyproject.toml -o requirements.service.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -c requirements.lock --group pyproject.toml:build -o requirements.build.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -c requirements.lock --extra litellm --group hosting pyproject.toml -o requirements.litellm.lock

.PHONY: clean
clean: ## without what was installed and made
	@rm -rf .venv .venv-litellm .cache out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
