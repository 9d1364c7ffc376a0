"""The reader of catalogues tells tables apart that differ in one thing, and no others."""

import asyncio
import os
import secrets
from collections.abc import Iterator, Sequence

import pytest

from tests.conftest import require_server
from tests.service.schema.alike import KEY, ONE, OTHER, PLAIN, THIRD
from tests.service.schema.catalogue import differences
from tests.service.schema.dialects import Difference
from tests.service.schema.trial_databases import TrialDatabase
from tests.support import databases
from tests.support.harness import RUN

DIFFERENT: dict[str, Difference] = {
    "a table": Difference([OTHER], [OTHER, THIRD], "table third is missing"),
    "a column": Difference(
        [PLAIN],
        [ONE.format(', "c" INT')],
        "one.c is missing",
    ),
    "a length": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", "(21)")],
        "one.a: type is",
    ),
    "NULL": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", "(20) NOT NULL")],
        "one.a: nullable is True, not False",
    ),
    "a default": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", "(20) DEFAULT 'x'")],
        "one.a: default is '', not",
    ),
    "the case of a default": Difference(
        [PLAIN.replace("(20)", "(20) DEFAULT 'x'")],
        [PLAIN.replace("(20)", "(20) DEFAULT 'X'")],
        "one.a: default is",
    ),
    "a primary key": Difference(
        [PLAIN],
        [ONE.format(', PRIMARY KEY ("id", "b")').replace("NOT NULL PRIMARY KEY", "NOT NULL")],
        "one: primary key is ('id',), not ('id', 'b')",
    ),
    "a unique constraint": Difference(
        [PLAIN],
        [ONE.format(', UNIQUE ("a", "b")')],
        "one: unique (a, b) is missing",
    ),
    "a second unique constraint of the same columns": Difference(
        [ONE.format(', CONSTRAINT "u" UNIQUE ("a", "b")')],
        [
            ONE.format(', CONSTRAINT "u" UNIQUE ("a", "b")'),
            'CREATE UNIQUE INDEX "v" ON "one" ("a", "b")',
        ],
        "one: unique (a, b) is missing",
    ),
    "unique instead of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a")'],
        [PLAIN, 'CREATE UNIQUE INDEX "i" ON "one" ("a")'],
        "one: index (a) should not be there",
    ),
    "the order of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a", "b")'],
        [PLAIN, 'CREATE INDEX "i" ON "one" ("b", "a")'],
        "one: index (b, a) is missing",
    ),
    "a key": Difference(
        [OTHER, PLAIN],
        [OTHER, ONE.format(KEY)],
        "one: key (b) to other (id) on delete CASCADE on update NO ACTION is missing",
    ),
    "on delete": Difference(
        [OTHER, ONE.format(KEY)],
        [OTHER, ONE.format(KEY.replace("CASCADE", "NO ACTION"))],
        "one: key (b) to other (id) on delete NO ACTION on update NO ACTION is missing",
    ),
    "the target of a key": Difference(
        [OTHER, THIRD, ONE.format(KEY)],
        [OTHER, THIRD, ONE.format(KEY.replace("other", "third"))],
        "one: key (b) to third (id) on delete CASCADE on update NO ACTION is missing",
    ),
    "a check": Difference(
        [PLAIN],
        [ONE.format(', CHECK ("b" > 3)')],
        "is missing",
    ),
}
SAME = {
    "a default in brackets": (
        [PLAIN.replace("(20)", "(20) DEFAULT 'x'")],
        [PLAIN.replace("(20)", "(20) DEFAULT ('x')")],
    ),
    "another order of columns that are unique together": (
        [ONE.format(', UNIQUE ("a", "b")')],
        [ONE.format(', UNIQUE ("b", "a")')],
    ),
    "another order of columns": (
        ['CREATE TABLE "one" ("id" INT, "a" INT)'],
        ['CREATE TABLE "one" ("a" INT, "id" INT)'],
    ),
    "the table of aerich": ([OTHER], [OTHER, 'CREATE TABLE "aerich" ("id" INT)']),
}


@pytest.fixture(scope="module", params=databases.NAMES)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrialDatabase]:
    require_server(request.param)
    name = f"trial_{secrets.token_hex(4)}_{RUN}_{os.getpid()}"
    folder = tmp_path_factory.mktemp("catalogue")
    found = TrialDatabase(request.param, databases.named(request.param).url(name, folder))
    yield found
    asyncio.run(found.drop())


def test_tables_that_differ_are_told_apart(database: TrialDatabase) -> None:
    for name, difference in {**DIFFERENT, **database.dialect.differences}.items():
        found = asyncio.run(_difference(database, difference.first, difference.second))

        assert any(difference.words in text for text in found), f"{name}: {found}"


def test_tables_that_are_alike_are_not(database: TrialDatabase) -> None:
    for name, (first, second) in SAME.items():
        found = asyncio.run(_difference(database, first, second))

        assert not found, name


def test_names_count_only_where_they_are_asked_for(database: TrialDatabase) -> None:
    first, second = ([PLAIN, f'CREATE INDEX "{name}" ON "one" ("a")'] for name in ("i", "j"))

    loose = asyncio.run(_difference(database, first, second))
    strict = asyncio.run(_difference(database, first, second, names=True))

    assert not loose
    assert strict == [
        "one: name j for index (a), a is missing",
        "one: name i for index (a), a should not be there",
    ]


async def _difference(
    database: TrialDatabase, first: Sequence[str], second: Sequence[str], *, names: bool = False
) -> list[str]:
    catalogues = []
    for statements in (first, second):
        await database.empty()
        quote = databases.named(database.kind).quote
        await database.execute(statement.replace('"', quote) for statement in statements)
        catalogues.append(await database.catalogue())
    return differences(*catalogues, names=names)
