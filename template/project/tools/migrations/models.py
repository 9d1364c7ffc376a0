"""Tables as Tortoise's models describe them."""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.converters import escape_item
from tortoise.fields import BinaryField, BooleanField, Field, TimeDeltaField
from tortoise.fields.data import IntEnumFieldInstance
from tortoise.models import Model

from tools.migrations import dialect
from tools.migrations.catalogue import Column
from tools.migrations.refusal import Refused, refusing

AERICH = "aerich"
"""The table in which aerich records what it applied, and Tortoise's module of that name."""
MEMBER = re.compile(r"[^\W\d]\w*: (.*)")
"""A member of an enum in the description that Tortoise writes."""
EMPTY: tuple[Callable[[], Any], ...] = (dict, list, str, int, float, bool)
"""Callable defaults whose result is the same for every row."""


async def create_tables(connection: BaseDBAsyncClient) -> None:
    """Create the tables of all models in an empty database, with Tortoise's statements.

    Bugs of Tortoise are worked around here: circular foreign keys, quotes and backslashes in
    defaults and comments, and columns of an index that are not named like their fields.

    Raises:
        Refused: A model has constraints that Tortoise does not create, or a name with a dot.
    """
    for model in models():
        if "." in model._meta.db_table:
            raise Refused(
                f"{model.__name__}: a table name must not contain a dot; use Meta.schema."
            )
        if model._meta.constraints:
            raise Refused(
                f"{model.__name__} has Meta.constraints, which Tortoise does not create: use"
                " unique=True or unique_together, or write them in a file from --empty."
            )
    generator = type("Generator", (_Generator, connection.schema_generator), {})(connection)
    for statement in generator.statements():
        await connection.execute_script(statement)


def models() -> Iterator[type[Model]]:
    """Return the models that are registered with Tortoise, without aerich's own."""
    for app in (Tortoise.apps or {}).values():
        yield from (model for model in app.values() if model._meta.db_table != AERICH)


def default_of(table: str, column: str) -> str | None:
    """Return the model's default as SQL, if it is the same for every row."""
    model, field = _field(table, column) or (None, None)
    if not model or not field:
        return None
    value = field.default
    if value in EMPTY:
        value = value()
    if value is None or callable(value):
        return None
    return literal(_to_database(field, value, model))


def first_member(column: Column) -> str | None:
    """Return the first member of an enum as SQL, if the column's comment lists its members.

    That is what Tortoise describes a field of an enum with, unless the model does.
    """
    members = [MEMBER.fullmatch(line) for line in column.remark.splitlines()]
    first = members[0] if members and all(members) else None
    if first is None:
        return None
    if dialect.family(column.type) == "text":
        return literal(first[1])
    is_number = dialect.family(column.type) == "integer" and re.fullmatch(r"-?\d+", first[1])
    return first[1] if is_number else None


def value_of(table: str, column: str, text: str) -> str:
    """Return a typed value as SQL, if the model's field accepts it.

    Raises:
        Refused: The field does not accept it.
    """
    model, field = _field(table, column) or (None, None)
    if not model or not field:
        return literal(text)
    with refusing(f"{text!r} is not a value of {table}.{column}"):
        if isinstance(field, BooleanField):
            return literal(_boolean(text))
        if isinstance(field, BinaryField):
            return literal(text.encode())
        is_number = isinstance(field, IntEnumFieldInstance | TimeDeltaField)  # in microseconds
        try:
            value = field.to_python_value(int(text) if is_number else text)
        except ArithmeticError as error:
            raise ValueError("it is not a number, or has more digits than the field") from error
        return literal(_to_database(field, value, model))


def _to_database(field: Field[Any], value: object, model: type[Model]) -> object:
    """Return the value for the driver, without Tortoise's warnings on time zones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return field.to_db_value(value, model)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("write true or false")
    return text.lower() == "true"


def _field(table: str, column: str) -> tuple[type[Model], Field[Any]] | None:
    for model in models():
        if dialect.table_name(model._meta.schema, model._meta.db_table) == table:
            for name, projected in model._meta.fields_db_projection.items():
                if projected == column:
                    return model, model._meta.fields_map[name]
    return None


def literal(value: object) -> str:
    """Return a value as SQL."""
    if isinstance(value, bool):
        return dialect.BOOLEANS[value]
    is_text = isinstance(value, Decimal) and dialect.DECIMALS_ARE_TEXTS
    if isinstance(value, int | float | Decimal) and not is_text:
        return str(value)
    if isinstance(value, bytes):
        return dialect.binary(value)
    if isinstance(value, datetime) and value.tzinfo and not dialect.HAS_ZONES:
        value = value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, time) and not dialect.HAS_ZONES:
        value = value.replace(tzinfo=None)
    return dialect.text(str(value))


class _Generator(BaseSchemaGenerator):
    """Corrections of Tortoise's schema generator; a mixin before that of the database."""

    _table = ""
    _type = ""
    _keys: list[str]

    def statements(self) -> list[str]:
        """Return the statements; tables in any order, foreign keys last."""
        self._keys = []
        described = [
            self._get_table_sql(model, safe=False)
            for model in self._get_models_to_create()
            if model._meta.db_table != AERICH
        ]
        schemas = dict.fromkeys(each["model"]._meta.schema for each in described)
        return [
            *dialect.BEFORE_TABLES,
            *(self._get_schema_create_sql(schema, safe=True) for schema in schemas if schema),
            *(each["table_creation_string"] for each in described),
            *(table for each in described for table in each["m2m_tables"]),
            *self._keys,
        ]

    def _get_table_sql(self, model: type[Model], safe: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - Tortoise's
        self._table = self._qualify_table_name(model._meta.db_table, model._meta.schema)
        return super()._get_table_sql(model, safe)

    def _get_field_sql_and_related_table(  # noqa: PLR0913 - Tortoise's
        self,
        field_object: Field[Any],
        table_name: str,
        column_name: str,
        default: str,
        comment: str,
        schema: str | None = None,
    ) -> tuple[str, str]:
        self._type = dialect.type_of(field_object)
        made = super()._get_field_sql_and_related_table(
            field_object, table_name, column_name, default, comment, schema
        )
        self._type = ""
        return made

    def _create_string(  # noqa: PLR0913 - Tortoise's
        self,
        db_column: str,
        field_type: str,
        nullable: str,
        unique: str,
        is_primary_key: bool,  # noqa: FBT001 - Tortoise's
        comment: str,
        default: str,
    ) -> str:
        type_ = self._type or field_type
        return super()._create_string(
            db_column, type_, nullable, unique, is_primary_key, comment, default
        )

    def _get_pk_field_sql_type(self, pk_field: Field[Any]) -> str:
        return dialect.type_of(pk_field) or super()._get_pk_field_sql_type(pk_field)

    def _create_fk_string(  # noqa: PLR0913 - Tortoise's
        self,
        constraint_name: str,
        db_column: str,
        table: str,
        field: str,
        on_delete: str,
        comment: str,
    ) -> str:
        inline = super()._create_fk_string(
            constraint_name, db_column, table, field, on_delete, comment
        )
        if not constraint_name or not dialect.FOREIGN_KEYS_LAST:
            return inline
        column, references = self.quote(db_column), inline.removesuffix(comment)
        self._keys.append(f"ALTER TABLE {self._table} ADD FOREIGN KEY ({column}){references}")
        return comment

    def _escape_default_value(self, default: Any) -> str:  # noqa: ANN401 - any value of a field
        dialect.refuse_unstorable(str(default))
        is_corrected = isinstance(default, str | bytes | bool)
        return literal(default) if is_corrected else str(escape_item(default))

    def _escape_comment(self, comment: str) -> str:
        return dialect.comment(comment, super()._escape_comment)

    def _get_index_sql(  # noqa: PLR0913 - Tortoise's
        self,
        model: type[Model],
        field_names: Sequence[str],
        safe: bool,  # noqa: FBT001 - Tortoise's
        index_name: str | None = None,
        index_type: str | None = None,
        extra: str | None = None,
    ) -> str:
        fields = model._meta.fields_map
        name = index_name or self._get_index_name("idx", model, field_names)
        columns = [
            (fields[each].source_field or each) if each in fields else each for each in field_names
        ]
        return super()._get_index_sql(model, columns, safe, name, index_type, extra)
