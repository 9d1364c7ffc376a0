"""Names that need quotation marks, and names as long as the databases allow."""

from tests.service.schema.case import Case, Options, all_but
from tests.service.schema.models import Edits, add, append, drop, replace
from tests.service.schema.rows import row

RESERVED = """
class Order(Model):
    id = fields.IntField(primary_key=True)
    order = fields.IntField(null=True, db_index=True)
    group = fields.CharField(max_length=20, unique=True)
    user = fields.ForeignKeyField("models.User", related_name="orders", null=True)
    picked = fields.CharField(max_length=20, source_field="select", null=True)
    tasks = fields.ManyToManyField("models.Task", through="table", related_name="orders")

    class Meta:
        table = "order"
        unique_together = (("order", "picked"),)
"""
STRANGE = """
class Strange(Model):
    id = fields.IntField(primary_key=True, source_field="Id")
    camel = fields.CharField(max_length=20, source_field="CamelCase", unique=True)
    umlaut = fields.IntField(source_field="größe", db_index=True)
    blank = fields.CharField(max_length=9, source_field="two words", null=True)
    above = fields.ForeignKeyField(
        "models.Strange", related_name="below", source_field="Über", null=True
    )

    class Meta:
        table = "Große Tabelle"
        unique_together = (("camel", "umlaut"),)
"""
LONG = "a_table_with_a_name_as_long_as_any_database_would_ever_allow_it"
LONG_TABLES = f"""
class Long(Model):
    id = fields.IntField(primary_key=True)
    {LONG[:60]} = fields.CharField(max_length=20, unique=True)
    {LONG[:59]}x = fields.IntField(null=True, db_index=True)
    user = fields.ForeignKeyField(
        "models.User", related_name="longs", null=True, source_field="{LONG[:58]}yy"
    )
    words = fields.ManyToManyField(
        "models.Tag", through="{LONG[:54]}zz", related_name="longs", backward_key="long_id"
    )

    class Meta:
        table = "{LONG}"
        unique_together = (("{LONG[:60]}", "{LONG[:59]}x"),)


class LongToo(Model):
    id = fields.IntField(primary_key=True)
    long = fields.ForeignKeyField("models.Long", related_name="others")

    class Meta:
        table = "{LONG[:62]}2"
"""
assert len(LONG) == 63  # what PostgreSQL allows; MySQL allows one more


def _remove(source: str) -> Edits:
    return replace(source.strip() + "\n\n\n", "")


ORDER_ROWS = (
    row("Order", order=1, group="a'b", picked=":x"),
    row("Order", order=None, group="", user_id=1),
)
STRANGE_ROWS = (
    row("Strange", camel="a", umlaut=-1),
    row("Strange", camel="Zoë's", umlaut=2, blank="%s", above_id=1),
)
LONG_ROWS = (
    row("Long", **{LONG[:60]: "a", "user_id": 1}),
    row("Long", **{LONG[:60]: "b", f"{LONG[:59]}x": 3}),
    row("LongToo", long_id=1),
)
CASES = (
    Case("add a table of reserved words", append(RESERVED), later=ORDER_ROWS),
    Case(
        "drop a table of reserved words",
        _remove(RESERVED),
        before=append(RESERVED),
        rows=ORDER_ROWS,
    ),
    Case(
        "a table of reserved words changes",
        replace("order = fields.IntField(null=True", "order = fields.BigIntField(null=True")
        + replace(
            "    group = fields.CharField(max_length=20, unique=True)\n",
            "    where = fields.IntField(db_default=1)\n",
        )
        + replace('source_field="select"', 'source_field="from"'),
        before=append(RESERVED),
        rows=ORDER_ROWS,
        options=Options(columns={"order.select": "from"}),
        values={"order.where": 1},
        undo_may_refuse=True,
    ),
    Case(
        "add reserved words as columns",
        add(
            "tags",
            *[
                f"{word} = fields.IntField(null=True)"
                for word in (
                    "order",
                    "group",
                    "user",
                    "default",
                    "check",
                    "index",
                    "key",
                    "table",
                    "values",
                )
            ],
        ),
    ),
    Case("add a table of strange names", append(STRANGE), later=STRANGE_ROWS),
    Case(
        "drop a table of strange names", _remove(STRANGE), before=append(STRANGE), rows=STRANGE_ROWS
    ),
    Case(
        "a table of strange names changes",
        replace(
            'umlaut = fields.IntField(source_field="größe"',
            'umlaut = fields.BigIntField(source_field="Größen"',
        )
        + replace(
            'blank = fields.CharField(max_length=9, source_field="two words"',
            'blank = fields.TextField(source_field="two words"',
        )
        + replace(
            "    camel = fields",
            '    more = fields.IntField(source_field="mit %-Zeichen: ja", default=4)\n'
            "    camel = fields",
        ),
        before=append(STRANGE),
        rows=STRANGE_ROWS,
        options=Options(columns={"Große Tabelle.größe": "Größen"}),
        values={"Große Tabelle.mit %-Zeichen: ja": 4},
        only=all_but("mysql"),
        reason="Tortoise takes the percent sign in a name for a parameter on MySQL",
    ),
    Case(
        "a table of strange names changes its types",
        replace(
            'umlaut = fields.IntField(source_field="größe"',
            'umlaut = fields.BigIntField(source_field="größe"',
        )
        + replace(
            'blank = fields.CharField(max_length=9, source_field="two words"',
            'blank = fields.TextField(source_field="two words"',
        ),
        before=append(STRANGE),
        rows=STRANGE_ROWS,
    ),
    Case("add tables with the longest names", append(LONG_TABLES), later=LONG_ROWS),
    Case(
        "drop tables with the longest names",
        _remove(LONG_TABLES),
        before=append(LONG_TABLES),
        rows=LONG_ROWS,
    ),
    Case(
        "a table with the longest name changes",
        replace(
            f"    {LONG[:60]} = fields.CharField(max_length=20, unique=True)",
            f"    {LONG[:60]} = fields.CharField(max_length=30)\n"
            "    more = fields.IntField(default=4)",
        )
        + replace(
            f"{LONG[:59]}x = fields.IntField(null=True, db_index=True)",
            f"{LONG[:59]}x = fields.BigIntField(null=True, unique=True)",
        ),
        before=append(LONG_TABLES),
        rows=LONG_ROWS,
        values={f"{LONG}.more": 4},
    ),
    Case(
        "a table gets the longest name",
        replace('table = "tags"', f'table = "{LONG}"'),
        options=Options(tables={"tags": LONG}),
    ),
    Case(
        "a column with a name of its own",
        add(
            "tags",
            'shade = fields.CharField(max_length=9, source_field="Shade", null=True, unique=True)',
            'depth = fields.IntField(source_field="tiefe", null=True, db_index=True)',
        ),
    ),
    Case(
        "drop a column with a name of its own",
        drop(
            'shade = fields.CharField(max_length=9, source_field="Shade", null=True, unique=True)'
        ),
        before=add(
            "tags",
            'shade = fields.CharField(max_length=9, source_field="Shade", null=True, unique=True)',
        ),
    ),
)
