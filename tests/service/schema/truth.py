"""Tables as Tortoise makes them from models, with the faults of its generator mended.

Tortoise escapes as MySQL does on every database: SQLite and PostgreSQL know no
backslash in a text, so a quotation mark in a default is a syntax error there
and a backslash or a line break arrives as two characters. It has no literal
for bytes. It also refuses keys in a circle: SQLite takes tables in any order, MySQL
does without a look at keys, and PostgreSQL is given such keys after all tables.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from tortoise import Tortoise
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.backends.base_postgres.schema_generator import BasePostgresSchemaGenerator
from tortoise.converters import encoders
from tortoise.exceptions import ConfigurationError


def _standard_literal(value: object, _: object = None) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _standard_comment(_: BasePostgresSchemaGenerator, comment: str) -> str:
    return comment.replace("'", "''")


def _bytes_of_postgres(value: bytes, _: object = None) -> str:
    return rf"'\x{value.hex()}'"


def _bytes_of_others(value: bytes, _: object = None) -> str:
    return f"x'{value.hex()}'"


@contextmanager
def _mended_literals(kind: str) -> Iterator[None]:
    literals: dict[type, Any] = {bytes: _bytes_of_others}
    if kind == "postgres":
        literals[bytes] = _bytes_of_postgres
    if kind != "mysql":
        literals[str] = _standard_literal
    with mock.patch.dict(encoders, literals):
        yield


@contextmanager
def _mended_comments() -> Iterator[None]:
    with mock.patch.object(BasePostgresSchemaGenerator, "_escape_comment", _standard_comment):
        yield


TABLE = re.compile(r"CREATE TABLE (\S+) \(\n.*?\n\)", re.DOTALL)
KEY = re.compile(
    r'^    ("[^"]+") .*?( REFERENCES \S+ \("[^"]+"\) ON DELETE [A-Z]+(?: [A-Z]+)?)', re.MULTILINE
)


def _keys_last(script: str) -> str:
    """Return a script of PostgreSQL with foreign keys behind the tables, not in them."""
    keys: list[str] = []

    def table(match: re.Match[str]) -> str:
        found = KEY.findall(match[0])
        keys.extend(f"ALTER TABLE {match[1]} ADD FOREIGN KEY ({own}){to};" for own, to in found)
        return KEY.sub(lambda key: key[0].removesuffix(key[2]), match[0])

    return "\n".join([TABLE.sub(table, script), *keys])


@contextmanager
def _any_order(kind: str) -> Iterator[None]:
    """Let tables refer to tables that come later, where they do so in a circle."""
    table_sql = BaseSchemaGenerator._get_table_sql  # noqa: SLF001 - what is to be mended
    create = BaseSchemaGenerator.get_create_schema_sql

    def unordered(*arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        return {**table_sql(*arguments, **options), "references": set()}

    def script(generator: BaseSchemaGenerator, safe: bool = True) -> str:  # noqa: FBT001, FBT002 - Tortoise's
        try:
            return create(generator, safe)
        except ConfigurationError as error:
            if "cyclic" not in str(error):
                raise
        with mock.patch.object(BaseSchemaGenerator, "_get_table_sql", unordered):
            made = create(generator, safe)
        return {"postgres": _keys_last, "mysql": _unchecked}.get(kind, str)(made)

    with mock.patch.object(BaseSchemaGenerator, "get_create_schema_sql", script):
        yield


def _unchecked(script: str) -> str:
    return f"SET FOREIGN_KEY_CHECKS = 0;\n{script}\nSET FOREIGN_KEY_CHECKS = 1;"


async def make_tables(kind: str, *, mend_comments: bool) -> None:
    """Make the tables of the models in the open Tortoise context.

    Args:
        kind: The kind of database.
        mend_comments: Whether to mend comments too; Tortoise's own tool and aerich's write them
            with the same fault, which is not what they are tried for.
    """
    comments = _mended_comments() if mend_comments else nullcontext()
    with _mended_literals(kind), _any_order(kind), comments:
        await Tortoise.generate_schemas(safe=False)
