"""The models that every case begins with, and the edits that an owner makes in them."""

import hashlib
import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

USERS = '''"""Accounts: another part than the owner's."""

from tortoise import fields
from tortoise.models import Model


class Role(Model):
    """A named set of permissions."""

    id = fields.IntField(primary_key=True)  # roles
    name = fields.CharField(max_length=40, unique=True)
    permissions = fields.JSONField(default=list)

    class Meta:
        table = "roles"


class User(Model):
    """Somebody who signs in."""

    id = fields.IntField(primary_key=True)  # users
    username = fields.CharField(max_length=50, unique=True)
    email = fields.CharField(max_length=120, unique=True)
    age = fields.SmallIntField(null=True)
    is_active = fields.BooleanField(default=True)
    joined_at = fields.DatetimeField()
    roles = fields.ManyToManyField("models.Role", through="user_roles", related_name="users")

    class Meta:
        table = "users"


# the end of people
'''
WORK = '''"""The owner's part: projects, tags and tasks."""

from enum import IntEnum, StrEnum

from tortoise import fields
from tortoise.contrib.mysql.indexes import FullTextIndex
from tortoise.contrib.postgres.fields import TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex, HashIndex
from tortoise.expressions import F
from tortoise.fields.db_defaults import Now, RandomHex, SqlDefault
from tortoise.functions import Lower
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model


class Kind(StrEnum):
    """The kinds of tasks."""

    BUG = "bug"
    CHORE = "chore"


class Level(IntEnum):
    """How much a task matters."""

    LOW = 1
    HIGH = 9


class Project(Model):
    """What tasks belong to."""

    id = fields.BigIntField(primary_key=True)  # projects
    name = fields.CharField(max_length=60)
    code = fields.CharField(max_length=20, unique=True)
    budget = fields.DecimalField(max_digits=12, decimal_places=2, null=True)

    class Meta:
        table = "projects"


class Tag(Model):
    """A word for tasks."""

    id = fields.IntField(primary_key=True)  # tags
    name = fields.CharField(max_length=30)
    colour = fields.CharField(max_length=20, null=True)

    class Meta:
        table = "tags"


class Task(Model):
    """Something to do."""

    id = fields.BigIntField(primary_key=True)  # tasks
    title = fields.CharField(max_length=100)
    slug = fields.CharField(max_length=60, db_index=True)
    note = fields.CharField(max_length=200, null=True)
    summary = fields.CharField(max_length=80, null=True)
    body = fields.TextField(null=True)
    estimate = fields.IntField(null=True)
    position = fields.IntField()
    visits = fields.BigIntField(db_default=0)
    rank = fields.SmallIntField(null=True)
    done = fields.BooleanField(default=False)
    extra = fields.JSONField(null=True)
    price = fields.DecimalField(max_digits=10, decimal_places=2, null=True)
    weight = fields.FloatField(null=True)
    due = fields.DateField(null=True)
    seen_at = fields.DatetimeField(null=True)
    alarm = fields.TimeField(null=True)
    token = fields.UUIDField(null=True)
    blob = fields.BinaryField(null=True)
    kind = fields.CharEnumField(Kind, max_length=20)
    level = fields.IntEnumField(Level, null=True)
    project = fields.ForeignKeyField("models.Project", related_name="tasks")
    owner = fields.ForeignKeyField(
        "models.User", related_name="tasks", null=True, on_delete=fields.SET_NULL
    )
    parent = fields.ForeignKeyField("models.Task", related_name="children", null=True)
    tags = fields.ManyToManyField("models.Tag", through="task_tags", related_name="tasks")

    class Meta:
        table = "tasks"
        unique_together = (("project", "title"),)
        indexes = (("done", "due"),)


# the end of work
'''


@dataclass(frozen=True)
class Edit:
    """A replacement in the models; the replaced text occurs exactly once."""

    old: str
    new: str


Edits = tuple[Edit, ...]


def replace(old: str, new: str) -> Edits:
    """Replace a text."""
    return (Edit(old, new),)


def add(table: str, *lines: str) -> Edits:
    """Add fields to a model, named by its table."""
    mark = f"  # {table}\n"
    return (Edit(mark, mark + "".join(f"    {line}\n" for line in lines)),)


def drop(*lines: str) -> Edits:
    """Remove lines of a model."""
    return tuple(Edit(f"    {line}\n", "") for line in lines)


def meta(table: str, *lines: str) -> Edits:
    """Add lines to the `Meta` of a model, named by its table."""
    mark = f'        table = "{table}"\n'
    return (Edit(mark, mark + "".join(f"        {line}\n" for line in lines)),)


def key(name: str, model: str, related_name: str, *options: str) -> str:
    """Return the line of a key to another model."""
    arguments = [f'"models.{model}"', f'related_name="{related_name}"', *options]
    return f"{name} = fields.ForeignKeyField({', '.join(arguments)})"


def append(source: str, *, module: str = "work") -> Edits:
    """Add a class at the end of a module."""
    mark = f"# the end of {module}\n"
    return (Edit(mark, f"{source.strip()}\n\n\n{mark}"),)


def edited(texts: dict[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """Return the modules after the edits.

    Raises:
        ValueError: The text that an edit replaces is missing, or occurs more than once.
    """
    texts = dict(texts)
    for edit in edits:
        found = [name for name, text in texts.items() for _ in range(text.count(edit.old))]
        if len(found) != 1:
            raise ValueError(f"{edit.old!r} is in the models {len(found)} times")
        texts[found[0]] = texts[found[0]].replace(edit.old, edit.new)
    return texts


BASE = {"people": USERS, "work": WORK}


@dataclass
class Package:
    """The modules of a case on disk."""

    root: Path
    """A folder that modules are imported from."""
    name: str
    keeps_name: bool
    """Marks a package whose edited modules keep their names and are imported anew after a change.

    Otherwise the same text is the same package in all cases, which takes a third of the time; only
    a tool whose files import the models sees a difference.
    """
    imported: str = ""
    modules: list[str] = field(default_factory=list)
    """The names of the modules with models."""

    def write(self, texts: dict[str, str]) -> None:
        """Write the modules, and have them imported anew."""
        digest = hashlib.sha256("\n".join(texts.values()).encode()).hexdigest()[:16]
        self.imported = self.name if self.keeps_name else f"models_{digest}"
        self.modules = [f"{self.imported}.{module}" for module in texts]
        folder = self.root / self.imported
        if folder.exists() and not self.keeps_name:
            return
        folder.mkdir(exist_ok=True)
        for module, text in {"__init__": "", **texts}.items():
            (folder / f"{module}.py").write_text(text, encoding="utf-8")
        for module in [name for name in sys.modules if name.partition(".")[0] == self.imported]:
            del sys.modules[module]
        importlib.invalidate_caches()
