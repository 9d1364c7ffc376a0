"""Models during a change, and the options that an owner passes."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from tests.service.schema import dialects
from tests.service.schema.dialects import Dialect
from tests.service.schema.sequences.schema import KEYS, Model, Schema

WORDS = (
    *("name", "title", "note", "body", "slug", "size", "rank", "total", "price", "owner", "start"),
    *("until", "state", "order", "group", "select", "kind", "level", "extra", "camelCase", "ünï"),
)
TABLES = ("things", "tags", "notes", "people", "order", "parts", "rooms", "letters", "Mixed")


@dataclass
class Draft:
    """Models during a change, and the options that go with it."""

    rng: Random
    database: str
    numbers: Iterator[int]
    before: Schema
    schema: dict[str, Model]
    words: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)
    touched: set[int | str] = field(default_factory=set)
    """Identities of fields, links and models that this step has changed already."""

    @property
    def dialect(self) -> Dialect:
        """The trial's description of the database."""
        return dialects.named(self.database)

    def copy(self) -> "Draft":
        """Return a draft that can be changed without changing this one."""
        return replace(
            self,
            schema=dict(self.schema),
            words=[*self.words],
            columns=dict(self.columns),
            tables=dict(self.tables),
            fills=dict(self.fills),
            touched=set(self.touched),
        )

    def chance(self, share: float) -> bool:
        """Return whether a draw with this probability succeeds."""
        return self.rng.random() < share

    def model(self) -> Model:
        """Choose a model."""
        return self.rng.choice([*self.schema.values()])

    def put(self, model: Model, what: str) -> None:
        """Replace a model by its changed copy."""
        self.schema[model.name] = model
        self.words.append(what)

    def name(self, model: Model) -> str:
        """Choose a name for a field that is used neither now nor before this step."""
        taken = set()
        for known in (model, self.before.get(model.name, model)):
            taken |= {link.name for link in known.links}
            for each in known.columns:
                taken |= {each.name, each.column, each.column.rpartition("_")[0]}
        free = [name for name in WORDS if name not in taken]
        return self.rng.choice(free) if free else f"more_{next(self.numbers)}"

    def table(self) -> str:
        """Choose a name for a table that is used neither now nor before this step."""
        taken = {each.table for each in (*self.schema.values(), *self.before.values())}
        free = [name for name in TABLES if name not in taken]
        return self.rng.choice(free) if free else f"table_{next(self.numbers)}"

    @property
    def has_a_first_row(self) -> bool:
        """Return whether the foreign keys that are NOT NULL form no cycle."""
        left = {
            model.name: {
                each.target for each in model.fields if each.kind in KEYS and not each.is_null
            }
            for model in self.schema.values()
        }
        while free := [name for name, targets in left.items() if not targets & left.keys()]:
            for name in free:
                del left[name]
        return not left
