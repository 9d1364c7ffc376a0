"""Migrations by Tortoise's own tool, as functions that work inside an open Tortoise context."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.graph import MigrationGraph, MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.writer import MigrationWriter, format_migration_name

Config = dict[str, Any]


class CannotWriteMigration(Exception):
    """The tool cannot express this change; the sentence says what to do instead."""


def prepare(config: Config) -> Config:
    """Add what the tool needs to Tortoise's configuration."""
    apps = {
        name: app | {"migrations": f"migrations.{name}"} for name, app in config["apps"].items()
    }
    return config | {"apps": apps}


async def upgrade(config: Config) -> list[str]:
    """Apply all that is pending and return its names; the caller holds the migration lock."""
    names: list[str] = []

    def record(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            names.append(f"{app}.{name}")

{% if database == "sqlite" %}
    await _let_foreign_keys_rest()
{% endif %}
    await MigrationExecutor(Tortoise.get_connection("default"), config["apps"]).migrate(
        progress=record
    )
    return names


async def downgrade(config: Config) -> str | None:
    """Undo the migration that was applied last, and return its name."""
{% if database == "sqlite" %}
    await _let_foreign_keys_rest()
{% endif %}
    executor = _OneStepBack(Tortoise.get_connection("default"), config["apps"])
    applied = await executor.recorder.applied_migrations()
    if not applied:
        return None
    executor.undone = applied[-1]
    await executor.migrate()
    return f"{executor.undone.app_label}.{executor.undone.name}"


async def pending(config: Config) -> list[str]:
    """Name the migrations that this database has not seen."""
    loader = MigrationExecutor(Tortoise.get_connection("default"), config["apps"]).loader
    await loader.build_graph()
    missing = set(loader.disk_migrations) - loader.applied_migrations
    return sorted(f"{key.app_label}.{key.name}" for key in missing)


async def changes(config: Config) -> list[str]:
    """Name the apps whose models have changes that no migration makes."""
    return [writer.app_label for writer in await _writers(config)]


async def make(config: Config, name: str) -> list[str]:
    """Write a migration for each app that has changes, and return the paths."""
    paths: list[str] = []
    for writer in await _writers(config):
        if not writer.initial:
            number = int(writer.name.split("_", 1)[0])
            writer.name = format_migration_name(number, name)
        paths.append(str(writer.write().relative_to(Path.cwd())))
    return paths


{% if database == "sqlite" %}
async def _let_foreign_keys_rest() -> None:
    """Let a table be dropped without the rows of others: SQLite changes one by dropping it."""
    await Tortoise.get_connection("default").execute_script("PRAGMA foreign_keys = OFF")


{% endif %}
async def _writers(config: Config) -> list[MigrationWriter]:
    assert Tortoise.apps is not None
    return await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()


class _OneStepBack(MigrationExecutor):
    """Undoes one migration; the tool itself would undo all that depends on the one before."""

    undone: MigrationKey

    def _migration_plan(
        self,
        targets: Iterable[MigrationTarget] | None,  # noqa: ARG002 - the plan is always the same step
        applied: set[MigrationKey],  # noqa: ARG002
        graph: MigrationGraph,
    ) -> list[PlanStep]:
        migration = graph.nodes[self.undone]
        if not isinstance(migration, Migration):
            message = f"The file of migration {self.undone.name} is gone"
            raise CannotWriteMigration(message)
        return [PlanStep(migration=migration, backward=True)]
