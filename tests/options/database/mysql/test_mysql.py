"""MySQL or MariaDB."""

from tests.options.conftest import Mutate
from tests.options.database.common import DatabaseAnswer

ANSWER = DatabaseAnswer(
    name="database/mysql",
    title="MySQL",
    driver="asyncmy",
    url="mysql://root@127.0.0.1:3306/{}",
    helper="mysql_statements",
    words="mysql|mariadb|asyncmy",
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    mutate(ANSWER)
