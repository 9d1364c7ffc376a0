"""Transactions that the database may ask to run again."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from tortoise.transactions import in_transaction

from app.core import dialect

TRIES = 3

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def transactional(
    work: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Awaitable[Result]]:
    """Run all writes of a function as one: all are stored or none.

    A deadlock or a serialization failure undoes the transaction, and the
    function is called again, three times at most. So it must only write to the
    database, and should write before it reads.
    """

    @wraps(work)
    async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        for _ in range(TRIES - 1):
            try:
                async with in_transaction():
                    return await work(*args, **kwargs)
            except dialect.UNAVAILABLE as error:
                if not dialect.must_retry(error):
                    raise
        async with in_transaction():
            return await work(*args, **kwargs)

    return run
