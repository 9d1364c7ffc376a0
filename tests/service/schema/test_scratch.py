"""Scratch databases of commands: the objects that migrations create there, and the clean-up."""

import secrets
import time
from collections.abc import Iterator

import pytest

from tests.service.schema.owner import TITLE, Owner, on_sqlite
from tests.support import databases, sql

HOUR = 3600
INDEX = 'indexes = (("owner_id", "created_at"),'
on_postgres = pytest.mark.parametrize("reader", ["postgres"], indirect=True)
MADE = """
async def upgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("CREATE EXTENSION citext")
    await db.execute_query("CREATE EXTENSION pg_trgm")
    await db.execute_query("CREATE TYPE mood AS ENUM ('sad', 'happy')")
    await db.execute_query("CREATE DOMAIN digits AS text CHECK (VALUE ~ '^[0-9]+$')")
    await db.execute_query("CREATE COLLATION nordic (provider = icu, locale = 'nb')")
    await db.execute_query("CREATE SCHEMA work CREATE SEQUENCE numbers")
    return "CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN upper($1)"

async def downgrade(db: BaseDBAsyncClient) -> str:
    await db.execute_query("DROP FUNCTION shout")
    await db.execute_query("DROP SCHEMA work CASCADE")
    await db.execute_query("DROP COLLATION nordic")
    await db.execute_query("DROP DOMAIN digits")
    await db.execute_query("DROP TYPE mood")
    return "DROP EXTENSION pg_trgm; DROP EXTENSION citext"
"""
"""Objects of PostgreSQL other than tables."""
USED = """from tortoise import fields
from tortoise.contrib.postgres.indexes import PostgreSQLIndex
from tortoise.fields import CharField
from tortoise.indexes import Index


class Trigrams(PostgreSQLIndex):
    INDEX_TYPE = "GIN"

    def get_sql(self, *arguments):
        return super().get_sql(*arguments).replace('("title")', '("title" gin_trgm_ops)')


class Shouted(Index):
    def get_sql(self, *arguments):
        return 'CREATE INDEX "shouted" ON "tasks" (shout(title));'


def own(sql_type):
    return type("Own", (fields.TextField,), {"SQL_TYPE": sql_type})(null=True)

"""
FIELDS = ("CITEXT", "mood", "digits", 'TEXT COLLATE "nordic"')


@on_postgres
def test_what_files_make_beside_tables_is_there_for_the_models(owner: Owner) -> None:
    owner.runs("make-migration extensions --empty")
    owner.fills("extensions", MADE)
    assert owner.runs("migrate") == [f"Applied {owner.named('extensions')}\n"]
    owner.replace("from tortoise import fields\n", USED)
    columns = [f"own_{number} = own({name!r})" for number, name in enumerate(FIELDS)]
    owner.replace(TITLE, TITLE, *columns)
    owner.replace(
        INDEX, f'{INDEX} Trigrams(fields=["title"]), Shouted(fields=["title"], name="shouted"),'
    )

    made, up, nothing, back = owner.runs(
        "make-migration own", "migrate", "make-migration nothing", "rollback"
    )

    text = owner.files()[-1].read_text(encoding="utf-8")
    assert "  add tasks.own_0 citext null\n" in made
    for name in ("citext", "mood", "digits", '"nordic"', "gin_trgm_ops", "shout("):
        assert name in text
    assert up == f"Applied {owner.named('own')}\n"
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert back.endswith(f"Undid {owner.named('own')}\n")


@pytest.fixture
def others(owner: Owner) -> Iterator[dict[str, str]]:
    """Offer the names of databases that commands elsewhere have made: `fresh`, `old` and `used`."""
    now = int(time.time())
    stem = f"{owner.service.database_url.rpartition('/')[2]}_scratch"
    token = secrets.token_hex(4)
    names = {
        "pid": f"{stem}_4000001",
        "fresh": f"{stem}_{now - HOUR:x}_{token}",
        "old": f"{stem}_{now - 48 * HOUR:x}_{token}",
        "used": f"{stem}_{now - 49 * HOUR:x}_{token}",
    }
    for name in names.values():
        sql.query(owner.service, f"CREATE DATABASE {name}")
    yield names
    for name in names.values():
        sql.query(owner.service, f"DROP DATABASE IF EXISTS {name}")


@pytest.mark.parametrize("reader", ["postgres", "mysql"], indirect=True)
def test_databases_of_commands_elsewhere_are_left_alone(
    owner: Owner, others: dict[str, str]
) -> None:
    kind = owner.service.database
    with sql.session(f"{databases.server(kind).url}/{others['used']}"):
        (nothing,) = owner.runs("make-migration nothing")

    there = set(databases.named(kind).names())
    left = {each for each, name in others.items() if name in there}
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert left == {"pid", "fresh", "used"} - ({"used"} if kind == "mysql" else set())


@on_sqlite
def test_files_that_a_killed_command_left_are_deleted(owner: Owner) -> None:
    stem = owner.service.project / "db.sqlite3_scratch"
    old, fresh = (
        stem.with_name(f"{stem.name}_{int(time.time()) - age * HOUR:x}_0123abcd") for age in (48, 1)
    )
    for path in (old, old.with_name(f"{old.name}-wal"), fresh):
        path.touch()

    owner.runs("make-migration nothing")

    left = set(stem.parent.glob(f"{stem.name}*"))
    fresh.unlink()
    assert left == {fresh}
