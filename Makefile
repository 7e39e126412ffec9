# `make up` runs Touchstone here, `make demo` shows that it judges, `make test` passes its tests.
PYTHON3 := $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
RUN = $(if $(PYTHON3),@$(PYTHON3),$(error No Python 3 was found on PATH. Install Python 3.11, 3.12 or 3.13 with its venv module)) deploy/bootstrap.py

.PHONY: up demo test check help

help:
	@echo "make up     run Touchstone on this machine"
	@echo "make demo   let a fresh installation judge known answers (PROBLEMS=\"slug …\" for some)"
	@echo "make test   run every test, those of the database on SQLite and on PostgreSQL"
	@echo "make check  format, lint, types, import contracts, templates, scripts"

up:
	$(RUN) deploy.up

demo:
	$(RUN) deploy.demo $(PROBLEMS)

test:
	@bash deploy/system_packages.sh
	$(RUN) --dev tests.models
	@.venv/bin/python -m tests.lanes

check:
	$(RUN) --dev pre_commit run --all-files
