"""Rows that are drawn, inserted as the service would."""

from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import Any

from tortoise.exceptions import IntegrityError

from tests.service.schema.rows import forget_statements, models
from tests.service.schema.sequences.schema import INTEGERS, KEYS, Field, Model, Schema, shape
from tests.service.schema.sequences.values import value


async def insert_rows(rng: Random, schema: Schema, chosen: Iterable[Model]) -> list[str]:
    """Insert a row of each model that was chosen, and a link of each of its relations.

    A row that a unique constraint forbids, or that has nothing to refer to, is left out.

    Returns:
        The inserted rows, in words.
    """
    forget_statements()
    words = []
    for model in chosen:
        values = {each.attribute: await _value(rng, schema, each) for each in model.columns}
        needed = {each.attribute for each in model.columns if not each.is_null}
        for each in model.columns:
            is_left_out = (each.default or each.db_default) and rng.random() < 0.4
            if is_left_out or (each == model.key and each.kind in INTEGERS):
                del values[each.attribute]
        if any(values.get(name, name) is None for name in needed):
            continue
        with suppress(IntegrityError):
            await models()[model.name].create(**values)
            words.append(f"  inserted into {model.table}: {values!r}")
        with suppress(IntegrityError):
            await _link(rng, model)
    return words


async def _value(rng: Random, schema: Schema, of: Field) -> Any:  # noqa: ANN401 - of any type
    if of.is_null and rng.random() < 0.3:
        return None
    if of.kind in KEYS:
        return await _a_row(rng, of.target)
    return value(rng, shape(schema, of))


async def _a_row(rng: Random, name: str) -> Any:  # noqa: ANN401 - as above
    """Return the primary key of a row, if there is one."""
    there = await models()[name].all().order_by("id").values_list("id", flat=True)
    return rng.choice([*there]) if there else None


async def _link(rng: Random, model: Model) -> None:
    for link in model.links:
        left, right = await _a_row(rng, model.name), await _a_row(rng, link.target)
        if left is not None and right is not None:
            row = await models()[model.name].get(pk=left)
            await getattr(row, link.name).add(await models()[link.target].get(pk=right))
