"""Tables as Tortoise makes them from models, with the faults of its generator mended.

Tortoise escapes as MySQL does on every database: SQLite and PostgreSQL know no
backslash in a text, so a quotation mark in a default is a syntax error there
and a backslash or a line break arrives as two characters. It has no literal
for bytes. On SQLite it also refuses keys in a circle, which the database takes
in any order.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from tortoise import Tortoise
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.backends.base_postgres.schema_generator import BasePostgresSchemaGenerator
from tortoise.converters import encoders
from tortoise.fields import BooleanField, DecimalField


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


class _Decimal(DecimalField._db_sqlite):  # noqa: SLF001
    """What Tortoise asks for the type of a decimal in SQLite."""

    def __init__(self, field: DecimalField[Any]) -> None:
        self.field = field

    @property
    def SQL_TYPE(self) -> str:  # type: ignore[override]
        return f"DECIMAL_TEXT({self.field.max_digits},{self.field.decimal_places})"


@contextmanager
def _types_that_tell(kind: str) -> Iterator[None]:
    """Let the types of SQLite tell decimals and booleans from texts and numbers."""
    if kind != "sqlite":
        yield
        return
    with (
        mock.patch.object(DecimalField, "_db_sqlite", _Decimal),
        mock.patch.object(BooleanField._db_sqlite, "SQL_TYPE", "BOOLEAN"),  # noqa: SLF001
    ):
        yield


@contextmanager
def _any_order(kind: str) -> Iterator[None]:
    """Let the tables of SQLite refer to tables that come later."""
    original = BaseSchemaGenerator._get_table_sql  # noqa: SLF001 - what is to be mended

    def unordered(*arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        return {**original(*arguments, **options), "references": set()}

    if kind != "sqlite":
        yield
        return
    with mock.patch.object(BaseSchemaGenerator, "_get_table_sql", unordered):
        yield


async def make_tables(kind: str, *, is_strict: bool) -> None:
    """Make the tables of the models in the open Tortoise context.

    Args:
        kind: The kind of database.
        is_strict: Whether to mend comments and types too; Tortoise's own tool and aerich's write
            them with the same fault, which is not what they are tried for.
    """
    comments = _mended_comments() if is_strict else nullcontext()
    types = _types_that_tell(kind) if is_strict else nullcontext()
    with _mended_literals(kind), _any_order(kind), comments, types:
        await Tortoise.generate_schemas(safe=False)
