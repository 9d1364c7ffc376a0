"""Renames of tables and columns."""

from tests.service.schema.case import Case, Options, all_but, everywhere
from tests.service.schema.models import Edits, add, append, key, meta, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING, ByRow
from tests.support.databases import NAMES

NOTE = "note = fields.CharField(max_length=200, null=True)"
SUMMARY = "summary = fields.CharField(max_length=80, null=True)"
TITLE = "title = fields.CharField(max_length=100)"
PROJECT = key("project", "Project", "tasks")
PARENT = key("parent", "Task", "children", "null=True")
TOGETHER = '        unique_together = (("project", "title"),)\n'
COLOUR = "colour = fields.CharField(max_length=20, null=True)"
TAGS_TO_LABELS = replace('table = "tags"', 'table = "labels"')


def _renamed(old: str, name: str) -> Edits:
    return replace(old, old.replace(old.partition(" =")[0], name, 1))


def _columns(**renames: str) -> Options:
    return Options(columns={key.replace("__", "."): name for key, name in renames.items()})


REMARK_AND_GIST = _renamed(NOTE, "remark") + _renamed(SUMMARY, "gist")
FROM_GIST = Options(
    columns={"tasks.note": "remark", "tasks.summary": "gist"},
    fills={"tasks.remark": "lower(gist)"},
)

CASES = (
    Case(
        "rename columns and fill one from another",
        REMARK_AND_GIST
        + replace(
            "remark = fields.CharField(max_length=200, null=True)",
            "remark = fields.CharField(max_length=200)",
        ),
        options=FROM_GIST,
        cells={"Task.note": {1: None, 2: "two", 3: None, 4: ""}},
        values={"tasks.remark": ByRow({1: "one", 3: "three"})},
        undone={"tasks.note": ByRow({1: "one", 3: "three"})},
    ),
    Case(
        "rename columns and fill a unique one with what others have",
        REMARK_AND_GIST
        + replace(
            "remark = fields.CharField(max_length=200, null=True)",
            "remark = fields.CharField(max_length=200, unique=True)",
        ),
        options=FROM_GIST,
        cells={
            "Task.note": {1: None, 2: "two", 3: None, 4: ""},
            "Task.summary": {1: "one", 3: "One"},
        },
        refused=everywhere("tasks", "remark", "2"),
    ),
    Case(
        "rename a table and fill a column of it from another",
        TAGS_TO_LABELS + add("tags", "shade = fields.CharField(max_length=40)"),
        options=Options(tables={"tags": "labels"}, fills={"labels.shade": "upper(name)"}),
        values={"labels.shade": ByRow({1: "RED", 2: "RED", 3: ANYTHING})},
    ),
    Case(
        "rename a table to its name in other letters",
        replace('table = "tags"', 'table = "Tags"'),
        options=Options(tables={"tags": "Tags"}),
    ),
    Case("rename a column", _renamed(NOTE, "remark"), options=_columns(tasks__note="remark")),
    Case(
        "rename a NOT NULL column",
        _renamed("position = fields.IntField()", "place"),
        options=_columns(tasks__position="place"),
    ),
    Case(
        "rename a column of another part",
        _renamed("age = fields.SmallIntField(null=True)", "years"),
        options=_columns(users__age="years"),
    ),
    Case(
        "rename a unique column",
        _renamed("code = fields.CharField(max_length=20, unique=True)", "key"),
        options=_columns(projects__code="key"),
    ),
    Case(
        "rename a column with an index",
        _renamed("slug = fields.CharField(max_length=60, db_index=True)", "path"),
        options=_columns(tasks__slug="path"),
    ),
    Case(
        "rename a column with db_default and a comment",
        _renamed(
            "colour = fields.CharField(max_length=20, db_default=\"it's\", description='A :word')",
            "paint",
        ),
        before=replace(
            COLOUR,
            "colour = fields.CharField(max_length=20, db_default=\"it's\", description='A :word')",
        ),
        options=_columns(tags__colour="paint"),
        cells={"Tag.colour": {2: "x"}},
    ),
    Case(
        "rename a column that is unique together",
        _renamed(TITLE, "heading") + replace(TOGETHER, TOGETHER.replace("title", "heading")),
        options=_columns(tasks__title="heading"),
    ),
    Case(
        "rename a column of an index over two",
        _renamed("due = fields.DateField(null=True)", "deadline")
        + replace('(("done", "due"),)', '(("done", "deadline"),)'),
        options=_columns(tasks__due="deadline"),
    ),
    Case(
        "rename a column of a partial index",
        _renamed(COLOUR, "paint")
        + replace(
            'PartialIndex(fields=("colour",), condition={"colour": "red"})',
            'PartialIndex(fields=("paint",), condition={"paint": "red"})',
        ),
        before=meta(
            "tags", 'indexes = (PartialIndex(fields=("colour",), condition={"colour": "red"}),)'
        ),
        options=_columns(tags__colour="paint"),
        only=all_but("mysql"),
        reason="MySQL has no partial index",
    ),
    Case(
        "rename a column of an index over an expression",
        _renamed(COLOUR, "paint") + replace('Lower("colour")', 'Lower("paint")'),
        before=meta("tags", 'indexes = (Index(Lower("colour"), name="lower_one"),)'),
        options=_columns(tags__colour="paint"),
        only=all_but("mysql"),
        reason="MariaDB has no index over an expression",
    ),
    Case(
        "rename a key that is unique together",
        _renamed(PROJECT, "programme")
        + replace(TOGETHER, TOGETHER.replace("project", "programme")),
        options=_columns(tasks__project_id="programme_id"),
    ),
    Case(
        "rename a key to the same table",
        _renamed(PARENT, "above"),
        options=_columns(tasks__parent_id="above_id"),
    ),
    Case(
        "rename a primary key that others refer to",
        replace(
            "id = fields.BigIntField(primary_key=True)  # projects",
            "number = fields.BigIntField(primary_key=True)  # projects",
        ),
        options=_columns(projects__id="number"),
    ),
    Case(
        "rename a primary key of a many-to-many",
        replace(
            "id = fields.IntField(primary_key=True)  # tags",
            "number = fields.IntField(primary_key=True)  # tags",
        ),
        options=_columns(tags__id="number"),
    ),
    Case(
        "rename the unique column that a key refers to",
        _renamed("code = fields.CharField(max_length=20, unique=True)", "key")
        + replace('to_field="code"', 'to_field="key"'),
        before=add(
            "tags",
            key("project", "Project", "labels", 'to_field="code"', "null=True"),
        ),
        cells={"Tag.project_id": {1: "P-1", 2: "é"}},
        options=_columns(projects__code="key"),
    ),
    Case(
        "rename a column and change its type",
        replace("estimate = fields.IntField(null=True)", "hours = fields.BigIntField(null=True)"),
        options=_columns(tasks__estimate="hours"),
    ),
    Case(
        "rename a column and change its family of types",
        replace(
            "estimate = fields.IntField(null=True)",
            "hours = fields.CharField(max_length=20, null=True)",
        ),
        options=_columns(tasks__estimate="hours"),
        values={"tasks.hours": ByRow({1: "-5", 2: "0", 4: "2147483647"})},
    ),
    Case(
        "rename a column, make it unique and forbid NULL",
        replace(SUMMARY, "headline = fields.CharField(max_length=80, unique=True)"),
        options=_columns(tasks__summary="headline"),
    ),
    Case(
        "rename a column and give its old name to a new one",
        replace(
            NOTE,
            f"remark{NOTE.removeprefix('note')}\n    {NOTE}",
        ),
        options=_columns(tasks__note="remark"),
        values={"tasks.note": None},
    ),
    Case(
        "two columns swap their names",
        _renamed(NOTE, "other")
        + _renamed(SUMMARY, "note")
        + replace("other = fields.CharField", "summary = fields.CharField"),
        options=_columns(tasks__note="summary", tasks__summary="note"),
        may_refuse=NAMES,
    ),
    Case(
        "a column's name changes its case",
        replace(NOTE, 'note = fields.CharField(max_length=200, null=True, source_field="Note")'),
        options=_columns(tasks__note="Note"),
    ),
    Case(
        "a field gets another name and keeps its column",
        replace(NOTE, 'remark = fields.CharField(max_length=200, null=True, source_field="note")'),
    ),
    Case(
        "rename a table",
        replace('table = "roles"', 'table = "groups"'),
        options=Options(tables={"roles": "groups"}),
    ),
    Case(
        "rename a table with a many-to-many to it",
        TAGS_TO_LABELS,
        options=Options(tables={"tags": "labels"}),
        later=(row("Tag", name="later"),),
    ),
    Case(
        "rename a table that others refer to",
        replace('table = "projects"', 'table = "programmes"'),
        options=Options(tables={"projects": "programmes"}),
    ),
    Case(
        "rename a table with keys to itself, indexes and a many-to-many",
        replace('table = "tasks"', 'table = "jobs"'),
        options=Options(columns={"task_tags.tasks_id": "jobs_id"}, tables={"tasks": "jobs"}),
    ),
    Case(
        "rename another part's table",
        replace('table = "users"', 'table = "people"'),
        options=Options(columns={"user_roles.users_id": "people_id"}, tables={"users": "people"}),
    ),
    Case(
        "rename a table, its model and the table of its many-to-many",
        TAGS_TO_LABELS
        + replace("class Tag(Model)", "class Label(Model)")
        + replace(
            'tags = fields.ManyToManyField("models.Tag", through="task_tags"',
            'labels = fields.ManyToManyField("models.Label", through="task_labels"',
        ),
        options=Options(
            columns={"task_tags.tag_id": "label_id"},
            tables={"tags": "labels", "task_tags": "task_labels"},
        ),
    ),
    Case(
        "rename a table and one of its columns",
        TAGS_TO_LABELS + _renamed(COLOUR, "paint"),
        options=Options(columns={"tags.colour": "paint"}, tables={"tags": "labels"}),
    ),
    Case(
        "rename a table and add and drop columns of it",
        TAGS_TO_LABELS + replace(COLOUR, "weight = fields.IntField(default=1)"),
        options=Options(tables={"tags": "labels"}),
        values={"labels.weight": 1},
    ),
    Case(
        "rename a table and give its old name to a new one",
        TAGS_TO_LABELS
        + append("""
class Word(Model):
    id = fields.IntField(primary_key=True)
    word = fields.CharField(max_length=9, null=True)

    class Meta:
        table = "tags"
"""),
        options=Options(tables={"tags": "labels"}),
    ),
)
