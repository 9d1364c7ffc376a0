"""Columns that are added and dropped."""

from tests.service.schema.case import Case, Options, everywhere
from tests.service.schema.models import add, drop, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING, ByRow

EVERY_TYPE = (
    "a_char = fields.CharField(max_length=10, null=True)",
    "a_text = fields.TextField(null=True)",
    "an_int = fields.IntField(null=True)",
    "a_bigint = fields.BigIntField(null=True)",
    "a_smallint = fields.SmallIntField(null=True)",
    "a_bool = fields.BooleanField(null=True)",
    "a_json = fields.JSONField(null=True)",
    "a_decimal = fields.DecimalField(max_digits=7, decimal_places=3, null=True)",
    "a_float = fields.FloatField(null=True)",
    "a_date = fields.DateField(null=True)",
    "a_datetime = fields.DatetimeField(null=True)",
    "a_time = fields.TimeField(null=True)",
    "a_delta = fields.TimeDeltaField(null=True)",
    "a_uuid = fields.UUIDField(null=True)",
    "a_binary = fields.BinaryField(null=True)",
    "a_kind = fields.CharEnumField(Kind, null=True)",
    "a_level = fields.IntEnumField(Level, null=True)",
)
LATER = row("Tag", name="later")
UNIQUE_TOGETHER = 'unique_together = (("project", "title"),)\n'

CASES = (
    Case(
        "add a column that may be null",
        add("tasks", "remark = fields.CharField(max_length=50, null=True)"),
        later=(LATER,),
    ),
    Case("add a nullable column of every type", add("tags", *EVERY_TYPE)),
    Case(
        "add a column to another part's table",
        add("users", "phone = fields.CharField(max_length=30, null=True)"),
    ),
    Case(
        "add a column to a table whose rows hang on others'",
        add("projects", "url = fields.CharField(max_length=200, null=True)"),
    ),
    Case(
        "add a boolean with a Python default",
        add("tags", "is_hidden = fields.BooleanField(default=False)"),
        values={"tags.is_hidden": False},
        later=(LATER,),
        fresh={"tags.is_hidden": False},
    ),
    Case(
        "add a NOT NULL column without any default",
        add("tags", "weight = fields.IntField()"),
        refused=everywhere("tags", "weight", "3"),
    ),
    Case(
        "add a NOT NULL text column without any default",
        add("tags", "label = fields.CharField(max_length=20)"),
        refused=everywhere("tags", "label", "3"),
    ),
    Case(
        "add a NOT NULL column without any default to an empty table",
        add("tags", "weight = fields.IntField()", "label = fields.CharField(max_length=20)"),
        is_empty=True,
    ),
    Case(
        "add a NOT NULL column and say what fills it",
        add("tags", "label = fields.CharField(max_length=20)"),
        options=Options(fills={"tags.label": "'it''s :so'"}),
        values={"tags.label": "it's :so"},
    ),
    Case(
        "add a NOT NULL column and fill it from another",
        add("tags", "label = fields.CharField(max_length=40)"),
        options=Options(fills={"tags.label": "upper(name)"}),
        values={"tags.label": ByRow({1: "RED", 2: "RED", 3: ANYTHING})},
    ),
    Case(
        "add a column that may be NULL and fill it from another",
        add("tags", "label = fields.CharField(max_length=40, null=True)"),
        options=Options(fills={"tags.label": "upper(name)"}),
        values={"tags.label": ByRow({1: "RED", 2: "RED", 3: ANYTHING})},
    ),
    Case(
        "two columns are filled, one from what the other was",
        replace(
            "colour = fields.CharField(max_length=20, null=True)",
            "colour = fields.CharField(max_length=20)",
        )
        + add("tags", "label = fields.CharField(max_length=20)"),
        options=Options(
            fills={"tags.colour": "'none'", "tags.label": "coalesce(colour, 'no colour')"}
        ),
        cells={"Tag.colour": {1: "#f00", 2: None, 3: ""}},
        values={
            "tags.colour": ByRow({2: "none"}),
            "tags.label": ByRow({1: "#f00", 2: "no colour", 3: ""}),
        },
        undone={"tags.colour": ByRow({2: "none"})},
    ),
    Case(
        "two columns that are there are filled, one from what the other was",
        replace(
            "note = fields.CharField(max_length=200, null=True)",
            "note = fields.CharField(max_length=200)",
        )
        + replace("body = fields.TextField(null=True)", "body = fields.TextField()"),
        options=Options(
            fills={"tasks.note": "'was empty'", "tasks.body": "coalesce(note, 'none')"}
        ),
        cells={"Task.note": {1: None, 2: "two", 3: None, 4: ""}, "Task.body": {1: None, 2: None}},
        values={
            "tasks.note": ByRow({1: "was empty", 3: "was empty"}),
            "tasks.body": ByRow({1: "none", 2: "two", 3: "none"}),
        },
        undone={
            "tasks.note": ByRow({1: "was empty", 3: "was empty"}),
            "tasks.body": ByRow({1: "none", 2: "two", 3: "none"}),
        },
    ),
    Case(
        "add a unique column that may be null",
        add("tags", "slug = fields.CharField(max_length=30, null=True, unique=True)"),
    ),
    Case(
        "add a unique column with a default that all rows would share",
        add("tags", 'slug = fields.CharField(max_length=30, unique=True, default="x")'),
        refused=everywhere("tags", "slug", "3"),
    ),
    Case(
        "add a unique column with a db_default that all rows would share",
        add("tags", "slug = fields.IntField(unique=True, null=True, db_default=7)"),
        refused=everywhere("tags", "slug", "3"),
    ),
    Case(
        "drop a unique column with a db_default that all rows would share again",
        replace("slug = fields.IntField(unique=True, null=True, db_default=7)", ""),
        before=add("tags", "slug = fields.IntField(unique=True, null=True, db_default=7)"),
        cells={"Tag.slug": {1: 10, 2: 20, 3: None}},
        undo_refused=everywhere("tags", "slug", "3"),
    ),
    Case(
        "add a unique NOT NULL column and fill it with different values",
        add("tags", "slug = fields.IntField(unique=True)"),
        options=Options(fills={"tags.slug": "id * 10"}),
        values={"tags.slug": ByRow({1: 10, 2: 20, 3: 30})},
    ),
    Case(
        "add a column with an index",
        add("tasks", "batch = fields.IntField(null=True, db_index=True)"),
    ),
    Case(
        "drop a column that may be null", drop("note = fields.CharField(max_length=200, null=True)")
    ),
    Case("drop a NOT NULL number", drop("position = fields.IntField()")),
    Case(
        "drop NOT NULL columns of many types",
        drop(
            "position = fields.IntField()",
            "done = fields.BooleanField(default=False)",
            "kind = fields.CharEnumField(Kind, max_length=20)",
            "visits = fields.BigIntField(db_default=0)",
        )
        + replace('        indexes = (("done", "due"),)\n', ""),
    ),
    Case(
        "drop a NOT NULL JSON column of another part",
        drop("permissions = fields.JSONField(default=list)"),
    ),
    Case(
        "drop a NOT NULL datetime of another part",
        drop("joined_at = fields.DatetimeField()"),
    ),
    Case(
        "drop a column with an index", drop("slug = fields.CharField(max_length=60, db_index=True)")
    ),
    Case(
        "drop a unique column",
        drop("code = fields.CharField(max_length=20, unique=True)"),
        undo_may_refuse=True,
    ),
    Case(
        "drop a column of an index over two",
        drop("due = fields.DateField(null=True)")
        + replace('        indexes = (("done", "due"),)\n', ""),
    ),
    Case(
        "drop a column that is unique together with a key",
        drop("title = fields.CharField(max_length=100)")
        + replace(f"        {UNIQUE_TOGETHER}", ""),
        undo_may_refuse=True,
    ),
    Case(
        "drop one column and add another of the same type",
        drop("note = fields.CharField(max_length=200, null=True)")
        + add("tasks", "remark = fields.CharField(max_length=200, null=True)"),
    ),
    Case(
        "drop one NOT NULL column and add another of the same type with a default",
        drop("position = fields.IntField()") + add("tasks", "place = fields.IntField(default=3)"),
        values={"tasks.place": 3},
    ),
    Case(
        "drop all columns but the key",
        drop(
            "name = fields.CharField(max_length=30)",
            "colour = fields.CharField(max_length=20, null=True)",
        ),
    ),
)
