"""Many-to-many relations, and their junction tables."""

from tests.service.schema.case import Case, Options, all_but
from tests.service.schema.models import add, append, drop, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING
from tests.support.databases import NAMES

TAGS = 'tags = fields.ManyToManyField("models.Tag", through="task_tags", related_name="tasks")'
ROLES = 'roles = fields.ManyToManyField("models.Role", through="user_roles", related_name="users")'
WATCHERS = (
    'watchers = fields.ManyToManyField("models.User", through="task_watchers",'
    ' related_name="watched"'
)
BLOCKS = """blocks = fields.ManyToManyField(
        "models.Task",
        through="task_blocks",
        related_name="blocked_by",
        forward_key="blocked_id",
        backward_key="blocking_id",
    )"""
MEMBERSHIP = """
class Membership(Model):
    id = fields.IntField(primary_key=True)
    project = fields.ForeignKeyField("models.Project", related_name="memberships")
    user = fields.ForeignKeyField("models.User", related_name="memberships")
    since = fields.DateField(null=True)

    class Meta:
        table = "memberships"
        unique_together = (("project", "user"),)
"""
MEMBERS = (
    'members = fields.ManyToManyField("models.User", through="memberships",'
    ' related_name="projects", forward_key="user_id", backward_key="project_id")'
)
TAGGING = """
class Tagging(Model):
    id = fields.IntField(primary_key=True)
    task = fields.ForeignKeyField("models.Task", related_name="taggings")
    tag = fields.ForeignKeyField("models.Tag", related_name="taggings")

    class Meta:
        table = "task_tags"
        unique_together = (("task", "tag"),)
"""

CASES = (
    Case("add a many-to-many to another part", add("tasks", f"{WATCHERS})")),
    Case(
        "add a many-to-many to the same table",
        add("tasks", BLOCKS),
    ),
    Case("add a many-to-many that allows duplicates", add("tasks", f"{WATCHERS}, unique=False)")),
    Case(
        "add a many-to-many without constraints",
        add("tasks", f"{WATCHERS}, db_constraint=False)"),
        only=all_but("mysql"),
        reason="Tortoise's own statement for it is wrong on MySQL",
    ),
    Case(
        "add a many-to-many under its usual name",
        add("tasks", 'watchers = fields.ManyToManyField("models.User", related_name="watched")'),
    ),
    Case(
        "add a many-to-many with a comment",
        add("tasks", f"""{WATCHERS}, description="Who's told")"""),
    ),
    Case("add a many-to-many with a model between", append(MEMBERSHIP) + add("projects", MEMBERS)),
    Case(
        "drop a many-to-many with a model between",
        replace(MEMBERSHIP.strip() + "\n\n\n", "") + drop(MEMBERS),
        before=append(MEMBERSHIP) + add("projects", MEMBERS),
        rows=(row("Membership", project_id=1, user_id=2),),
    ),
    Case("drop a many-to-many", drop(TAGS)),
    Case("drop a many-to-many of another part", drop(ROLES)),
    Case(
        "a many-to-many allows duplicates",
        replace(TAGS, TAGS.replace('"tasks")', '"tasks", unique=False)')),
    ),
    Case(
        "a many-to-many allows duplicates no more",
        replace('related_name="watched", unique=False)', 'related_name="watched")'),
        before=add("tasks", f"{WATCHERS}, unique=False)"),
    ),
    Case(
        "a many-to-many restricts deleting",
        replace(TAGS, TAGS.replace('"tasks")', '"tasks", on_delete=fields.RESTRICT)')),
    ),
    Case(
        "the table of a many-to-many gets another name",
        replace(TAGS, TAGS.replace("task_tags", "taggings")),
        options=Options(tables={"task_tags": "taggings"}),
    ),
    Case(
        "the columns of a many-to-many get other names",
        replace(
            TAGS, TAGS.replace('"tasks")', '"tasks", forward_key="label", backward_key="job")')
        ),
        options=Options(columns={"task_tags.tag_id": "label", "task_tags.tasks_id": "job"}),
    ),
    Case(
        "the table of a many-to-many becomes a model with a number",
        append(TAGGING),
        before=replace(TAGS, TAGS.replace('"tasks")', '"tasks", backward_key="task_id")')),
        values={"task_tags.id": ANYTHING},
    ),
    Case(
        "a model between gets a column",
        replace(
            "since = fields.DateField(null=True)",
            "since = fields.DateField(null=True)\n"
            "    level = fields.IntEnumField(Level, default=Level.LOW)",
        ),
        before=append(MEMBERSHIP) + add("projects", MEMBERS),
        rows=(
            row("Membership", project_id=1, user_id=2),
            row("Membership", project_id=2, user_id=2),
        ),
        values={"memberships.level": 1},
    ),
    Case(
        "a many-to-many refers to another table",
        replace(TAGS, TAGS.replace("models.Tag", "models.User").replace('"tasks"', '"tagged"')),
        may_refuse=NAMES,
    ),
)
