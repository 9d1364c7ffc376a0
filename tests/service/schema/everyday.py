"""The changes that `make test` tries: common ones, and one of each kind that tools fail at.

SQLite tries them all. The servers, which spend most of the time on making databases, divide among
them what every database can do. `python -m tests.service.schema.trial` tries all cases.
"""

from itertools import cycle

from tests.service.schema.case import Case
from tests.service.schema.cases import CASES
from tests.support import databases

COLUMNS = (
    "add a column that may be null",
    "add a nullable column of every type",
    "add a column to another part's table",
    "add a boolean with a Python default",
    "add a NOT NULL column without any default",
    "add a NOT NULL column without any default to an empty table",
    "add a NOT NULL column and say what fills it",
    "add a unique NOT NULL column and fill it with different values",
    "add a unique column with a db_default that all rows would share",
    "drop a column that may be null",
    "drop NOT NULL columns of many types",
    "drop a column with an index",
    "drop a column that is unique together with a key",
    "drop one column and add another of the same type",
)
DEFAULTS = (
    "a quotation mark in db_default",
    "any character in db_default",
    "a semicolon and a line break in db_default",
    "a JSON object in db_default",
    "db_default is the clock",
    "Python defaults of every type",
    "a Python default that is a dict",
    "a Python default that is a function",
    "db_default comes to a column",
    "db_default goes from a column",
    "the db_default of a JSON column changes",
    "the Python default of a JSON column changes",
    "a comment with any character",
    "a comment goes",
    "a table's comment changes",
    "a docstring changes",
)
TYPES = (
    "a text column gets wider",
    "a text column of a table that others hang on gets wider",
    "a text column gets narrower",
    "a text column gets too narrow",
    "a row comes that only the wider column takes",
    "a short text becomes a long one",
    "a long text becomes too short a one",
    "a number gets bigger",
    "a number gets too small",
    "a decimal gets more places",
    "a decimal gets fewer places than its values have",
    "the length of an enum grows with a member",
    "the primary key of a table that others refer to gets bigger",
    "the primary keys of all tables get bigger at once",
    "a number as primary key becomes a UUID",
    "text becomes a number",
    "text that is no number becomes one",
    "a number becomes text",
    "a float becomes a text",
    "a float becomes a decimal of fewer places",
    "NULL is forbidden, and what fills it is NULL too",
    "text becomes JSON",
    "text that is no JSON becomes JSON",
    "text becomes a UUID",
    "a number becomes a boolean",
    "a datetime becomes a date",
    "NULL is forbidden where rows have it",
    "NULL is forbidden where no row has it",
    "NULL is forbidden and a text said that fills it",
    "NULL is allowed",
    "a NULL comes after it is allowed",
)
INDEXES = (
    "a column becomes unique",
    "a column with duplicates becomes unique",
    "a column is not unique any more",
    "an index becomes a unique constraint",
    "a unique constraint becomes an index",
    "an index on a column comes",
    "an index on a column goes",
    "unique_together comes",
    "unique_together goes, which covers a key",
    "unique_together over a key comes",
    "unique_together gets another column",
    "a text of an index becomes a long one, and the index goes",
    "an index over columns gets another order",
    "an index over a key goes",
    "an index gets another name",
    "a partial index comes",
    "a partial index changes its condition",
    "an index over an expression stays when its table changes",
    "a GIN index over JSON comes",
    "a full-text index comes",
)
KEYS = (
    "add a key to another part's table",
    "add a key to the same table",
    "add a NOT NULL key",
    "add a table with keys to another part's and to itself",
    "add two tables with keys in a circle",
    "close a circle of keys between tables that are there",
    "add tables whose primary key is a one-to-one",
    "drop a key that may be null",
    "drop a NOT NULL key that is unique together",
    "on delete: SET NULL becomes CASCADE",
    "on delete: CASCADE becomes SET NULL, and NULL is allowed",
    "a key loses its constraint",
    "a key gets its constraint where a row refers to nobody",
    "a key refers to another table",
    "a key refers to another table with keys of another size",
    "a key with duplicates becomes a one-to-one",
    "a one-to-one becomes a key",
    "add a many-to-many to another part",
    "add a many-to-many with a model between",
    "drop a many-to-many",
    "the table of a many-to-many becomes a model with a number",
)
NAMES = (
    "add a table",
    "drop a table",
    "drop a table that another refers to",
    "drop all tables of the part",
    "drop one table and add another of the same columns",
    "a model moves to another module",
    "an enum gets another name",
    "a table in a schema of its own changes",
    "rename a column",
    "rename a column that is unique together",
    "rename a column of a partial index",
    "rename a key that is unique together",
    "rename a primary key that others refer to",
    "rename a column and change its family of types",
    "rename a column and give its old name to a new one",
    "rename a table with keys to itself, indexes and a many-to-many",
    "rename a table, its model and the table of its many-to-many",
    "rename a table and one of its columns",
    "a table of reserved words changes",
    "a table of strange names changes its types",
    "a table with the longest name changes",
    "a dozen changes of one table",
    "all tables change at once, and new ones refer to them",
    "a parent of rows that are deleted with it changes thrice",
    "one of several changes is forbidden by rows",
    "a table with columns of an owner's own types changes",
)
_BY_NAME = {case.name: case for case in CASES}
EVERYDAY: tuple[Case, ...] = tuple(
    _BY_NAME[name] for name in (*COLUMNS, *DEFAULTS, *TYPES, *INDEXES, *KEYS, *NAMES)
)


def divided(database: str) -> list[Case]:
    """Return the everyday changes that this database tries."""
    if not databases.named(database).server:
        return [*EVERYDAY]
    turns = cycle(each.name for each in databases.with_servers())
    return [case for case in EVERYDAY if _differs(case) or next(turns) == database]


def _differs(case: Case) -> bool:
    """Return whether databases differ in what they can do, or in what they refuse."""
    refusing = {*case.refused, *case.may_refuse}
    return case.only != databases.NAMES or refusing not in (set(), {*databases.NAMES})
