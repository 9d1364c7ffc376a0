"""Defaults in the database, defaults in Python, and comments."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from tests.service.schema.case import Case, everywhere
from tests.service.schema.models import Edits, add, append, drop, meta, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING
from tests.support.databases import NAMES

LATER = (row("Tag", name="later"),)
NASTY = 'it\'s "so" \\ \\n 100% %s :word {x} \t Zoë Ω 漢'
NASTY_COMMENT = 'What it\'s "for" */ -- 100% %s :word \\ back\nand a second line; Zoë 🦀'
PYTHON_DEFAULTS = (
    'a_char = fields.CharField(max_length=40, default="it\'s :so \\\\ 100%")',
    'a_text = fields.TextField(default="it\'s :so \\\\ 100%")',
    "an_int = fields.IntField(default=-5)",
    "a_bigint = fields.BigIntField(default=-(2**63))",
    'a_decimal = fields.DecimalField(max_digits=7, decimal_places=3, default=Decimal("-1.5"))',
    "a_float = fields.FloatField(default=0.1)",
    "a_date = fields.DateField(default=dt.date(2024, 2, 29))",
    "a_datetime = fields.DatetimeField(default=dt.datetime(2024, 2, 29, 23, 59, tzinfo=dt.UTC))",
    'a_uuid = fields.UUIDField(default=UUID("00000000-0000-4000-8000-00000000abcd"))',
    "a_kind = fields.CharEnumField(Kind, default=Kind.CHORE)",
    "a_level = fields.IntEnumField(Level, default=Level.HIGH)",
    "a_flag = fields.BooleanField(default=True)",
)
IMPORTS = replace(
    "from enum import IntEnum, StrEnum\n",
    "import datetime as dt\nfrom decimal import Decimal\nfrom enum import IntEnum, StrEnum\n"
    "from uuid import UUID, uuid4\n",
)


def _adds(name: str, line: str, value: object, *, may_refuse: tuple[str, ...] = ()) -> Case:
    """Add a column to tags, named `hint`, whose rows get the value."""
    return Case(
        name,
        add("tags", line),
        values={"tags.hint": value},
        later=LATER,
        fresh={"tags.hint": value},
        may_refuse=may_refuse,
    )


def _text(name: str, value: str) -> Case:
    """Add a text with a db_default."""
    return _adds(name, f"hint = fields.CharField(max_length=60, db_default={value!r})", value)


def _comment(description: str) -> Edits:
    return replace(
        "colour = fields.CharField(max_length=20, null=True)",
        f"colour = fields.CharField(max_length=20, null=True, description={description!r})",
    )


CASES = (
    _adds("add a number with db_default", "hint = fields.IntField(db_default=-3)", -3),
    _adds(
        "add a boolean with db_default", "hint = fields.BooleanField(db_default=True)", value=True
    ),
    _text("add a text with db_default", "new"),
    _text("add an empty text with db_default", ""),
    _text("a quotation mark in db_default", 'O\'Brien "x"'),
    _text("a backslash in db_default", "C:\\new\\t"),
    _text("a colon before a word in db_default", ":word and :other"),
    _text("a percent sign in db_default", "100% %s %(x)s"),
    _text("a semicolon and a line break in db_default", "a;\nb"),
    _text("any character in db_default", NASTY),
    _adds(
        "an emoji in db_default",
        'hint = fields.CharField(max_length=60, db_default="🦀")',
        "🦀",
        may_refuse=("mysql",),  # MariaDB's catalogue has only characters of three bytes
    ),
    _text("a word of SQL in db_default", "CURRENT_TIMESTAMP"),
    _text("the word NULL in db_default", "NULL"),
    _text("a text of digits in db_default", "007"),
    _adds(
        "a decimal in db_default",
        "hint = fields.DecimalField(max_digits=8, decimal_places=2, db_default='-1.50')",
        Decimal("-1.50"),
    ),
    _adds("a float in db_default", "hint = fields.FloatField(db_default=0.25)", 0.25),
    _adds(
        "a JSON object in db_default",
        """hint = fields.JSONField(db_default={"a": [1, None], "b": "it's"})""",
        {"a": [1, None], "b": "it's"},
    ),
    _adds(
        "a JSON object in db_default, and a comment of two lines",
        """hint = fields.JSONField(db_default={"a": "it's"}, description="two\\nlines")""",
        {"a": "it's"},
    ),
    _adds("an enum in db_default", "hint = fields.CharEnumField(Kind, db_default=Kind.BUG)", "bug"),
    _adds("db_default is the clock", "hint = fields.DatetimeField(db_default=Now())", ANYTHING),
    _adds(
        "db_default is random",
        "hint = fields.CharField(max_length=60, db_default=RandomHex())",
        ANYTHING,
    ),
    _adds("db_default is a sum", 'hint = fields.IntField(db_default=SqlDefault("(1 + 2)"))', 3),
    Case(
        "Python defaults of every type",
        add("tags", *PYTHON_DEFAULTS),
        before=IMPORTS,
        values={
            "tags.a_char": "it's :so \\ 100%",
            "tags.a_text": "it's :so \\ 100%",
            "tags.an_int": -5,
            "tags.a_bigint": -(2**63),
            "tags.a_decimal": Decimal("-1.5"),
            "tags.a_float": 0.1,
            "tags.a_date": dt.date(2024, 2, 29),
            "tags.a_datetime": dt.datetime(2024, 2, 29, 23, 59, tzinfo=dt.UTC),
            "tags.a_uuid": UUID("00000000-0000-4000-8000-00000000abcd"),
            "tags.a_kind": "chore",
            "tags.a_level": 9,
            "tags.a_flag": True,
        },
    ),
    Case(
        "a Python default that is a dict",
        add("tags", "hint = fields.JSONField(default=dict)"),
        values={"tags.hint": {}},
    ),
    Case(
        "a Python default that is a list with an apostrophe",
        add("tags", """hint = fields.JSONField(default=["it's", {":x": "\\\\"}])"""),
        values={"tags.hint": ["it's", {":x": "\\"}]},
    ),
    Case(
        "a Python default that is bytes",
        add("tags", "hint = fields.BinaryField(default=b'\\x00\\xff')"),
        values={"tags.hint": b"\x00\xff"},
        may_refuse=NAMES,
    ),
    Case(
        "a Python default that is a function",
        add("tags", "hint = fields.UUIDField(default=uuid4)"),
        before=IMPORTS,
        refused=everywhere("tags", "hint"),
    ),
    Case(
        "a Python default that is a function, on an empty table",
        add("tags", "hint = fields.UUIDField(default=uuid4)"),
        before=IMPORTS,
        is_empty=True,
    ),
    Case(
        "a column that Python fills when a row is made",
        add("tags", "hint = fields.DatetimeField(auto_now_add=True)"),
        refused=everywhere("tags", "hint", "3"),
    ),
    Case(
        "db_default comes to a column",
        replace("position = fields.IntField()", "position = fields.IntField(db_default=5)"),
        later=(row("Task", title="x", slug="later", kind="bug", project_id=1),),
        fresh={"tasks.position": 5},
    ),
    Case(
        "db_default goes from a column",
        replace("visits = fields.BigIntField(db_default=0)", "visits = fields.BigIntField()"),
    ),
    Case(
        "db_default changes",
        replace(
            "visits = fields.BigIntField(db_default=0)",
            "visits = fields.BigIntField(db_default=-1)",
        ),
        later=(row("Task", title="x", slug="later", kind="bug", project_id=1, position=1),),
        fresh={"tasks.visits": -1},
    ),
    Case(
        "db_default changes from a constant to an expression",
        replace(
            "visits = fields.BigIntField(db_default=0)",
            'visits = fields.BigIntField(db_default=SqlDefault("(2 * 3)"))',
        ),
    ),
    Case(
        "the db_default of a text with an apostrophe changes",
        replace('db_default="it\'s"', 'db_default="it\'s not"'),
        before=add("tags", 'hint = fields.CharField(max_length=20, db_default="it\'s")'),
        later=LATER,
        fresh={"tags.hint": "it's not"},
    ),
    Case(
        "the db_default of a JSON column changes",
        replace('db_default={"a": 1}', 'db_default={"a": 2, "b": []}'),
        before=add("tags", 'hint = fields.JSONField(db_default={"a": 1})'),
        later=LATER,
        fresh={"tags.hint": {"a": 2, "b": []}},
    ),
    Case(
        "the same db_default of a JSON column is spelled with other blanks",
        replace('{"a":1,   "b":[]}', '{"a": 1, "b": []}'),
        before=add("tags", 'hint = fields.JSONField(db_default={"a":1,   "b":[]})'),
    ),
    Case(
        "a Python default changes",
        replace(
            "done = fields.BooleanField(default=False)", "done = fields.BooleanField(default=True)"
        ),
    ),
    Case(
        "the Python default of a JSON column changes",
        replace(
            "permissions = fields.JSONField(default=list)",
            "permissions = fields.JSONField(default=dict)",
        ),
    ),
    Case("a comment comes", _comment("For people")),
    Case(
        "a comment goes",
        replace(", description='For people'", ""),
        before=_comment("For people"),
    ),
    Case(
        "a comment changes",
        replace("'For people'", "'For nobody'"),
        before=_comment("For people"),
    ),
    Case("a comment with any character", _comment(NASTY_COMMENT)),
    Case(
        "a comment on a key",
        replace(
            'project = fields.ForeignKeyField("models.Project", related_name="tasks")',
            """project = fields.ForeignKeyField(
        "models.Project", related_name="tasks", description="Whose it's"
    )""",
        ),
    ),
    Case(
        "a comment on a primary key",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            'id = fields.IntField(primary_key=True, description="Its number")  # tags',
        ),
    ),
    Case("a table's comment comes", meta("tags", f"table_description = {NASTY_COMMENT!r}")),
    Case(
        "a table's comment changes",
        replace('"Words"', '"Words for tasks"'),
        before=meta("tags", 'table_description = "Words"'),
    ),
    Case(
        "a comment on a column with a default and an index",
        replace(
            "slug = fields.CharField(max_length=60, db_index=True)",
            """slug = fields.CharField(
        max_length=60, db_index=True, db_default="s", description="In addresses"
    )""",
        ),
    ),
    Case(
        "a docstring changes",
        replace('"""A word for tasks."""', '"""A label of tasks: it\'s short."""'),
    ),
    Case(
        "a new table with comments and defaults of any character",
        append(f"""
class Hint(Model):
    id = fields.IntField(primary_key=True)
    text = fields.CharField(max_length=60, db_default={NASTY!r}, description={NASTY_COMMENT!r})

    class Meta:
        table = "hints"
        table_description = {NASTY_COMMENT!r}
"""),
        later=(row("Hint"),),
        fresh={"hints.text": NASTY},
    ),
    Case(
        "a column with a default of any character goes",
        drop(f"hint = fields.CharField(max_length=60, db_default={NASTY!r})"),
        before=add("tags", f"hint = fields.CharField(max_length=60, db_default={NASTY!r})"),
    ),
)
