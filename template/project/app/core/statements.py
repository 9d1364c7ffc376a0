"""Queries that run at every request, written once."""

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar, cast

from tortoise import Tortoise
from tortoise.models import Model
from tortoise.queryset import QuerySet

Row = TypeVar("Row", bound=Model)


class Statement(Generic[Row]):
    """A query whose SQL Tortoise builds once.

    With a join or two, building it takes several times as long as running it.

    Args:
        build: Returns the query with any values in it; it is called at the first run.
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self.build = build

    @cached_property
    def _compiled(self) -> tuple[type[Row], str]:
        query = self.build()
        return query.model, query.sql()

    async def run(self, *values: object) -> list[Row]:
        """Return the rows for these values, which stand in the order of the query's filters."""
        model, sql = self._compiled
        connection = Tortoise.get_connection("default")
        executor = connection.executor_class(model, connection)
        return cast("list[Row]", await executor.execute_select(sql, list(values)))
