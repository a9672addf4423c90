PY := .venv/bin/python
DEVICE = $(if $(CONFIG),--config $(CONFIG)) $(if $(STORAGE),--storage $(STORAGE)) \
	$(if $(ALL),--all) $(if $(READABLE),--readable)
.DEFAULT_GOAL := help
.PHONY: help setup dev run test test-power check lint bench bench-csms schema clean bundle image deploy flash monitor

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup:  ## install what tools/charger and tools/csms need into .venv
	@python3 tools/setup.py run

run: setup  ## local CSMS, charger and a demo session; stays up until Ctrl-C
	@$(PY) tools/demo.py

dev:
	@python3 tools/setup.py dev

test: dev  ## all tests but those of test-power, and lint; about 10 minutes
	@$(PY) -m pytest -n 4 --dist loadgroup -m "not proof"

test-power: dev  ## power cuts at every flash operation, random lives, damaged files; 10 minutes
	@$(PY) -m pytest -n 2 --dist loadgroup -m proof

check: dev  ## the quick subset, under a minute
	@$(PY) -m pytest -n 2 --dist loadgroup -m "not slow"

lint: dev  ## ruff, mpy-cross and import of all on-device files, layering, schemas
	@$(PY) tools/lint.py

bench: dev  ## heap, code size and loop times, compared with the committed baseline
	@$(PY) tools/bench.py

bench-csms: setup  ## answer times of the local CSMS with 1000 stations; 4 minutes
	@$(PY) tests/bench/scale.py

schema: dev  ## generate the compact message schemas, and the packages for mip, anew
	@$(PY) tools/schemac.py
	@$(PY) tools/mip.py

bundle: dev  ## what goes onto BOARD=x, with sizes [CONFIG=file, ALL=1: leave nothing out, READABLE=1]
	@$(PY) tools/device.py tree $(BOARD) $(DEVICE)

image: dev  ## file system of BOARD=x for esptool, or as UF2 [CONFIG=file]
	@$(PY) tools/device.py image $(BOARD) $(DEVICE)

deploy: dev  ## what has changed onto BOARD=x at PORT=... [CONFIG=file]
	@$(PY) tools/device.py deploy $(BOARD) --port $(PORT) $(DEVICE)

flash: dev  ## MicroPython FIRMWARE=file and the image onto BOARD=x at PORT=...
	@$(PY) tools/device.py flash $(BOARD) --port $(PORT) --firmware $(FIRMWARE) $(DEVICE)

monitor: dev  ## console of the charger at PORT=...
	@$(PY) tools/device.py monitor --port $(PORT)

clean:  ## remove what was built and installed
	@rm -rf .venv build node_modules .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
