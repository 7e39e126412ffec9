# Two commands do everything: `make up` runs Touchstone here, `make test` passes its tests.
PYTHON3 := $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))

.PHONY: up test check help

help:
	@echo "make up     run Touchstone on this machine"
	@echo "make test   run every test"
	@echo "make check  lint, types, import contracts"

up:
	@$(PYTHON3) deploy/bootstrap.py deploy.up

test:
	@bash deploy/system_packages.sh
	@$(PYTHON3) deploy/bootstrap.py --dev pytest

check:
	@$(PYTHON3) deploy/bootstrap.py --dev ruff check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
