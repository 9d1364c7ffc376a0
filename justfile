pytest := "uv run pytest -n auto --maxprocesses 4"

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

# Mend what can be mended.
fix:
    uv run ruff format
    uv run ruff check --fix
    uv run ruff format

# What needs no server: questions, combinations, and every triple of answers, rendered and read.
static *ARGS:
    {{ pytest }} tests/test_questions.py tests/test_render.py tests/test_combinations.py tests/test_static.py tests/test_workflows.py {{ ARGS }}

# Every pair of answers, run for real; --row ROW for one, --shard 1/3 for a third.
rows *ARGS:
    {{ pytest }} tests/test_rows.py {{ ARGS }}

# Take away what each answer brings, and see that it is missed.
bites *ARGS:
    {{ pytest }} tests/test_bites.py {{ ARGS }}

# The rest: what owners change, the first hour, and attacks on running services.
tour *ARGS:
    {{ pytest }} tests/tour tests/test_first_hour.py tests/test_first_days.py tests/test_interruptions.py tests/test_security_table.py tests/resources {{ ARGS }}

# What owners change in their models: --database D for one, and the trial of the tools.
schema *ARGS:
    {{ pytest }} tests/schema {{ ARGS }}

# Draw combinations: --count K [--seed N], and with --run do all that an owner does.
matrix *ARGS:
    {{ pytest }} tests/test_static.py tests/test_rows.py {{ ARGS }}

# Render, set up, run and watch one row: an id of tests/matrix/rows.yml, or answer=value.
try +ROW:
    uv run python -m tests.try_row {{ ROW }}

# Write the rows that cover every pair and triple of answers.
cover:
    uv run python -m tests.matrix.cover

# Compare a rendered service with a bare FastAPI + Tortoise app.
bench *ARGS:
    uv run python -m tests.bench {{ ARGS }}

# Try the planner, aerich and Tortoise's own tool on every change; prints the table.
bench-migrations *ARGS:
    uv run python -m tests.schema.trial {{ if ARGS == "" { "--all" } else { ARGS } }}

# Time make-migration in a service of many tables: --tables N --database D.
bench-tables *ARGS:
    uv run python -m tests.schema.many_tables {{ ARGS }}

# Break things on purpose, longer than the tests do: --help names the scenarios; all without one.
chaos *NAMES:
    uv run python -m tests.chaos {{ NAMES }}

# Write the hashes of scripts and styles into the pages that hold them.
page-policies:
    uv run python -m tests.page_policies

# Write the first migrations that the template ships.
first-migrations:
    uv run python -m tests.first_migrations

# Write the pages of docs/reference that are made from the code.
reference:
    uv run python -m tests.reference
