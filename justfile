pytest := "uv run pytest -n auto"

# List the recipes.
default:
    @just --list --unsorted

# Run all tests, or those that the arguments select.
test *ARGS:
    {{ pytest }} {{ ARGS }}

# Format, lint and types of the template's own code.
check:
    uv run ruff format --check
    uv run ruff check
    uv run mypy

# Fix what can be fixed automatically.
fix:
    uv run ruff format
    uv run ruff check --fix
    uv run ruff format

# What needs no server: questions, combinations, updates, and every triple of answers, read.
static *ARGS:
    {{ pytest }} tests/variants tests/updates --ignore=tests/variants/test_rows.py {{ ARGS }}

# Every pair of answers, run for real; --row ROW for one, --shard 1/3 for a third.
rows *ARGS:
    {{ pytest }} tests/variants/test_rows.py {{ ARGS }}

# Remove what each answer adds, piece by piece, and see that one of its checks fails.
mutations *ARGS:
    {{ pytest }} tests/options {{ ARGS }}

# Services that run: what clients and attackers do, and what owners do in their first days.
service *ARGS:
    {{ pytest }} tests/service/running tests/service/owner tests/service/resources {{ ARGS }}

# What owners change in their models: --database D for one, and the trial of the tools.
schema *ARGS:
    {{ pytest }} tests/service/schema {{ ARGS }}

# Draw combinations: --count K [--seed N], and with --run do all that an owner does.
matrix *ARGS:
    {{ pytest }} tests/variants/test_static.py tests/variants/test_rows.py {{ ARGS }}

# Render, set up, run and watch one row: an id of tests/variants/rows.yml, or answer=value.
try +ROW:
    uv run python -m tools.try_row {{ ROW }}

# Write the rows that cover every pair and triple of answers.
cover:
    uv run python -m tests.variants.cover

# Compare a rendered service with a bare FastAPI + Tortoise app.
bench *ARGS:
    uv run python -m tools.bench {{ ARGS }}

# Try the planner, aerich and Tortoise's own tool on every change; prints the table.
bench-migrations *ARGS:
    uv run python -m tests.service.schema.trial {{ if ARGS == "" { "--all" } else { ARGS } }}

# Time make-migration in a service of many tables: --tables N --database D.
bench-tables *ARGS:
    uv run python -m tests.service.schema.many_tables {{ ARGS }}

# Break things on purpose, longer than the tests do: --help names the scenarios; all without one.
chaos *NAMES:
    uv run python -m tools.chaos {{ NAMES }}

# Write the hashes of scripts and styles into the pages that hold them.
page-policies:
    uv run python -m tools.page_policies

# Write the first migrations that the template ships.
first-migrations:
    uv run python -m tools.first_migrations

# Write the pages of docs/reference that are made from the code.
reference:
    uv run python -m tools.reference
