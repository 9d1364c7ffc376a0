"""Several changes in one step, and types that an owner made."""

from tests.service.schema.case import Case, Options, everywhere
from tests.service.schema.models import add, append, drop, replace
from tests.service.schema.snapshot import ANYTHING

NOTE = "note = fields.CharField(max_length=200, null=True)"
TAGS = 'tags = fields.ManyToManyField("models.Tag", through="task_tags", related_name="tasks")'
TOGETHER = '        unique_together = (("project", "title"),)\n'
INDEXES = '        indexes = (("done", "due"),)\n'
OWN_TYPES = replace(
    "class Project(Model):",
    '''class Address(fields.TextField):
    """A network address, which only PostgreSQL has a type for."""

    class _db_postgres:
        SQL_TYPE = "INET"

    class _db_mysql:
        SQL_TYPE = "VARCHAR(45)"


class Caseless(fields.CharField):
    """A text whose case does not count."""

    class _db_sqlite:
        SQL_TYPE = "VARCHAR(20) COLLATE NOCASE"

    class _db_mysql:
        SQL_TYPE = "VARCHAR(20) COLLATE utf8mb4_general_ci"

    class _db_postgres:
        SQL_TYPE = 'VARCHAR(20) COLLATE "C"'


class Money(fields.DecimalField):
    """An amount, as its own type wants it."""

    class _db_sqlite:
        SQL_TYPE = "NUMERIC"


class Project(Model):''',
)
CASES = (
    Case(
        "a dozen changes of one table",
        drop("summary = fields.CharField(max_length=80, null=True)")
        + add(
            "tasks",
            "remark = fields.TextField(null=True)",
            "effort = fields.IntField(default=1)",
            "stage = fields.CharField(max_length=9, db_default='new', db_index=True)",
        )
        + replace(
            NOTE,
            'comment = fields.CharField(max_length=300, null=True, description="What\'s said")',
        )
        + replace(
            "slug = fields.CharField(max_length=60, db_index=True)",
            "slug = fields.CharField(max_length=70, unique=True)",
        )
        + replace("position = fields.IntField()", "position = fields.BigIntField(null=True)")
        + replace(
            "visits = fields.BigIntField(db_default=0)",
            "visits = fields.BigIntField(db_default=1, db_index=True)",
        )
        + replace(TOGETHER, '        unique_together = (("owner", "slug"),)\n')
        + replace(INDEXES, '        indexes = (("due", "stage"),)\n')
        + replace("on_delete=fields.SET_NULL", "on_delete=fields.CASCADE"),
        options=Options(columns={"tasks.note": "comment"}),
        values={"tasks.effort": 1, "tasks.stage": "new"},
    ),
    Case(
        "three tables change at once",
        add("projects", "url = fields.CharField(max_length=99, default='it\\'s')")
        + replace(
            "name = fields.CharField(max_length=30)",
            "name = fields.CharField(max_length=31, db_index=True)",
        )
        + drop(NOTE)
        + add("users", "phone = fields.CharField(max_length=30, null=True, unique=True)"),
        values={"projects.url": "it's"},
    ),
    Case(
        "all tables change at once, and new ones refer to them",
        add("roles", "rank = fields.IntField(null=True)")
        + add("users", "rank = fields.IntField(null=True)")
        + add("projects", "rank = fields.IntField(null=True)")
        + add("tags", "rank = fields.IntField(null=True)")
        + replace("rank = fields.SmallIntField(null=True)", "rank = fields.IntField(null=True)")
        + append("""
class Visit(Model):
    id = fields.IntField(primary_key=True)
    task = fields.ForeignKeyField("models.Task", related_name="visits_of")
    user = fields.ForeignKeyField("models.User", related_name="visits", null=True)
    roles = fields.ManyToManyField("models.Role", through="visit_roles", related_name="visits")

    class Meta:
        table = "visits"
        unique_together = (("task", "user"),)
"""),
    ),
    Case(
        "a parent of rows that are deleted with it changes thrice",
        replace("name = fields.CharField(max_length=60)", "name = fields.TextField(null=True)")
        + drop("budget = fields.DecimalField(max_digits=12, decimal_places=2, null=True)")
        + replace(
            "code = fields.CharField(max_length=20, unique=True)",
            "code = fields.CharField(max_length=30, db_index=True)",
        ),
    ),
    Case(
        "users change, whose rows many others refer to",
        replace(
            "username = fields.CharField(max_length=50, unique=True)",
            "username = fields.CharField(max_length=80, unique=True)",
        )
        + drop("is_active = fields.BooleanField(default=True)")
        + replace("age = fields.SmallIntField(null=True)", "age = fields.IntField(db_default=0)")
        + add(
            "users", 'boss = fields.ForeignKeyField("models.User", related_name="team", null=True)'
        ),
        cells={"User.age": {1: 1}},
    ),
    Case(
        "type, NULL, default, uniqueness and comment of one column change at once",
        replace(
            "summary = fields.CharField(max_length=80, null=True)",
            "summary = fields.TextField(description='short')",
        )
        + replace(
            "estimate = fields.IntField(null=True)",
            "estimate = fields.BigIntField(db_default=7, unique=True, description='hours')",
        ),
        cells={"Task.estimate": {3: 3}},
    ),
    Case(
        "one of several changes is forbidden by rows",
        add("tags", "remark = fields.TextField(null=True)")
        + drop("email = fields.CharField(max_length=120, unique=True)")
        + replace(NOTE, "note = fields.CharField(max_length=200)"),
        refused=everywhere("tasks", "note", "2"),
    ),
    Case(
        "two changes are forbidden by rows",
        replace(NOTE, "note = fields.CharField(max_length=200)")
        + replace(
            "name = fields.CharField(max_length=30)",
            "name = fields.CharField(max_length=30, unique=True)",
        ),
        cells={"Tag.name": {2: "red"}},
        refused=everywhere("tasks", "note", "tags", "name"),
    ),
    Case(
        "a column becomes a table of its own",
        drop("colour = fields.CharField(max_length=20, null=True)")
        + add(
            "tags",
            'colour = fields.ForeignKeyField("models.Colour", related_name="tags", null=True)',
        )
        + append("""
class Colour(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=20, unique=True)

    class Meta:
        table = "colours"
"""),
    ),
    Case(
        "a many-to-many becomes a key",
        replace(
            TAGS, 'tag = fields.ForeignKeyField("models.Tag", related_name="tasks", null=True)'
        ),
    ),
    Case(
        "add columns of an owner's own types",
        add(
            "tags",
            "address = Address(null=True)",
            "word = Caseless(max_length=20, null=True)",
            "cost = Money(max_digits=8, decimal_places=2, null=True)",
        ),
        before=OWN_TYPES,
    ),
    Case(
        "a table with columns of an owner's own types changes",
        replace("name = fields.CharField(max_length=30)", "name = fields.CharField(max_length=40)")
        + replace(
            "word = Caseless(max_length=20, null=True)",
            "word = Caseless(max_length=20, null=True, unique=True)",
        ),
        before=OWN_TYPES
        + add("tags", "address = Address(null=True)", "word = Caseless(max_length=20, null=True)"),
        cells={"Tag.word": {1: "Ab", 2: "aC"}},
    ),
    Case(
        "a text becomes an owner's own type",
        replace(
            "hint = fields.CharField(max_length=20, null=True)",
            "hint = Caseless(max_length=20, null=True)",
        ),
        before=OWN_TYPES + add("tasks", "hint = fields.CharField(max_length=20, null=True)"),
        cells={"Task.hint": {1: "Ab", 2: ""}},
    ),
    Case(
        "a mixin brings columns to three tables",
        replace(
            "class Project(Model):",
            '''class Dated:
    """When a row was made and changed."""

    made_at = fields.DatetimeField(db_default=Now())
    changed_by = fields.CharField(max_length=20, default="nobody")


class Project(Dated, Model):''',
        )
        + replace("class Tag(Model):", "class Tag(Dated, Model):")
        + replace("class Task(Model):", "class Task(Dated, Model):"),
        values={
            f"{table}.{column}": value
            for table in ("projects", "tags", "tasks")
            for column, value in (("changed_by", "nobody"), ("made_at", ANYTHING))
        },
    ),
)
