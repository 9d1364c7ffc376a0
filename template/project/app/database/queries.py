"""Transactions that can be run again, and queries whose SQL is built once."""

from collections.abc import Awaitable, Callable
from functools import cached_property, wraps
from typing import Any, Generic, ParamSpec, TypeVar, cast

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from app.database import driver

TRIES = 3

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Row = TypeVar("Row", bound=Model)


def transactional(
    work: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Awaitable[Result]]:
    """Run all writes of a function as one: all are stored or none.

    A deadlock or a serialization failure undoes the transaction, and the function is called again,
    three times at most. So it must only write to the database, and should write before it reads.
    Inside of another such function it is part of that one's transaction.
    """

    @wraps(work)
    async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if isinstance(Tortoise.get_connection("default"), TransactionalDBClient):
            return await work(*args, **kwargs)
        for _ in range(TRIES - 1):
            try:
                async with in_transaction():
                    return await work(*args, **kwargs)
            except driver.UNAVAILABLE as error:
                if not driver.must_retry(error):
                    raise
        async with in_transaction():
            return await work(*args, **kwargs)

    return run


class Statement(Generic[Row]):
    """A query whose SQL Tortoise builds once: with a join, that takes longer than to run it.

    Args:
        build: Returns the query with any values in it; it is called at the first run.
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self.build = build

    @cached_property
    def _compiled(self) -> tuple[QuerySet[Row], str]:
        query = self.build()
        return query, query.sql()

    async def run(self, *values: object) -> list[Row]:
        """Return the rows for these values, which stand in the order of the query's filters."""
        query, sql = self._compiled
        connection = Tortoise.get_connection("default")
        executor = connection.executor_class(
            query.model,
            connection,
            select_related_idx=cast("Any", query._select_related_idx),  # noqa: SLF001
        )
        return cast("list[Row]", await executor.execute_select(sql, list(values)))
