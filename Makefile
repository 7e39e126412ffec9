.PHONY: test

.venv/.stamp: requirements.txt requirements-dev.txt
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt
	touch $@

test: .venv/.stamp
	.venv/bin/python -m pytest
