"""PostgreSQL."""

from tests.options.conftest import Mutate
from tests.options.database.common import DatabaseAnswer

ANSWER = DatabaseAnswer(
    name="database/postgres",
    title="PostgreSQL",
    driver="asyncpg",
    url="postgres://postgres@127.0.0.1:5432/{}",
    helper="postgres_casts",
    words="postgres|asyncpg",
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
