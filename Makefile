# Two commands for a machine that has nothing but Python, git and make.
# `just` (installed by them) has the rest: uv run just

PYTHON ?= python3
TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/bin:$(PATH)
export UV_PYTHON ?= $(shell $(PYTHON) -c 'import sys; print(sys.executable)')
export UV_PYTHON_DOWNLOADS ?= never

.PHONY: demo test uv

# Render the default service, start it, and use it over HTTP.
demo: uv
	uv run --quiet --no-default-groups python -m tools.demo

# Install everything and run all tests.
test: uv
	uv run --quiet just test

uv:
	@command -v uv > /dev/null || $(PYTHON) -m pip install --quiet --disable-pip-version-check --target "$(TOOLS)" uv
