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

from tests.service.schema import dialects


def _standard_comment(_: BasePostgresSchemaGenerator, comment: str) -> str:
    return comment.replace("'", "''")


@contextmanager
def _mended_comments() -> Iterator[None]:
    with mock.patch.object(BasePostgresSchemaGenerator, "_escape_comment", _standard_comment):
        yield


@contextmanager
def _any_order() -> Iterator[None]:
    """Let tables refer to tables that come later."""
    original = BaseSchemaGenerator._get_table_sql  # noqa: SLF001 - what is to be mended

    def unordered(*arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        return {**original(*arguments, **options), "references": set()}

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
    dialect = dialects.named(kind)
    types = dialect.declared_types() if is_strict else nullcontext()
    literals = mock.patch.dict(encoders, dialect.literals)
    order = _any_order() if dialect.refers_ahead else nullcontext()
    with literals, order, comments, types:
        await Tortoise.generate_schemas(safe=False)
