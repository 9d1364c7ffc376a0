"""SQLite: a file, nothing to install."""

from tests.options.conftest import Mutate
from tests.options.database.common import DatabaseAnswer

ANSWER = DatabaseAnswer(
    name="database/sqlite",
    title="SQLite",
    driver="aiosqlite",
    url="sqlite://db.sqlite3",
    helper="sqlite_tables",
    words="sqlite",
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
