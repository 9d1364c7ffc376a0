"""Tables as Tortoise makes them from models, with the faults of its generator corrected.

Tortoise escapes as MySQL does on every database: SQLite and PostgreSQL know no
backslash in a text, so a quotation mark in a default is a syntax error there
and a backslash or a line break arrives as two characters. It has no literal
for bytes. It also refuses keys in a circle: SQLite takes tables in any order, MySQL
does without a look at keys, and PostgreSQL is given such keys after all tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from tortoise import Tortoise
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.backends.base_postgres.schema_generator import BasePostgresSchemaGenerator
from tortoise.converters import encoders
from tortoise.exceptions import ConfigurationError

from tests.service.schema import dialects


def _standard_comment(_: BasePostgresSchemaGenerator, comment: str) -> str:
    return comment.replace("'", "''")


@contextmanager
def _mended_comments() -> Iterator[None]:
    with mock.patch.object(BasePostgresSchemaGenerator, "_escape_comment", _standard_comment):
        yield


@contextmanager
def _any_order(script_of: Callable[[str], str]) -> Iterator[None]:
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
            return script_of(create(generator, safe))

    with mock.patch.object(BaseSchemaGenerator, "get_create_schema_sql", script):
        yield


async def make_tables(kind: str, *, is_strict: bool) -> None:
    """Make the tables of the models in the open Tortoise context.

    Args:
        kind: The kind of database.
        is_strict: Whether to correct comments and types too; Tortoise's own tool and aerich's write
            them with the same fault, which is not what they are tried for.
    """
    comments = _mended_comments() if is_strict else nullcontext()
    dialect = dialects.named(kind)
    types = dialect.declared_types() if is_strict else nullcontext()
    literals = mock.patch.dict(encoders, dialect.literals)
    with literals, _any_order(dialect.circular_script), comments, types:
        await Tortoise.generate_schemas(safe=False)
