"""Tables that only PostgreSQL can tell apart."""

from tests.service.schema.alike import KEY, ONE, OTHER, PLAIN
from tests.service.schema.dialects import Difference

DIFFERENCES = {
    "the sequence of a primary key": Difference(
        ['CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)'],
        [
            'CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)',
            'ALTER SEQUENCE "one_id_seq" OWNED BY NONE',
        ],
        "one.id: generated is 'sequence, integer', not 'sequence, not its own'",
    ),
    "the size of a sequence": Difference(
        ['CREATE TABLE "one" ("id" BIGSERIAL PRIMARY KEY)'],
        [
            'CREATE TABLE "one" ("id" SERIAL PRIMARY KEY)',
            'ALTER TABLE "one" ALTER "id" TYPE BIGINT',
        ],
        "one.id: generated is 'sequence, bigint', not 'sequence, integer'",
    ),
    "a comment": Difference(
        [PLAIN],
        [PLAIN, """COMMENT ON COLUMN "one"."a" IS 'it''s'"""],
        "one.a: comment is '', not \"it's\"",
    ),
    "a table's comment": Difference(
        [PLAIN],
        [PLAIN, "COMMENT ON TABLE \"one\" IS 'x'"],
        "one: comment is '', not 'x'",
    ),
    "a collation": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", '(20) COLLATE "C"')],
        "one.a: collation is '', not 'C'",
    ),
    "the method of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a")'],
        [PLAIN, 'CREATE INDEX "i" ON "one" USING hash ("a")'],
        "one: index (a) by hash is missing",
    ),
    "the condition of an index": Difference(
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 1'],
        [PLAIN, 'CREATE INDEX "i" ON "one" ("a") WHERE "b" = 2'],
        "one: index (a) where b = 2 is missing",
    ),
    "a key that was not checked": Difference(
        [OTHER, ONE.format(KEY)],
        [OTHER, PLAIN, f'ALTER TABLE "one" ADD{KEY[1:]} NOT VALID'],
        "not checked is missing",
    ),
    "a schema": Difference(
        ["CREATE SCHEMA s", 'CREATE TABLE s."one" (id INT)'],
        ["CREATE SCHEMA s", 'CREATE TABLE "one" (id INT)'],
        "table s.one should not be there",
    ),
}
