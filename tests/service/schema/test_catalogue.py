"""The reader of catalogues tells tables apart that differ in one thing, and no others."""

import asyncio
import os
import secrets
from collections.abc import Iterator, Sequence

import pytest

from tests.conftest import need
from tests.service.schema.case import DATABASES
from tests.service.schema.catalogue import differences
from tests.service.schema.databases import Database
from tests.support.harness import RUN, SERVERS

OTHER = 'CREATE TABLE "other" ("id" INT NOT NULL PRIMARY KEY)'
THIRD = 'CREATE TABLE "third" ("id" INT NOT NULL PRIMARY KEY)'
ALIKE = 'CREATE TABLE "one" ("id" INT NOT NULL PRIMARY KEY, "a" VARCHAR(20), "b" INT NOT NULL{})'
KEY = ', FOREIGN KEY ("b") REFERENCES "other" ("id") ON DELETE CASCADE'

DIFFERENT: dict[str, tuple[Sequence[str], Sequence[str], str]] = {
    "a table": ([OTHER], [OTHER, THIRD], "table third is missing"),
    "a column": (
        [ALIKE.format("")],
        [ALIKE.format(', "c" INT')],
        "one.c is missing",
    ),
    "a length": (
        [ALIKE.format("")],
        [ALIKE.format("").replace("(20)", "(21)")],
        "one.a: type is",
    ),
    "NULL": (
        [ALIKE.format("")],
        [ALIKE.format("").replace("(20)", "(20) NOT NULL")],
        "one.a: nullable is True, not False",
    ),
    "a default": (
        [ALIKE.format("")],
        [ALIKE.format("").replace("(20)", "(20) DEFAULT 'x'")],
        "one.a: default is '', not",
    ),
    "the case of a default": (
        [ALIKE.format("").replace("(20)", "(20) DEFAULT 'x'")],
        [ALIKE.format("").replace("(20)", "(20) DEFAULT 'X'")],
        "one.a: default is",
    ),
    "a primary key": (
        [ALIKE.format("")],
        [ALIKE.format(', PRIMARY KEY ("id", "b")').replace("NOT NULL PRIMARY KEY", "NOT NULL")],
        "one: primary key is ('id',), not ('id', 'b')",
    ),
    "a unique constraint": (
        [ALIKE.format("")],
        [ALIKE.format(', UNIQUE ("a", "b")')],
        "one: unique (a, b) is missing",
    ),
    "a second unique constraint of the same columns": (
        [ALIKE.format(', CONSTRAINT "u" UNIQUE ("a", "b")')],
        [
            ALIKE.format(', CONSTRAINT "u" UNIQUE ("a", "b")'),
            'CREATE UNIQUE INDEX "v" ON "one" ("a", "b")',
        ],
        "one: unique (a, b) is missing",
    ),
    "unique instead of an index": (
        [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a")'],
        [ALIKE.format(""), 'CREATE UNIQUE INDEX "i" ON "one" ("a")'],
        "one: index (a) should not be there",
    ),
    "the order of an index": (
        [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a", "b")'],
        [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("b", "a")'],
        "one: index (b, a) is missing",
    ),
    "a key": (
        [OTHER, ALIKE.format("")],
        [OTHER, ALIKE.format(KEY)],
        "one: key (b) to other (id) on delete CASCADE on update NO ACTION is missing",
    ),
    "on delete": (
        [OTHER, ALIKE.format(KEY)],
        [OTHER, ALIKE.format(KEY.replace("CASCADE", "NO ACTION"))],
        "one: key (b) to other (id) on delete NO ACTION on update NO ACTION is missing",
    ),
    "the target of a key": (
        [OTHER, THIRD, ALIKE.format(KEY)],
        [OTHER, THIRD, ALIKE.format(KEY.replace("other", "third"))],
        "one: key (b) to third (id) on delete CASCADE on update NO ACTION is missing",
    ),
    "a check": (
        [ALIKE.format("")],
        [ALIKE.format(', CHECK ("b" > 3)')],
        "is missing",
    ),
}
OF_ONE: dict[str, dict[str, tuple[Sequence[str], Sequence[str], str]]] = {
    "sqlite": {
        "AUTOINCREMENT": (
            ['CREATE TABLE "one" ("id" INTEGER NOT NULL PRIMARY KEY)'],
            ['CREATE TABLE "one" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT)'],
            "one: options is '', not 'AUTOINCREMENT'",
        ),
        "a collation": (
            [ALIKE.format("")],
            [ALIKE.format("").replace("(20)", "(20) COLLATE NOCASE")],
            "one.a: collation is '', not 'NOCASE'",
        ),
        "the condition of an index": (
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 1'],
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 2'],
            "one: index (a) where b = 2 is missing",
        ),
        "the expression of an index": (
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" (lower("a"))'],
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" (upper("a"))'],
            "one: index (upper a) is missing",
        ),
    },
    "postgres": {
        "the sequence of a primary key": (
            ['CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)'],
            [
                'CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)',
                'ALTER SEQUENCE "one_id_seq" OWNED BY NONE',
            ],
            "one.id: generated is 'sequence, integer', not 'sequence, not its own'",
        ),
        "the size of a sequence": (
            ['CREATE TABLE "one" ("id" BIGSERIAL PRIMARY KEY)'],
            [
                'CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)',
                'ALTER TABLE "one" ALTER "id" TYPE BIGINT',
            ],
            "one.id: generated is 'sequence, bigint', not 'sequence, integer'",
        ),
        "a comment": (
            [ALIKE.format("")],
            [ALIKE.format(""), """COMMENT ON COLUMN "one"."a" IS 'it''s'"""],
            "one.a: comment is '', not \"it's\"",
        ),
        "a table's comment": (
            [ALIKE.format("")],
            [ALIKE.format(""), "COMMENT ON TABLE \"one\" IS 'x'"],
            "one: comment is '', not 'x'",
        ),
        "a collation": (
            [ALIKE.format("")],
            [ALIKE.format("").replace("(20)", '(20) COLLATE "C"')],
            "one.a: collation is '', not 'C'",
        ),
        "the method of an index": (
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a")'],
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" USING hash ("a")'],
            "one: index (a) by hash is missing",
        ),
        "the condition of an index": (
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 1'],
            [ALIKE.format(""), 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 2'],
            "one: index (a) where b = 2 is missing",
        ),
        "a key that was not checked": (
            [OTHER, ALIKE.format(KEY)],
            [OTHER, ALIKE.format(""), f'ALTER TABLE "one" ADD{KEY[1:]} NOT VALID'],
            "not checked is missing",
        ),
        "a schema": (
            ["CREATE SCHEMA s", 'CREATE TABLE s."one" (id INT)'],
            ["CREATE SCHEMA s", 'CREATE TABLE "one" (id INT)'],
            "table s.one should not be there",
        ),
    },
    "mysql": {
        "AUTO_INCREMENT": (
            ["CREATE TABLE one (id INT NOT NULL PRIMARY KEY)"],
            ["CREATE TABLE one (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT)"],
            "one.id: generated is '', not 'auto_increment'",
        ),
        "a collation": (
            [ALIKE.format("") + " COLLATE utf8mb4_bin"],
            [ALIKE.format("") + " COLLATE utf8mb4_general_ci"],
            "one: options is 'InnoDB utf8mb4_bin', not 'InnoDB utf8mb4_general_ci'",
        ),
        "a comment": (
            [ALIKE.format("")],
            [ALIKE.format("").replace("(20)", "(20) COMMENT 'x'")],
            "one.a: comment is '', not 'x'",
        ),
        "a table's comment": (
            [ALIKE.format("")],
            [ALIKE.format("") + " COMMENT 'x'"],
            "one: comment is '', not 'x'",
        ),
        "JSON without its check": (
            ["CREATE TABLE one (id INT, a JSON)"],
            ["CREATE TABLE one (id INT, a LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"],
            "should not be there",
        ),
        "a full-text index": (
            ["CREATE TABLE one (id INT, a TEXT, KEY i (a(9)))"],
            ["CREATE TABLE one (id INT, a TEXT, FULLTEXT KEY i (a))"],
            "one: index (a) by FULLTEXT is missing",
        ),
    },
}
SAME = {
    "a default in brackets": (
        [ALIKE.format("").replace("(20)", "(20) DEFAULT 'x'")],
        [ALIKE.format("").replace("(20)", "(20) DEFAULT ('x')")],
    ),
    "another order of columns that are unique together": (
        [ALIKE.format(', UNIQUE ("a", "b")')],
        [ALIKE.format(', UNIQUE ("b", "a")')],
    ),
    "another order of columns": (
        ['CREATE TABLE "one" ("id" INT, "a" INT)'],
        ['CREATE TABLE "one" ("a" INT, "id" INT)'],
    ),
    "the books of aerich": ([OTHER], [OTHER, 'CREATE TABLE "aerich" ("id" INT)']),
}


@pytest.fixture(scope="module", params=DATABASES)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    need(request.param)
    base = SERVERS.get(request.param, f"sqlite://{tmp_path_factory.mktemp('catalogue')}")
    found = Database(request.param, f"{base}/trial_{secrets.token_hex(4)}_{RUN}_{os.getpid()}")
    yield found
    asyncio.run(found.drop())


def test_tables_that_differ_are_told_apart(database: Database) -> None:
    for name, (first, second, words) in (DIFFERENT | OF_ONE[database.kind]).items():
        found = asyncio.run(_difference(database, first, second))

        assert any(words in text for text in found), f"{name}: {found}"


def test_tables_that_are_alike_are_not(database: Database) -> None:
    for name, (first, second) in SAME.items():
        found = asyncio.run(_difference(database, first, second))

        assert not found, name


def test_names_count_only_where_they_are_asked_for(database: Database) -> None:
    first, second = (
        [ALIKE.format(""), f'CREATE INDEX "{name}" ON "one" ("a")'] for name in ("i", "j")
    )

    loose = asyncio.run(_difference(database, first, second))
    strict = asyncio.run(_difference(database, first, second, names=True))

    assert not loose
    assert strict == [
        "one: name j for index (a), a is missing",
        "one: name i for index (a), a should not be there",
    ]


async def _difference(
    database: Database, first: Sequence[str], second: Sequence[str], *, names: bool = False
) -> list[str]:
    catalogues = []
    for statements in (first, second):
        await database.empty()
        quoted = '"' if database.kind != "mysql" else "`"
        await database.execute(statement.replace('"', quoted) for statement in statements)
        catalogues.append(await database.catalogue())
    return differences(*catalogues, names=names)
