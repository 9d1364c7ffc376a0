"""Models that only SQLite can hold."""

from collections.abc import Iterator

from tests.service.schema.model_text import model, partial, raw


def models() -> Iterator[str]:
    """Yield models."""
    yield raw([
        "NVARCHAR(10)", "DOUBLE", "NUMERIC(10,5)", "BOOLEAN", "CLOB", "TEXT COLLATE NOCASE",
        "UNSIGNED BIG INT", "INTEGER", "VARCHAR(9) CHECK (1 = 1)", "decimal(3, 1)", "character(20)",
    ])  # fmt: skip
    yield model(
        "Computed",
        [
            "a = fields.IntField()",
            (
                "b = raw('INT', generated_sql='GENERATED ALWAYS AS (\"a\" + 1) STORED')"
                "(generated=True)"
            ),
            (
                "c = raw('INT', generated_sql='GENERATED ALWAYS AS (\"a\" * 2) VIRTUAL')"
                "(generated=True, null=True)"
            ),
        ],
    )
    yield model(
        "Defaults",
        [
            'a = fields.IntField(db_default=SqlDefault("(1 + 1)"))',
            "b = fields.CharField(40, db_default=RandomHex())",
            'c = fields.DateField(db_default=SqlDefault("CURRENT_DATE"))',
            'd = fields.TextField(null=True, db_default=SqlDefault("NULL"))',
            "e = fields.CharField(20, db_default=SqlDefault(\"(lower('A' || ','))\"))",
        ],
    )
    yield partial("")
