# List the recipes.
default:
    @just --list --unsorted

# Run all tests, or those that the arguments select.
test *ARGS:
    uv run pytest -n 2 {{ ARGS }}

# Format, lint and types of the template's own code.
check:
    uv run ruff format --check
    uv run ruff check
    uv run mypy

# Mend what can be mended.
fix:
    uv run ruff check --fix
    uv run ruff format

# Compare a rendered service with a bare FastAPI + Tortoise app.
bench *ARGS:
    uv run python -m tests.bench {{ ARGS }}

# Break things on purpose, longer than the tests do: migrate-race, db-restart, or both.
chaos *NAMES:
    uv run python -m tests.chaos {{ NAMES }}

# Write the first migrations that the template ships.
first-migrations:
    uv run python -m tests.first_migrations

# Write the pages of docs/reference that are made from the code.
reference:
    uv run python -m tests.reference
