"""Foreign keys."""

from tests.service.schema.case import Case, Options, everywhere
from tests.service.schema.models import add, append, drop, key, replace
from tests.service.schema.rows import row
from tests.service.schema.snapshot import ANYTHING

OWNER = """    owner = fields.ForeignKeyField(
        "models.User", related_name="tasks", null=True, on_delete=fields.SET_NULL
    )
"""
PROJECT = key("project", "Project", "tasks")
PARENT = key("parent", "Task", "children", "null=True")
TOGETHER = '        unique_together = (("project", "title"),)\n'
REVIEWER = 'reviewer = fields.ForeignKeyField("models.User", related_name="reviews", null=True'
OF_PROJECT = REVIEWER.replace("models.User", "models.Project")

INVOICE = """
class Invoice(Model):
    id = fields.IntField(primary_key=True)
    owner = fields.ForeignKeyField("models.User", related_name="invoices")
    reverses = fields.ForeignKeyField("models.Invoice", related_name="reversed_by", null=True)

    class Meta:
        table = "invoices"
"""
CIRCLE = """
class Team(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=20, unique=True)
    captain = fields.ForeignKeyField("models.Player", related_name="captain_of", null=True)

    class Meta:
        table = "teams"


class Player(Model):
    id = fields.IntField(primary_key=True)
    team = fields.ForeignKeyField("models.Team", related_name="players")
    name = fields.CharField(max_length=20)

    class Meta:
        table = "players"
        unique_together = (("team", "name"),)
"""
PROFILE = """
class Profile(Model):
    user = fields.OneToOneField("models.User", related_name="profile", primary_key=True)
    bio = fields.TextField(default="")

    class Meta:
        table = "profiles"


class Badge(Model):
    id = fields.IntField(primary_key=True)
    profile = fields.ForeignKeyField("models.Profile", related_name="badges")

    class Meta:
        table = "badges"
"""
CITIES = """
class Country(Model):
    code = fields.CharField(max_length=3, primary_key=True)

    class Meta:
        table = "countries"


class City(Model):
    id = fields.IntField(primary_key=True)
    country = fields.ForeignKeyField("models.Country", related_name="cities")
    name = fields.CharField(max_length=20)

    class Meta:
        table = "cities"
"""
BY_CODE = """
class Milestone(Model):
    id = fields.UUIDField(primary_key=True)
    project = fields.ForeignKeyField("models.Project", related_name="milestones", to_field="code")
    after = fields.ForeignKeyField("models.Milestone", related_name="before", null=True)
    user = fields.OneToOneField("models.User", related_name="milestone", null=True)

    class Meta:
        table = "milestones"
"""

CASES = (
    Case(
        "add a key to another part's table",
        add(
            "projects",
            key("owner", "User", "projects", "null=True"),
        ),
    ),
    Case(
        "add a key to a table of one's own",
        add(
            "tags",
            key("project", "Project", "labels", "null=True"),
        ),
    ),
    Case(
        "add a key to the same table",
        add(
            "tags",
            key("parent", "Tag", "children", "null=True"),
        ),
        later=(row("Tag", name="child", parent_id=1),),
    ),
    Case(
        "add a NOT NULL key",
        add("tags", key("project", "Project", "labels")),
        refused=everywhere("tags", "project_id", "3"),
    ),
    Case(
        "add a NOT NULL key to an empty table",
        add("tags", key("project", "Project", "labels")),
        is_empty=True,
    ),
    Case(
        "add a NOT NULL key and say what fills it",
        add("tags", key("project", "Project", "labels")),
        options=Options(fills={"tags.project_id": "2"}),
        values={"tags.project_id": 2},
    ),
    Case(
        "add a NOT NULL key and fill it with a row that is not there",
        add("tags", key("project", "Project", "labels")),
        options=Options(fills={"tags.project_id": "77"}),
        refused=everywhere("tags", "project_id"),
    ),
    Case(
        "add a key with an index of its own",
        add(
            "tags",
            key("project", "Project", "labels", "null=True", "db_index=True"),
        ),
    ),
    Case(
        "add a key without constraint",
        add(
            "tags",
            key("project", "Project", "labels", "null=True", "db_constraint=False"),
        ),
    ),
    Case("add a table with keys to another part's and to itself", append(INVOICE)),
    Case(
        "drop a table with keys to another part's and to itself",
        replace(INVOICE.strip() + "\n\n\n", ""),
        before=append(INVOICE),
    ),
    Case("add two tables with keys in a circle", append(CIRCLE)),
    Case(
        "drop two tables with keys in a circle",
        replace(CIRCLE.strip() + "\n\n\n", ""),
        before=append(CIRCLE),
    ),
    Case(
        "close a circle of keys between tables that are there",
        add(
            "projects",
            key("lead", "Task", "leads", "null=True"),
        ),
    ),
    Case(
        "a table in a circle of keys changes",
        replace(
            "name = fields.CharField(max_length=20)\n",
            "name = fields.CharField(max_length=30, null=True)\n",
        ),
        before=append(CIRCLE),
        rows=(row("Team", name="Zoë's"), row("Player", team_id=1, name="ada")),
    ),
    Case("add tables whose primary key is a one-to-one", append(PROFILE)),
    Case(
        "add a table with a UUID as primary key and keys to a code, to itself and one-to-one",
        append(BY_CODE),
    ),
    Case(
        "a code as primary key gets a number beside, and keys still refer to it",
        replace(
            "code = fields.CharField(max_length=3, primary_key=True)",
            "id = fields.IntField(primary_key=True)\n"
            "    code = fields.CharField(max_length=3, unique=True)",
        )
        + replace('related_name="cities")', 'related_name="cities", to_field="code")'),
        before=append(CITIES),
        rows=(
            row("Country", code="de"),
            row("Country", code="Ö"),
            row("City", country_id="Ö", name="Linz"),
        ),
        primary_keys={"countries": {"de": 1, "Ö": 2}},
        values={"countries.id": ANYTHING},
    ),
    Case("drop a key that may be null", replace(OWNER, "")),
    Case(
        "drop a NOT NULL key that is unique together",
        drop(PROJECT) + replace(TOGETHER, ""),
        undo_may_refuse=True,
    ),
    Case("drop a key to the same table", drop(PARENT)),
    Case(
        "on delete: SET NULL becomes CASCADE",
        replace("on_delete=fields.SET_NULL", "on_delete=fields.CASCADE"),
    ),
    Case(
        "on delete: CASCADE becomes RESTRICT",
        replace(PROJECT, PROJECT.replace('"tasks")', '"tasks", on_delete=fields.RESTRICT)')),
    ),
    Case(
        "on delete: CASCADE becomes NO ACTION on a key to the same table",
        replace(PARENT, PARENT.replace("null=True", "null=True, on_delete=fields.NO_ACTION")),
    ),
    Case(
        "on delete: CASCADE becomes SET NULL, and NULL is allowed",
        replace(
            PROJECT, PROJECT.replace('"tasks")', '"tasks", null=True, on_delete=fields.SET_NULL)')
        ),
    ),
    Case(
        "a key is not allowed to be NULL any more where rows have it",
        replace(PARENT, PARENT.replace(", null=True", "")),
        refused=everywhere("tasks", "parent_id", "1"),
    ),
    Case(
        "a key is not allowed to be NULL any more where no row has it",
        replace(PARENT, PARENT.replace(", null=True", "")),
        cells={"Task.parent_id": {1: 1}},
    ),
    Case(
        "a key loses its constraint",
        replace(PARENT, PARENT.replace("null=True", "null=True, db_constraint=False")),
    ),
    Case(
        "a key gets its constraint",
        replace("null=True, db_constraint=False)", "null=True)"),
        before=add("tasks", f"{REVIEWER}, db_constraint=False)"),
        cells={"Task.reviewer_id": {1: 3, 2: 1}},
    ),
    Case(
        "a key gets its constraint where a row refers to nobody",
        replace("null=True, db_constraint=False)", "null=True)"),
        before=add("tasks", f"{REVIEWER}, db_constraint=False)"),
        cells={"Task.reviewer_id": {1: 77, 2: 1, 4: 78}},
        refused=everywhere("tasks", "reviewer_id", "2"),
    ),
    Case(
        "a number becomes a key",
        replace("reviewer_id = fields.IntField(null=True)", f"{REVIEWER})"),
        before=add("tasks", "reviewer_id = fields.IntField(null=True)"),
        cells={"Task.reviewer_id": {1: 3, 2: 1}},
    ),
    Case(
        "a number that no row has becomes a key",
        replace("reviewer_id = fields.IntField(null=True)", f"{REVIEWER})"),
        before=add("tasks", "reviewer_id = fields.IntField(null=True)"),
        cells={"Task.reviewer_id": {1: -1, 2: 1}},
        refused=everywhere("tasks", "reviewer_id", "1"),
    ),
    Case(
        "a key becomes a number",
        replace(PARENT, "parent_id = fields.BigIntField(null=True)"),
    ),
    Case(
        "a key refers to another table",
        replace(f"{REVIEWER})", f"{REVIEWER.replace('models.User', 'models.Role')})"),
        before=add("tasks", f"{REVIEWER})"),
        cells={"Task.reviewer_id": {1: 1, 2: 2}},
    ),
    Case(
        "a key refers to another table, which lacks a row",
        replace(f"{REVIEWER})", f"{REVIEWER.replace('models.User', 'models.Role')})"),
        before=add("tasks", f"{REVIEWER})"),
        cells={"Task.reviewer_id": {1: 1, 2: 3}},
        refused=everywhere("tasks", "reviewer_id", "1"),
    ),
    Case(
        "a key refers to another table with keys of another size",
        replace(f"{REVIEWER})", f"{REVIEWER.replace('models.User', 'models.Project')})"),
        before=add("tasks", f"{REVIEWER})"),
        cells={"Task.reviewer_id": {1: 1, 2: 3}},
    ),
    Case(
        "a key becomes a one-to-one",
        replace("reviewer = fields.ForeignKeyField(", "reviewer = fields.OneToOneField("),
        before=add("tasks", f"{REVIEWER})"),
        cells={"Task.reviewer_id": {1: 1, 2: 3}},
    ),
    Case(
        "a key with duplicates becomes a one-to-one",
        replace("reviewer = fields.ForeignKeyField(", "reviewer = fields.OneToOneField("),
        before=add("tasks", f"{REVIEWER})"),
        cells={"Task.reviewer_id": {1: 1, 2: 1}},
        refused=everywhere("tasks", "reviewer_id"),
    ),
    Case(
        "a one-to-one becomes a key",
        replace("reviewer = fields.OneToOneField(", "reviewer = fields.ForeignKeyField("),
        before=add("tasks", f"{REVIEWER.replace('ForeignKey', 'OneToOne')})"),
        cells={"Task.reviewer_id": {1: 1, 2: 3}},
    ),
    Case(
        "a key gets an index of its own",
        replace(PARENT, PARENT.replace("null=True", "null=True, db_index=True")),
    ),
    Case(
        "a key loses its own index",
        replace("null=True, db_index=True)", "null=True)"),
        before=replace(PARENT, PARENT.replace("null=True", "null=True, db_index=True")),
    ),
    Case(
        "a key refers to the code of a project",
        add(
            "tags",
            key("project", "Project", "labels", 'to_field="code"', "null=True"),
        ),
    ),
    Case(
        "the code that a key refers to gets wider",
        replace(
            "code = fields.CharField(max_length=20, unique=True)",
            "code = fields.CharField(max_length=40, unique=True)",
        ),
        before=add(
            "tags",
            key("project", "Project", "labels", 'to_field="code"', "null=True"),
        ),
        cells={"Tag.project_id": {1: "P-1", 2: "é"}},
    ),
    Case(
        "a key goes to the code instead of the number",
        replace(f"{OF_PROJECT})", f'{OF_PROJECT}, to_field="code")'),
        before=add("tasks", f"{OF_PROJECT})"),
        cells={"Task.reviewer_id": {1: 1, 2: 3}},
        refused=everywhere("tasks", "reviewer_id"),
    ),
)
