"""Transactions that are retried after deadlocks, and compiled queries."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cached_property, wraps
from typing import Any, Generic, ParamSpec, TypeVar, cast
from uuid import UUID

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from app.database import driver

TRIES = 3
PAUSE_SECONDS = 0.05

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Row = TypeVar("Row", bound=Model)


def transactional(
    work: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Awaitable[Result]]:
    """Run a function in a transaction: all its writes are stored, or none.

    After a deadlock or a serialization failure the function is called again, at most three times.
    So it must have no effects outside the database, and should write before it reads. Inside
    another transactional function it joins that one's transaction.
    """

    @wraps(work)
    async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if isinstance(Tortoise.get_connection("default"), TransactionalDBClient):
            return await work(*args, **kwargs)
        for number in range(TRIES - 1):
            try:
                async with in_transaction():
                    return await work(*args, **kwargs)
            except driver.UNAVAILABLE as error:
                if not driver.must_retry(error):
                    raise
            # The other transaction goes first: without a pause this one may take its lock again.
            await asyncio.sleep(PAUSE_SECONDS * 2**number)
        async with in_transaction():
            return await work(*args, **kwargs)

    return run


SAMPLES: dict[type, tuple[Any, Any]] = {
    UUID: (UUID(int=0), UUID(int=1)),
    datetime: (datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)),
    str: ("", "a"),
    int: (0, 1),
}
"""Two values of each type: the SQL parameters that differ between them belong to the value."""


class CompiledQuery(Generic[Row]):
    """A query for each request, whose SQL Tortoise builds only once: `fetch` returns its rows.

    Building the SQL may take longer than the database takes to run it. To find which SQL
    parameters belong to which argument, the query is built with two sample values of each.

    Args:
        build: Returns the query for the parameters, which are passed by name.
        types: The types of the parameters.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **types: type) -> None:
        self.build = build
        self.types = types

    async def fetch(self, **values: object) -> list[Row]:
        """Return the rows for these values of the parameters."""
        query, sql, sample, places = self._compiled
        encoded = list(sample)
        for place, name in places.items():
            is_text = isinstance(sample[place], str)  # some databases store UUIDs as text
            encoded[place] = str(values[name]) if is_text else values[name]
        connection = Tortoise.get_connection("default")
        executor = connection.executor_class(
            query.model,
            connection,
            select_related_idx=cast("Any", query._select_related_idx),  # noqa: SLF001
        )
        return cast("list[Row]", await executor.execute_select(sql, encoded))

    @cached_property
    def _compiled(self) -> tuple[QuerySet[Row], str, list[object], dict[int, str]]:
        """The query, its SQL, the parameters of a sample, and the names of those that vary."""
        first = {name: SAMPLES[kind][0] for name, kind in self.types.items()}
        query, sql, sample = self._sql(first)
        places = {
            place: name
            for name, kind in self.types.items()
            for place, value in enumerate(self._sql(first | {name: SAMPLES[kind][1]})[2])
            if value != sample[place]
        }
        return query, sql, sample, places

    def _sql(self, values: dict[str, Any]) -> tuple[QuerySet[Row], str, list[object]]:
        query = self.build(**values)
        query._make_query()  # noqa: SLF001 - as Tortoise's `sql()` does
        sql, parameters = query.query.get_parameterized_sql()
        return query, sql, list(parameters)
