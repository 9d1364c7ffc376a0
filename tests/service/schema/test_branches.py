"""Two people change the models at the same time, and a file comes late, with an early number."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest

from tests.service.schema.catalogue import Catalogue, differences
from tests.service.schema.conftest import SLUG
from tests.service.schema.owner import MODEL, TASK, TITLE, USER, Owner
from tests.support import databases, sql

BODY = "body = fields.TextField()"
WIDE = TITLE.replace("200", "250")
LABEL = """

class Label(Model):
    id = fields.IntField(primary_key=True)
    task = fields.ForeignKeyField("models.Task", related_name="labels")

    class Meta:
        table = "labels"
"""
ONE = (
    (TITLE, f"{TITLE}\n    due = fields.DateField(null=True, unique=True)"),
    ("", LABEL),
    (TITLE, WIDE),
)
OTHER = (
    (BODY, f"{BODY}\n    rank = fields.IntField(default=7, db_index=True)"),
    (BODY, ""),
    ("slug = fields.CharField(max_length=50", "slug = fields.CharField(max_length=80, unique=True"),
)
"""Changes of each branch, one file each: all of the same table, which SQLite rebuilds."""


@dataclass
class Branches:
    """The files of two people, and the models of both."""

    owner: Owner
    one: list[Path]
    other: list[Path]
    texts: dict[Path, str]

    def merge(self, order: Sequence[Path]) -> None:
        """Number the files in this order."""
        folder = self.owner.service.project / "migrations/models"
        for path in self.owner.files():
            if path.name.startswith("2028"):
                path.unlink()
        for number, path in enumerate(order):
            name = f"20280101{number:09}_{path.stem.partition('_')[2]}.py"
            (folder / name).write_text(self.texts[path], encoding="utf-8")

    def interleavings(self) -> Iterator[list[Path]]:
        """Return every order of the files that keeps the order within each branch."""
        many = len(self.one) + len(self.other)
        for places in combinations(range(many), len(self.one)):
            one, other = iter(self.one), iter(self.other)
            yield [next(one if place in places else other) for place in range(many)]


@pytest.fixture
def branches(owner: Owner) -> Iterator[Branches]:
    """Offer the files of two people who branched from the same models."""
    model = owner.service.project / MODEL
    base = model.read_text(encoding="utf-8")
    made: list[list[Path]] = []
    texts: dict[Path, str] = {}
    for number, edits in enumerate((ONE, OTHER)):
        before = owner.files()
        model.write_text(base, encoding="utf-8")
        for step, (old, new) in enumerate(edits):
            _edit(model, old, new)
            (said,) = owner.runs(f"make-migration change_{number}_{step} --anyway")
            assert "Wrote " in said, said
        made.append([path for path in owner.files() if path not in before])
        texts |= {path: path.read_text(encoding="utf-8") for path in made[-1]}
        for path in made[-1]:
            path.unlink()
    model.write_text(base, encoding="utf-8")
    for old, new in (*ONE, *OTHER):
        _edit(model, old, new)
    one, other = made
    yield Branches(owner, one, other, texts)
    for path in owner.files():
        if path.name.startswith("2028"):
            path.unlink()
    owner.starts_anew("migrate")


def _edit(model: Path, old: str, new: str) -> None:
    text = model.read_text(encoding="utf-8")
    if not old:
        model.write_text(text + new, encoding="utf-8")
        return
    assert text.count(old) == 1, old
    model.write_text(text.replace(old, new), encoding="utf-8")


def test_every_order_of_two_branches_makes_the_same_tables(branches: Branches) -> None:
    owner = branches.owner
    orders = list(branches.interleavings())
    assert len(orders) == 20
    if databases.named(owner.service.database).server and os.environ.get("SCHEMA_TRIAL") != "all":
        orders = orders[::4]  # a file finds the same tables as on SQLite
    found: list[Catalogue] = []

    for order in orders:
        branches.merge(order)
        up, back, _ = owner.starts_anew("migrate", "rollback --to 0", "migrate")
        assert (up.count("Applied"), back.count("Undid")) == (len(order) + 3, len(order) + 3)
        found.append(owner.catalogue())
    (nothing,) = owner.runs("make-migration merged")

    assert [differences(each, found[0], names=True) for each in found] == [[]] * len(orders)
    assert nothing == "Nothing to write: the migrations match the models.\n"
    assert {"due", "rank", "slug"} <= set(found[0]["tasks"].columns)
    assert "labels" in found[0]


@pytest.mark.parametrize("has", ["early", "late"])
def test_a_database_that_has_one_branch_gets_the_other(branches: Branches, has: str) -> None:
    """Files with lower numbers than the last applied one are applied, too."""
    owner, count = branches.owner, len(branches.one)
    branches.merge([*branches.one, *branches.other])
    owner.starts_anew("migrate")
    expected = owner.catalogue()
    files = owner.files()[-2 * count :]
    lacking = files[count:] if has == "early" else files[:count]
    texts = {path: path.read_bytes() for path in lacking}
    for path in lacking:
        path.unlink()

    owner.starts_anew("migrate")
    sql.query(owner.service, USER)
    late = TASK.replace("body", "rank").replace("'', '',", "'', 7,")
    task = TASK if has == "early" else late
    sql.query(owner.service, task.format("x"))
    for path, text in texts.items():
        path.write_bytes(text)
    up, again = owner.runs("migrate", "migrate")

    assert up == "".join(f"Applied {path.stem}\n" for path in lacking)
    assert again.startswith("Nothing to apply")
    assert differences(owner.catalogue(), expected, names=True) == []
    assert owner.tasks("title, due, rank") == [("x", None, 7)]


def test_two_people_add_the_same_column(owner: Owner) -> None:
    """The second file is refused, and deleting it, as the page says, leaves nothing of it."""
    model = owner.service.project / MODEL
    base = model.read_text(encoding="utf-8")
    made = []
    for number, field in enumerate(("IntField(null=True)", "IntField(default=0)")):
        _edit(model, TITLE, f"{TITLE}\n    due = fields.{field}")
        owner.runs(f"make-migration due_{number}")
        made.append(owner.files()[-1])
        text = made[-1].read_bytes()
        made[-1].unlink()
        made[-1].with_suffix(".kept").write_bytes(text)
        model.write_text(base, encoding="utf-8")
    one, other = made
    one.with_suffix(".kept").rename(one)
    owner.runs("migrate")
    sql.query(owner.service, "UPDATE tasks SET due = 12345")
    other.with_suffix(".kept").rename(other)

    (refused,) = owner.runs("migrate")
    kept = owner.tasks("due")
    other.unlink()
    (nothing,) = owner.runs("migrate")

    assert refused.startswith(f"Error: {other.stem} ") or "is there already" in refused
    assert kept == owner.tasks("due") == [(12345,), (12345,)]
    assert nothing.startswith("Nothing to apply")


@dataclass
class Clash:
    """Two files: one drops the column that the other, with a higher number, makes wider."""

    owner: Owner
    texts: dict[Path, str]

    def has(self, *names: str) -> None:
        """Write these of the two files, and delete the others."""
        for path, text in self.texts.items():
            path.unlink(missing_ok=True)
            if path.stem.endswith(names):
                path.write_text(text, encoding="utf-8")

    def models(self, *, has_slug: bool) -> None:
        """Write the models of one of the two."""
        model = self.owner.service.project / MODEL
        text = re.sub("    slug = .*\n", "", model.read_text(encoding="utf-8"))
        slug = f"\n    {SLUG.replace('50', '80')}" if has_slug else ""
        model.write_text(text.replace(TITLE, f"{TITLE}{slug}"), encoding="utf-8")


@pytest.fixture
def clash(owner: Owner) -> Iterator[Clash]:
    """Offer the files of two people who changed the same column; no database has them."""
    found = Clash(owner, {})
    for verb in ("drop", "change"):
        found.models(has_slug=verb == "change")
        (said,) = owner.runs(f"make-migration {verb}_slug")
        assert "Wrote " in said, said
        path = owner.files()[-1]
        found.texts[path] = path.read_text(encoding="utf-8")
        path.unlink()
    yield found
    for path in owner.files():
        if path.stem.endswith(("_slug", "_merged")):
            path.unlink()
    owner.starts_anew("migrate")


def _is_the_same_anew(owner: Owner) -> bool:
    """Return whether an empty database gets the same tables, and the models have no others."""
    here = owner.catalogue()
    (nothing,) = owner.runs("make-migration more")
    owner.starts_anew("migrate")
    assert nothing == "Nothing to write: the migrations match the models.\n"
    return differences(here, owner.catalogue(), names=True) == []


def test_a_column_is_changed_where_it_was_dropped(clash: Clash) -> None:
    """The file is refused; deleting it, and making it again, adds the column."""
    owner = clash.owner
    clash.has("drop_slug")
    owner.runs("migrate")
    before = owner.catalogue()
    clash.has("drop_slug", "change_slug")
    clash.models(has_slug=True)
    change = owner.named("change_slug")

    refused, unmade = owner.runs("migrate", "make-migration merged")
    there = owner.catalogue()
    clash.has("drop_slug")
    made, up = owner.runs(owner.shown(r"run `just (make-migration merged)` again"), "migrate")

    assert refused.startswith(f"Error: {change} ")
    assert "docs/migrations.md says " in refused
    assert f"{change}.py cannot be applied to an empty database: " in unmade
    assert unmade.count("Two branches") == 1
    assert differences(before, there, names=True) == []
    assert "  add tasks.slug " in made
    assert up == f"Applied {owner.named('merged')}\n"
    assert owner.tasks("title, slug") == [("Buy Milk", ""), ("Call Bob", "")]
    assert _is_the_same_anew(owner)


def test_a_column_is_dropped_where_it_was_changed(clash: Clash) -> None:
    """The drop has the lower number, so that an empty database would refuse the change."""
    owner = clash.owner
    clash.has("change_slug")
    owner.runs("migrate")
    clash.has("drop_slug", "change_slug")
    clash.models(has_slug=False)
    change = owner.named("change_slug")

    (unmade,) = owner.runs("make-migration merged")
    clash.has("change_slug")
    made, up = owner.runs("make-migration merged", "migrate")

    assert f"{change}.py cannot be applied to an empty database: " in unmade
    assert "  drop tasks.slug " in made
    assert up == f"Applied {owner.named('merged')}\n"
    assert _is_the_same_anew(owner)


def test_both_files_of_such_branches_are_deployed(clash: Clash) -> None:
    """The change was applied before the drop there, and does nothing in a new database."""
    owner = clash.owner
    clash.has("change_slug")
    owner.runs("migrate")
    clash.has("drop_slug", "change_slug")
    clash.models(has_slug=False)

    (up,) = owner.runs("migrate")
    nothing = owner.shown(r"higher number\s+`(return \S+ \S+)`")
    for way in ("upgrade", "downgrade"):
        owner.fills("change_slug", f"async def {way}(db: BaseDBAsyncClient) -> str:\n    {nothing}")

    assert up == f"Applied {owner.named('drop_slug')}\n"
    assert _is_the_same_anew(owner)


def test_a_part_is_switched_on_over_a_filled_database(owner: Owner) -> None:
    """The part's file has a lower number than those of the owner, and is applied."""
    (notes,) = (path for path in owner.files() if path.stem.endswith("_notes"))
    text = notes.read_bytes()
    expected = owner.catalogue()
    notes.unlink()
    owner.starts_anew("migrate")
    sql.query(owner.service, USER)
    sql.query(owner.service, TASK.format("x"))
    notes.write_bytes(text)

    (up,) = owner.runs("migrate")

    assert up == f"Applied {notes.stem}\n"
    assert differences(owner.catalogue(), expected, names=True) == []
    assert owner.tasks("title") == [("x",)]
