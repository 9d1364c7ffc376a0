"""Models that only MySQL can hold."""

from collections.abc import Iterator

from tests.service.schema.model_text import model, raw


def models() -> Iterator[str]:
    """Yield models."""
    yield raw([
        "INT UNSIGNED", "MEDIUMINT", "TINYINT", "TINYINT(4)", "BIGINT UNSIGNED", "BIT(8)", "YEAR",
        "ENUM('a','b')", "SET('x','y')", "ENUM('it''s','a,b','(')", "DATETIME", "TIMESTAMP NULL",
        "CHAR(10) CHARACTER SET latin1", "VARCHAR(50) COLLATE utf8mb4_general_ci", "VARBINARY(16)",
        "DECIMAL(10,2) UNSIGNED", "DECIMAL", "TINYTEXT", "MEDIUMBLOB", "FLOAT", "GEOMETRY", "POINT",
        "INT UNSIGNED ZEROFILL", "TIME", "BINARY(5)", "TEXT", "BLOB", "FLOAT(7,3)", "DOUBLE(10,2)",
        "TIME(3)", "NUMERIC(5)", "BOOLEAN", "INTEGER", "VARCHAR(5) CHARACTER SET ascii",
    ])  # fmt: skip
    yield model(
        "Found",
        [
            "title = fields.CharField(100)",
            'body = fields.TextField(source_field="Body")',
            "place = GeometryField()",
            "spot = GeometryField(null=True)",
            "token = BinaryUUIDField()",
            "text_token = BinaryUUIDField(binary_compression=False, null=True, unique=True)",
        ],
        [
            (
                'indexes = [FullTextIndex(fields=("title", "body")),'
                ' FullTextIndex(fields=("title",), name="by_title"),'
                ' SpatialIndex(fields=("place",))]'
            )
        ],
    )
    yield model(
        "Packed",
        [
            "id = BinaryUUIDField(primary_key=True)",
            'of = fields.ForeignKeyField("models.Packed", related_name=False, null=True)',
        ],
    )
    yield model(
        "Defaults",
        [
            'a = fields.IntField(db_default=SqlDefault("(1 + 1)"))',
            "b = fields.CharField(40, db_default=RandomHex())",
            'c = fields.DateField(db_default=SqlDefault("(CURRENT_DATE)"))',
            'd = fields.TextField(null=True, db_default=SqlDefault("NULL"))',
            "e = fields.JSONField(db_default=SqlDefault(\"('{}')\"))",
            'f = fields.CharField(36, db_default=SqlDefault("(uuid())"))',
            (
                'g = fields.DatetimeField(db_default=SqlDefault("CURRENT_TIMESTAMP(6)'
                ' ON UPDATE CURRENT_TIMESTAMP(6)"))'
            ),
            'h = fields.DatetimeField(null=True, db_default=SqlDefault("NOW(6)"))',
            "i = raw('DATETIME')(db_default=SqlDefault(\"CURRENT_TIMESTAMP\"))",
            (
                "j = raw('TIMESTAMP')(db_default=SqlDefault(\"CURRENT_TIMESTAMP"
                ' ON UPDATE CURRENT_TIMESTAMP"))'
            ),
            "k = raw('BIT(2)')(db_default=SqlDefault(\"b'10'\"))",
            "l = raw('VARBINARY(9)')(db_default=SqlDefault(\"unhex('00ff')\"))",
        ],
    )
    yield model(
        "Computed",
        [
            "a = fields.IntField()",
            (
                "b = raw('INT', generated_sql='GENERATED ALWAYS AS (`a` + 1) STORED')"
                "(generated=True, null=True)"
            ),
            (
                "c = raw('VARCHAR(20)', generated_sql='GENERATED ALWAYS AS (concat(`a`, \"x\"))"
                " VIRTUAL')"
                "(generated=True, null=True, description='computed')"
            ),
            "d = raw('INT CHECK (`d` > 0)')(null=True)",
        ],
    )
    yield model(
        "Indexed",
        ["a = fields.CharField(20)", "b = fields.IntField()"],
        ['indexes = [Index(fields=("a",)), Index(fields=("a", "b"), name="a_b")]'],
    )
