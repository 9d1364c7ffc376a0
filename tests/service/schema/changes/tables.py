"""Tables that are created and dropped, and changes of models that alter no table."""

from tests.service.schema.case import Case, Options
from tests.service.schema.models import WORK, Edits, add, append, drop, meta, replace
from tests.service.schema.rows import row
from tests.support.databases import NAMES

NOTEBOOK = """
class Notebook(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=40, unique=True)
    text = fields.TextField()
    settings = fields.JSONField(default=dict)
    pinned = fields.BooleanField(default=False, db_index=True)
    made_at = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "notebooks"
        indexes = (("pinned", "made_at"),)
"""
AUDIT = """
class Audit(Model):
    id = fields.IntField(primary_key=True)
    user = fields.ForeignKeyField("models.User", related_name="audits", null=True)
    what = fields.CharField(max_length=40, description="Which it was")

    class Meta:
        table = "entries"
        schema = "audit"
        unique_together = (("user", "what"),)
"""
TAGS = 'tags = fields.ManyToManyField("models.Tag", through="task_tags", related_name="tasks")'
PROJECT = 'project = fields.ForeignKeyField("models.Project", related_name="tasks")'
TOGETHER = '        unique_together = (("project", "title"),)\n'


def _class(name: str) -> str:
    """Return the source of a class of the owner's part."""
    return WORK[WORK.index(f"class {name}(") :].partition("\n\n\n")[0] + "\n"


def _remove(name: str) -> Edits:
    return replace(f"{_class(name)}\n\n", "")


CASES = (
    Case("add a table", append(NOTEBOOK), later=(row("Notebook", title="é", text=""),)),
    Case(
        "drop a table",
        replace(NOTEBOOK.strip() + "\n\n\n", ""),
        before=append(NOTEBOOK),
        rows=(row("Notebook", title="é", text="Zoë's"),),
    ),
    Case("drop a table with a many-to-many to it", _remove("Tag") + drop(TAGS)),
    Case(
        "drop a table that another refers to",
        _remove("Project") + drop(PROJECT) + replace(TOGETHER, ""),
        undo_may_refuse=True,
    ),
    Case("drop a table with keys to all the others", _remove("Task")),
    Case("drop all tables of the part", _remove("Task") + _remove("Tag") + _remove("Project")),
    Case(
        "drop one table and add another of the same columns",
        _remove("Tag")
        + drop(TAGS)
        + append(_class("Tag").replace("class Tag", "class Label").replace('"tags"', '"labels"')),
    ),
    Case(
        "a model moves to another module", _remove("Tag") + append(_class("Tag"), module="people")
    ),
    Case(
        "an enum gets another name",
        replace("class Kind(StrEnum)", "class TaskKind(StrEnum)")
        + replace("CharEnumField(Kind, max_length=20)", "CharEnumField(TaskKind, max_length=20)"),
    ),
    Case(
        "a model gets another name and keeps its table",
        replace("class Role(Model)", "class Group(Model)")
        + replace(
            '"models.Role", through="user_roles"',
            '"models.Group", through="user_roles", forward_key="role_id"',
        ),
    ),
    Case(
        "a model with a many-to-many gets another name",
        replace("class Tag(Model)", "class Label(Model)")
        + replace('"models.Tag", through="task_tags"', '"models.Label", through="task_tags"'),
        options=Options(columns={"task_tags.tag_id": "label_id"}),
    ),
    Case(
        "fields change their order",
        drop("colour = fields.CharField(max_length=20, null=True)")
        + add("tags", "colour = fields.CharField(max_length=20, null=True)"),
    ),
    Case(
        "a related name and an order change",
        replace('related_name="children"', 'related_name="subtasks"')
        + meta("tasks", 'ordering = ("title",)'),
    ),
    Case(
        "a validator comes",
        replace(
            "fields.CharField(max_length=40, unique=True)",
            "fields.CharField(max_length=40, unique=True, validators=[print])",
        ),
    ),
    Case(
        "add a table in a schema of its own",
        append(AUDIT),
        later=(row("Audit", user_id=1, what="x"),),
        only=("postgres",),
        reason="only PostgreSQL has schemas in a database",
    ),
    Case(
        "a table in a schema of its own changes",
        replace(
            "what = fields.CharField(max_length=40",
            "why = fields.TextField(null=True)\n    what = fields.CharField(max_length=50",
        ),
        before=append(AUDIT),
        rows=(row("Audit", user_id=1, what="Zoë's"),),
        only=("postgres",),
        reason="only PostgreSQL has schemas in a database",
    ),
    Case(
        "drop a table in a schema of its own",
        replace(AUDIT.strip() + "\n\n\n", ""),
        before=append(AUDIT),
        rows=(row("Audit", user_id=1, what="Zoë's"),),
        only=("postgres",),
        reason="only PostgreSQL has schemas in a database",
    ),
    Case(
        "a table moves to a schema of its own",
        meta("tags", 'schema = "words"'),
        may_refuse=NAMES,
        options=Options(tables={"tags": "words.tags"}),
        only=("postgres",),
        reason="only PostgreSQL has schemas in a database",
    ),
)
