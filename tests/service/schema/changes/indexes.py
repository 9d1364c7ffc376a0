"""Indexes and unique constraints."""

from tests.service.schema.case import Case, all_but, everywhere
from tests.service.schema.models import Edits, add, drop, meta, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING

POSTGRES = ("postgres",)
MYSQL = ("mysql",)
NOT_MYSQL = all_but("mysql")
NO_EXPRESSION = "MariaDB has no index over an expression"
UNIQUE = 'CREATE UNIQUE INDEX "by_hand" ON'
NO_PARTIAL = "MySQL has no partial index"
TAG_NAME = "name = fields.CharField(max_length=30)"
UNIQUE_TAG_NAME = "name = fields.CharField(max_length=30, unique=True)"
INDEXED_TAG_NAME = "name = fields.CharField(max_length=30, db_index=True)"
TOGETHER = '        unique_together = (("project", "title"),)\n'
INDEXES = '        indexes = (("done", "due"),)\n'


def _indexes(*lines: str) -> str:
    return f"        indexes = ({', '.join(lines)},)\n"


def _by_hand(model: str, statement: str, *, columns: str = "name") -> Edits:
    """Add an index that Tortoise cannot describe, as the SQL of its statement."""
    index = f"lambda *_: {statement + ';'!r}"
    names = f'fields=({columns!r},), name="by_hand"'
    return meta(model, f'indexes = (type("ByHand", (Index,), {{"get_sql": {index}}})({names}),)')


VECTOR = 'vector = TSVectorField(source_fields=("title",), config="english")'
TITLE = "title = fields.CharField(max_length=100)"
LONGER = replace(TITLE, TITLE.replace("100", "200"))
BODY_TOO = replace('("title",), config', '("title", "body"), config')
ONLY_POSTGRES_COMPUTES = "other databases do not compute such a column"
SEARCHED = add("tasks", VECTOR) + replace(
    INDEXES, _indexes('("done", "due")', 'GinIndex(fields=("vector",), name="search")')
)

CASES = (
    Case(
        "the name of an index passes to another",
        replace(
            'Index(fields=("done", "due"), name="ix_done")',
            'Index(fields=("due", "done"), name="ix_done"),'
            ' Index(fields=("done", "due"), name="ix_due")',
        ),
        before=replace(INDEXES, _indexes('Index(fields=("done", "due"), name="ix_done")')),
    ),
    Case(
        "a text is searched",
        SEARCHED,
        values={"tasks.vector": ANYTHING},
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case(
        "what is searched grows",
        BODY_TOO,
        before=SEARCHED,
        values={"tasks.vector": ANYTHING},
        undone={"tasks.vector": ANYTHING},
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case(
        "a searched text gets longer",
        LONGER,
        before=SEARCHED,
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case(
        "a text gets longer as what is searched grows",
        LONGER + BODY_TOO,
        before=SEARCHED,
        values={"tasks.vector": ANYTHING},
        undone={"tasks.vector": ANYTHING},
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case(
        "a text gets longer that is searched from now on",
        LONGER + add("tasks", VECTOR),
        values={"tasks.vector": ANYTHING},
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case(
        "a searched text goes",
        replace('("title",), config', '("body",), config') + drop(TITLE) + replace(TOGETHER, ""),
        before=SEARCHED,
        values={"tasks.vector": ANYTHING},
        undo_refused={"postgres": ("tasks.title", "4")},
        only=POSTGRES,
        reason=ONLY_POSTGRES_COMPUTES,
    ),
    Case("a column becomes unique", replace(TAG_NAME, UNIQUE_TAG_NAME)),
    Case(
        "a column with duplicates becomes unique",
        replace(TAG_NAME, UNIQUE_TAG_NAME),
        cells={"Tag.name": {2: "red"}},
        refused=everywhere("tags", "name", "2"),
    ),
    Case(
        "a column becomes unique whose values differ in a trailing blank",
        replace(TAG_NAME, UNIQUE_TAG_NAME),
        cells={"Tag.name": {2: "red "}},
        refused={"mysql": ("tags", "name")},
    ),
    Case(
        "a column with several NULLs becomes unique",
        replace(
            "note = fields.CharField(max_length=200, null=True)",
            "note = fields.CharField(max_length=200, null=True, unique=True)",
        ),
    ),
    Case(
        "a column is not unique any more",
        replace(
            "code = fields.CharField(max_length=20, unique=True)",
            "code = fields.CharField(max_length=20)",
        ),
    ),
    Case(
        "a duplicate comes after a column is not unique any more",
        replace(
            "code = fields.CharField(max_length=20, unique=True)",
            "code = fields.CharField(max_length=20)",
        ),
        later=(row("Project", name="x", code="P-1"),),
        undo_refused=everywhere("projects", "code"),
    ),
    Case(
        "an index becomes a unique constraint",
        replace(
            "slug = fields.CharField(max_length=60, db_index=True)",
            "slug = fields.CharField(max_length=60, unique=True)",
        ),
    ),
    Case(
        "a unique constraint becomes an index",
        replace(
            "email = fields.CharField(max_length=120, unique=True)",
            "email = fields.CharField(max_length=120, db_index=True)",
        ),
    ),
    Case("an index on a column comes", replace(TAG_NAME, INDEXED_TAG_NAME)),
    Case(
        "an index on a column goes",
        replace(
            "slug = fields.CharField(max_length=60, db_index=True)",
            "slug = fields.CharField(max_length=60)",
        ),
    ),
    Case("unique_together comes", meta("tags", 'unique_together = (("name", "colour"),)')),
    Case(
        "unique_together comes where rows are alike",
        meta("tags", 'unique_together = (("name", "colour"),)'),
        cells={"Tag.name": {2: "red"}, "Tag.colour": {2: "#f00"}},
        refused=everywhere("tags", "name", "colour"),
    ),
    Case(
        "unique_together comes where rows are alike but for NULL",
        meta("tags", 'unique_together = (("name", "colour"),)'),
        cells={"Tag.name": {2: "red"}, "Tag.colour": {1: None}},
    ),
    Case("unique_together goes, which covers a key", replace(TOGETHER, "")),
    Case(
        "unique_together over a key comes",
        replace(TOGETHER, '        unique_together = (("project", "title"), ("owner", "slug"))\n'),
    ),
    Case(
        "unique_together over two keys comes",
        replace(
            TOGETHER,
            '        unique_together = (("project", "title"), ("owner", "parent", "slug"))\n',
        ),
    ),
    Case(
        "unique_together gets another column",
        replace(TOGETHER, '        unique_together = (("project", "title", "slug"),)\n'),
    ),
    Case(
        "unique_together changes the order of its columns",
        replace(TOGETHER, '        unique_together = (("title", "project"),)\n'),
    ),
    Case(
        "a duplicate comes after unique_together is gone",
        replace(TOGETHER, ""),
        later=(row("Task", title="third", slug="x", kind="bug", project_id=2, position=1),),
        undo_refused=everywhere("tasks", "title"),
    ),
    Case(
        "an index over columns comes",
        replace(INDEXES, _indexes('("done", "due")', '("kind", "slug")')),
    ),
    Case("an index over columns goes", replace(INDEXES, "")),
    Case(
        "a text of an index becomes a long one, and the index goes",
        (
            *replace('fields.CharField(max_length=30, default="")', 'fields.TextField(default="")'),
            *replace(_indexes('("hint", "done")'), ""),
        ),
        before=(
            *add("tasks", 'hint = fields.CharField(max_length=30, default="")'),
            *replace(INDEXES, _indexes('("hint", "done")')),
        ),
    ),
    Case("an index over columns gets another order", replace(INDEXES, _indexes('("due", "done")'))),
    Case(
        "an index over columns gets one more", replace(INDEXES, _indexes('("done", "due", "kind")'))
    ),
    Case(
        "an index over a key comes",
        replace(INDEXES, _indexes('("done", "due")', '("owner", "due")')),
    ),
    Case(
        "an index over a key goes",
        replace(', ("owner", "due"),)', ",)"),
        before=replace(INDEXES, _indexes('("done", "due")', '("owner", "due")')),
    ),
    Case(
        "an index with a name comes",
        meta("tags", 'indexes = (Index(fields=("colour", "name"), name="by_colour"),)'),
    ),
    Case(
        "an index gets another name",
        replace('name="by_colour"', 'name="colours"'),
        before=meta("tags", 'indexes = (Index(fields=("colour", "name"), name="by_colour"),)'),
    ),
    Case(
        "an index with a name gets other columns",
        replace('fields=("colour", "name")', 'fields=("name",)'),
        before=meta("tags", 'indexes = (Index(fields=("colour", "name"), name="by_colour"),)'),
    ),
    Case(
        "a partial index comes",
        meta(
            "tags",
            """CONDITION = {"colour": "it's"}""",
            'indexes = (PartialIndex(fields=("name",), name="reds", condition=CONDITION),)',
        ),
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a partial index changes its condition",
        replace('condition={"colour": "red"}', 'condition={"colour": "blue"}'),
        before=meta(
            "tags",
            'indexes = (PartialIndex(fields=("name",), name="some", condition={"colour": "red"}),)',
        ),
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a partial index goes",
        replace('        indexes = (PartialIndex(fields=("name",), condition={"id": 3}),)\n', ""),
        before=meta("tags", 'indexes = (PartialIndex(fields=("name",), condition={"id": 3}),)'),
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a partial index becomes a whole one",
        replace(
            'PartialIndex(fields=("name",), name="some", condition={"id": 3})',
            'Index(fields=("name",), name="some")',
        ),
        before=meta(
            "tags", 'indexes = (PartialIndex(fields=("name",), name="some", condition={"id": 3}),)'
        ),
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "an index over an expression comes",
        meta("tags", 'indexes = (Index(Lower("name"), name="lower_name"),)'),
        only=NOT_MYSQL,
        reason=NO_EXPRESSION,
    ),
    Case(
        "an index over an expression changes",
        replace('Lower("name")', 'Lower("colour")'),
        before=meta("tags", 'indexes = (Index(Lower("name"), name="lower_one"),)'),
        only=NOT_MYSQL,
        reason=NO_EXPRESSION,
    ),
    Case(
        "an index over an expression stays when its table changes",
        add("tags", "remark = fields.CharField(max_length=5, db_default='x')"),
        before=meta("tags", 'indexes = (Index(Lower("name"), name="lower_name"), ("colour",))'),
        values={"tags.remark": "x"},
        only=NOT_MYSQL,
        reason=NO_EXPRESSION,
    ),
    Case(
        "a GIN index over JSON comes",
        replace(INDEXES, _indexes('("done", "due")', 'GinIndex(fields=("extra",))')),
        only=POSTGRES,
        reason="only PostgreSQL has it",
    ),
    Case(
        "a hash index comes",
        meta("tags", 'indexes = (HashIndex(fields=("name",), name="by_hash"),)'),
        only=POSTGRES,
        reason="only PostgreSQL has it",
    ),
    Case(
        "a hash index becomes a usual one",
        replace("HashIndex(fields", "Index(fields"),
        before=meta("tags", 'indexes = (HashIndex(fields=("name",), name="by_hash"),)'),
        only=POSTGRES,
        reason="only PostgreSQL has it",
    ),
    Case(
        "a full-text index comes",
        replace(INDEXES, _indexes('("done", "due")', 'FullTextIndex(fields=("body",))')),
        only=MYSQL,
        reason="only MySQL has it",
    ),
    Case(
        "a full-text index goes",
        replace(', FullTextIndex(fields=("body",)),)', ",)"),
        before=replace(INDEXES, _indexes('("done", "due")', 'FullTextIndex(fields=("body",))')),
        only=MYSQL,
        reason="only MySQL has it",
    ),
    Case(
        "an index comes that is unique over a column and an expression",
        _by_hand("projects", f'{UNIQUE} "projects" ("shelf", lower("name"))'),
        before=add("projects", "shelf = fields.IntField(db_default=1)"),
        only=NOT_MYSQL,
        reason=NO_EXPRESSION,
    ),
    Case(
        "an index comes that is unique over an expression, but rows are not",
        _by_hand("tags", f'{UNIQUE} "tags" (lower("name"))'),
        only=NOT_MYSQL,
        refused=everywhere("tags", "2 rows"),
        reason=NO_EXPRESSION,
    ),
    Case(
        "an index comes that is unique over a new column and an expression, but rows are not",
        add("tags", "shelf = fields.IntField(db_default=1)")
        + _by_hand("tags", f'{UNIQUE} "tags" ("shelf", lower("name"))'),
        only=NOT_MYSQL,
        refused=everywhere("tags", "2 rows"),
        reason=NO_EXPRESSION,
    ),
    Case(
        "a partial unique index comes, whose condition is of a new column",
        add("projects", "gone = fields.IntField(db_default=0)")
        + _by_hand("projects", f'{UNIQUE} "projects" ("name") WHERE "gone" = 0'),
        values={"projects.gone": 0},
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a partial unique index comes, whose condition is of a new column, but rows are not",
        add("tags", "gone = fields.IntField(db_default=0)", "shelf = fields.IntField(db_default=1)")
        + _by_hand("tags", f'{UNIQUE} "tags" ("shelf") WHERE "gone" = 0'),
        refused=everywhere("tags", "3 rows"),
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a partial unique index comes, and rows that it leaves out are alike",
        add("tags", "gone = fields.IntField(null=True)", "shelf = fields.IntField(db_default=1)")
        + _by_hand("tags", f'{UNIQUE} "tags" ("shelf") WHERE "gone" = 0'),
        values={"tags.shelf": 1},
        only=NOT_MYSQL,
        reason=NO_PARTIAL,
    ),
    Case(
        "a unique index without regard to case comes, but rows are not unique so",
        _by_hand("tags", f'{UNIQUE} "tags" ("name" COLLATE NOCASE)'),
        refused=everywhere("tags", "2 rows"),
        only=("sqlite",),
        reason="other databases have other collations",
    ),
    Case(
        "a unique index comes that holds a column beside",
        _by_hand("tags", f'{UNIQUE} "tags" ("colour") INCLUDE ("name")'),
        before=replace(TAG_NAME, 'name = fields.CharField(max_length=30, default="x")'),
        cells={"Tag.colour": {1: "a", 2: "b", 3: "a"}},
        refused=everywhere("tags", "2 rows"),
        only=POSTGRES,
        reason="only PostgreSQL has it",
    ),
    Case(
        "a unique index comes that takes one NULL, but rows have more",
        replace(INDEXES, "")
        + _by_hand("tasks", f'{UNIQUE} "tasks" ("note") NULLS NOT DISTINCT', columns="note"),
        refused=everywhere("tasks", "note", "2 rows"),
        only=POSTGRES,
        reason="only PostgreSQL has it",
    ),
    Case(
        "a unique index over the beginning of a text comes",
        _by_hand("projects", "CREATE UNIQUE INDEX `by_hand` ON `projects` (`name`(1))"),
        only=MYSQL,
        reason="only MySQL has it",
    ),
    Case(
        "a unique index over the beginning of a text comes, but rows are not unique so",
        _by_hand("tags", "CREATE UNIQUE INDEX `by_hand` ON `tags` (`name`(1))"),
        refused=everywhere("tags", "2 rows"),
        only=MYSQL,
        reason="only MySQL has it",
    ),
)
