# Two commands set up everything: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ASSETS ?= $(DONGSUN_ASSETS)
STAMP := $(VENV)/.dongsun-ready

# No library phones home, checks for updates or installs things by itself.
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := 1
export NO_ALBUMENTATIONS_UPDATE := 1
export NNCF_CI := 1
export YOLO_AUTOINSTALL := false
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

setup: $(STAMP) ## the environment in .venv, from the locked requirement files

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv

$(STAMP): requirements/dev.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --require-hashes --compile-bytecode --python $(BIN)/python requirements/dev.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

lock: | $(filter .uv/bin/uv,$(UV)) ## pin the requirement files again
	for set in edge train dev; do $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --override requirements/overrides.txt requirements/$$set.in -o requirements/$$set.lock; done

demo: setup ## the main job on the synthetic store; ends with reports/demo/index.html
	@$(BIN)/python -m dongsun.cli.demo demo

demo-real: setup ## the same job on real footage: make demo-real ASSETS=<dir>
	@DONGSUN_ASSETS="$(ASSETS)" $(BIN)/python -m dongsun.cli.demo pets2009 people-detection

EDGE := .venv-edge
$(EDGE)/.dongsun-ready: requirements/edge.lock pyproject.toml $(shell find src/contract src/serve_edge -name '*.py') | $(STAMP)
	@test -x $(EDGE)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(EDGE)
	$(UV) pip sync --quiet --require-hashes --compile-bytecode --python $(EDGE)/bin/python requirements/edge.lock
	rm -rf build && $(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir $(EDGE)/wheel .
	$(UV) pip install --quiet --no-deps --reinstall --python $(EDGE)/bin/python $(EDGE)/wheel/dongsun-*.whl
	rm -rf build src/*.egg-info dongsun.egg-info && touch $@

edge: $(EDGE)/.dongsun-ready ## a station's environment in .venv-edge: the built wheel and the edge extra alone, no torch

test: setup lint edge ## lint, types, layers and every test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

weights: setup ## make weights/ again: our own start weights, from twin stills only (three hours or more on 2 cores)
	$(BIN)/dongsun twin render store=pretrain
	$(BIN)/dongsun ingest store=pretrain
	$(BIN)/dongsun sample store=pretrain sampling=full
	$(BIN)/dongsun train-detector store=pretrain
	$(BIN)/dongsun train-reid store=pretrain reid/head=attention
	install -m 644 models/pretrain/detector/detector.pt weights/twin-yolo26n.pt
	install -m 644 models/pretrain/reid/reid.pt weights/twin-reid.pt
	$(BIN)/dongsun twin render store=pretrain-reid
	$(BIN)/dongsun ingest store=pretrain-reid
	$(BIN)/dongsun sample store=pretrain-reid sampling=full
	$(BIN)/dongsun train-detector store=pretrain-reid trainer.detector_batch=16
	install -m 644 models/pretrain-reid/detector/detector.pt weights/twin-yolo26n-wide.pt
	$(BIN)/dongsun train-reid store=pretrain-reid reid=reid_trunk reid.backbone.checkpoint=weights/twin-reid.pt
	install -m 644 models/pretrain-reid/reid/reid.pt weights/twin-reid-wide.pt
	$(BIN)/dongsun ingest store=pretrain-reid dataset.box_extent=whole_body
	$(BIN)/dongsun sample store=pretrain-reid sampling=full
	$(BIN)/dongsun train-detector store=pretrain-reid detector.weights=weights/twin-yolo26n-wide.pt detector.epochs=3 \
	  detector.learning_rate=6.0e-4 trainer.detector_batch=16
	install -m 644 models/pretrain-reid/detector/detector.pt weights/twin-yolo26n-wide.pt

twin-stores: setup ## film the three ready stores' test splits and measure how real they look: make twin-stores ASSETS=<dir>
	for store in corner-shop pop-up electronics-flagship; do $(BIN)/dongsun twin render $$store || exit 1; done
	$(BIN)/python bench/twin_realism.py $(foreach s,corner-shop pop-up electronics-flagship,data/raw/$(s)/test) --assets "$(ASSETS)"

transfer: setup ## does fine-tuning on the twin help, there and on PETS? after make demo, make demo-real and make twin-stores
	DONGSUN_ASSETS="$(ASSETS)" $(BIN)/dongsun train-detector store=demo detector=yolov8n detector.weights="$(ASSETS)/detector/yolov8n.pt" \
	  detector.epochs=4 detector.learning_rate=2.0e-4 detector.freeze=10 paths.models=models/transfer
	$(BIN)/dongsun export store=demo export.reid=null paths.models=models/transfer paths.bundle=bundles/transfer tracking.enabled=false
	$(BIN)/dongsun ingest store=pop-up
	$(BIN)/python bench/twin_transfer.py --bundle zero-shot=bundles/people-detection --bundle "tuned on the demo's twin=bundles/transfer" \
	  --frames "demo, other seed=data/interim/demo/detector/manifest.parquet" \
	  --frames "pop-up, other layout=data/interim/pop-up/detector/manifest.parquet" \
	  --frames "PETS 2009, real=data/interim/pets2009/detector/manifest.parquet"

data/processed/reid-study/reid/manifest.parquet: conf/store/reid-study.yaml conf/experiment/reid-study.yaml | $(STAMP)
	$(BIN)/dongsun twin render reid-study
	$(BIN)/dongsun ingest reid-study
	$(BIN)/dongsun sample reid-study sampling=full

study-heads: data/processed/reid-study/reid/manifest.parquet ## which head, which cut, against OSNet and given nets? one table: make study-heads ASSETS=<dir>
	DONGSUN_ASSETS="$(ASSETS)" $(BIN)/dongsun study heads reid-study

study-sampling: data/processed/reid-study/reid/manifest.parquet ## what does systematic sampling save? one table
	DONGSUN_ASSETS="$(ASSETS)" $(BIN)/dongsun study sampling reid-study

lint: setup ## ruff, mypy and the layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

services: ## the system parts that some tests use, from Debian: mosquitto (an MQTT broker)
	@PATH="$$PATH:/usr/sbin"; command -v mosquitto >/dev/null || { \
	  as=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends mosquitto; }

drill: setup services ## everything around a station fails in turn: what was expected, what happened (3 minutes)
	$(BIN)/python -m tests.drill

clean: ## forget everything that stages made (not the environment)
	rm -rf data/raw/demo data/interim data/processed models bundles reports

.PHONY: help setup lock demo demo-real edge test study-heads study-sampling twin-stores transfer weights lint services drill clean
