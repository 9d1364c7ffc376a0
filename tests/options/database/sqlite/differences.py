"""Tables that only SQLite can tell apart."""

from tests.service.schema.alike import PLAIN
from tests.service.schema.dialects import Difference

DIFFERENCES = {
    "AUTOINCREMENT": Difference(
        ['CREATE TABLE "one" ("id" INTEGER NOT NULL PRIMARY KEY)'],
        ['CREATE TABLE "one" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT)'],
        "one: options is '', not 'AUTOINCREMENT'",
    ),
    "a collation": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", "(20) COLLATE NOCASE")],
        "one.a: collation is '', not 'NOCASE'",
    ),
    "the condition of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 1'],
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 2'],
        "one: index (a) where b = 2 is missing",
    ),
    "the expression of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" (lower("a"))'],
        [PLAIN, 'CREATE INDEX "i" ON "one" (upper("a"))'],
        "one: index (upper a) is missing",
    ),
}
