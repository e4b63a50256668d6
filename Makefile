# Every target sets up what it needs; on a fresh machine only python3, pip and make are required.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-voxels test test-slow test-gpu test-nebula check format validate bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

setup: $(STAMP)  ## make the virtual environment with the locked versions

$(STAMP): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	touch $@

demo: $(STAMP)  ## simulate, train, score and report a small example: about 3 minutes
	$(BIN)/python -m sem3d.train experiment=demo
	$(BIN)/python -m sem3d.evaluate checkpoint=outputs/runs/demo-mixed_demo/checkpoints/best.ckpt dataset=layers_demo
	$(BIN)/python -m sem3d.evaluate checkpoint=outputs/runs/demo-mixed_demo/checkpoints/best.ckpt dataset=experimental
	$(BIN)/python -m sem3d.evaluate -m solver=tikhonov_naive,terraces dataset=layers_demo,experimental
	$(BIN)/python -m sem3d.report

demo-voxels: $(STAMP)  ## copper in silicon: simulate, train two networks, MED-SEM, report: some 15 minutes
	$(BIN)/python -m sem3d.train experiment=voxels_demo name=demo_voxnet_lite
	$(BIN)/python -m sem3d.train experiment=voxels_demo model=unet3d "model.widths=[32,64,128]" name=demo_unet3d
	$(BIN)/python -m sem3d.evaluate study=cases
	$(BIN)/python -m sem3d.evaluate study=cases checkpoint=outputs/runs/demo_voxnet_lite/checkpoints/best.ckpt,outputs/runs/demo_unet3d/checkpoints/best.ckpt

test: $(STAMP)  ## fast tests, a few minutes
	$(BIN)/python -m pytest -m "not slow and not gpu and not nebula" -n $(WORKERS)

test-slow: $(STAMP)  ## whole commands, kills and resumes, long physics
	$(BIN)/python -m pytest -m slow -n $(WORKERS)

test-gpu: $(STAMP)  ## tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu

test-nebula: $(STAMP)  ## tests with an installed Nebula: SEM3D_NEBULA, SEM3D_NEBULA_MATERIALS
	$(BIN)/python -m pytest -m nebula -n 0

check: $(STAMP)  ## lint, format, types, import layers, docstrings and sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

format: $(STAMP)  ## put the code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

validate: $(STAMP)  ## the Monte Carlo engine against measured physics, a few minutes
	$(BIN)/python -m sem3d.validate

bench: $(STAMP)  ## every benchmark that needs no dataset, as tables
	for script in $(filter-out benchmarks/bench_med_sem.py,$(wildcard benchmarks/bench_*.py)); do $(BIN)/python $$script || exit 1; done

clean:  ## remove the environment and caches; data and outputs stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
