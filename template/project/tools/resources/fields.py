"""Fields as they are typed, `total:decimal:12,2?`, and their code in the pattern."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel
from tortoise.models import Model

from app.web.schemas import Input, ListQuery, Output
from tools.migrations.refusal import Refused
from tools.resources.kinds import KINDS, Kind, described
from tools.resources.models import Target

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME, LONGEST_NOUN = 40, 30
TYPED = re.compile(
    r"(?P<name>[^:]*):(?P<kind>[a-z]+)(\((?P<values>.*)\)|:(?P<arguments>[^?]*))?(?P<null>\??)"
)
VALUE = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
TAKEN = {"id", "owner", "owner_id", "created_at", "updated_at", "keyword", "fields"}
OF_PYTHON = {"int", "str", "bool", "float", "list", "dict", "type", "datetime"}
OF_PATTERN = frozenset(
    re.findall(
        r"\w+",
        """
        ada add answer body changes client create delete eve fields found get ids key keys list mine
        name new old others owner query read response router rows search service update url
        user users value values written
        """,
    )
)
"""Names that the modules and tests of a resource bind, so that its own name cannot be one."""
OF_SQL = frozenset(
    re.findall(
        r"\w+",
        """
        add all alter analyze and any array as asc between both by case cast change check collate
        column condition constraint continue convert create cross current_date current_time
        current_timestamp current_user cursor database databases declare default delete desc
        describe distinct div do drop each else elseif end enclosed escaped except exists exit
        explain false fetch for force foreign from full fulltext grant group having if ignore in
        index infile inner inout insert intersect interval into is iterate join key keys kill
        lateral leading leave left like limit lines load localtime localtimestamp lock loop match
        mod natural not null of offset on only optimize option or order out outer outfile over
        partition placing primary procedure range read references regexp release rename repeat
        replace require restrict return returning revoke right rlike schema select session_user
        set show some spatial sql starting symmetric system_user table terminated then to trailing
        trigger true undo union unique unlock unsigned update usage use user using values variadic
        varying when where while window with write xor zerofill
        """,
    )
)
"""Words that some database reserves."""


@dataclass(frozen=True)
class Field:
    """A field of a resource."""

    name: str
    kind_name: str
    arguments: tuple[str, ...]
    is_null: bool
    noun: str = ""
    """The class name of its resource."""
    target: Target | None = None
    """The model that a foreign key refers to."""
    taken: frozenset[str] = field(default=frozenset(), repr=False)
    """Names that the module `schemas` imports."""

    @property
    def kind(self) -> Kind:
        """Its type."""
        return KINDS[self.kind_name]

    @property
    def is_key(self) -> bool:
        """Return whether it is a foreign key."""
        return self.target is not None

    @property
    def attribute(self) -> str:
        """Its name in bodies, which is that of the column."""
        return f"{self.name}_id" if self.is_key else self.name

    @property
    def camel(self) -> str:
        """Its name in camel case."""
        return camel(self.name)

    @property
    def enum(self) -> str:
        """The class of an enum, or an empty text."""
        if self.kind_name != "enum":
            return ""
        name = f"{self.noun}{self.camel}"
        return f"{name}Value" if name in self.taken else name

    @property
    def members(self) -> list[tuple[str, str]]:
        """The names and values of its enum."""
        names = [(re.sub("[^A-Z0-9]", "_", each.upper()), each) for each in self.arguments]
        return names if self.enum else []

    def _filled(self, text: str) -> str:
        """Insert the arguments of the type into a text."""
        if self.target and self.target.is_small:
            text = text.replace("RowId", "SmallRowId")
        longest = max(map(len, self.arguments), default=0)
        return text.format(*self.arguments, name=self.enum, longest=longest)

    @property
    def column(self) -> str:
        """The code of its column in the model."""
        null = "null=True" if self.is_null else ""
        made = self._filled(self.kind.column)
        separator = "" if made.endswith("()") or not null else ", "
        return f"fields.{made[:-1]}{separator}{null})"

    @property
    def annotation(self) -> str:
        """The annotation of its column, if it needs one."""
        if not self.kind.annotation:
            return ""
        inner = self.kind.annotation
        return f": {inner[:-1]} | None]" if self.is_null else f": {inner}"

    @property
    def alias(self) -> str:
        """The alias of its type in bodies, if it has one."""
        if not self.kind.has_alias:
            return ""
        names = (self.camel, f"{self.noun}{self.camel}", f"{self.noun}{self.camel}Value")
        return next(name for name in names if name not in self.taken)

    @property
    def definition(self) -> str:
        """The type that the alias names."""
        return self._filled(self.kind.body)

    @property
    def body(self) -> str:
        """The type of its value in a request body."""
        return (self.alias or self.definition) + (" | None" if self.is_null else "")

    @property
    def change(self) -> str:
        """The type of its value in a request body that changes a row."""
        return (self.alias or self.definition) + " | MISSING" + (" | None" if self.is_null else "")

    @property
    def shown(self) -> str:
        """The type of its value in a response body."""
        shown = self._filled(self.kind.shown) or self.alias
        return shown + (" | None" if self.is_null else "")

    @property
    def filters(self) -> Iterator[tuple[str, str]]:
        """The names and types of the filters of lists."""
        query = self._filled(self.kind.query) or self.alias
        for lookup in self.kind.lookups:
            name = f"{self.attribute}__{lookup}" if lookup else self.attribute
            yield name, f"Several[{query}]" if lookup == "in" else query

    @property
    def samples(self) -> tuple[str, str]:
        """Two values for tests, in ascending order."""
        return self.kind.samples(self.arguments)

    @property
    def is_sorted(self) -> bool:
        """Return whether lists can be sorted by it, and tests can check the order."""
        return self.kind.is_sorted and self.samples[0] != self.samples[1]

    @property
    def wrong(self) -> Iterator[str]:
        """Invalid values for tests."""
        yield from map(self._filled, () if self.is_null else ("None",))
        yield from map(self._filled, self.kind.wrong)


def camel(name: str) -> str:
    """Return a name in camel case: `order_item` is `OrderItem`."""
    return "".join(each.capitalize() for each in name.split("_"))


def parse(text: str, noun: str, targets: dict[str, Target], taken: frozenset[str]) -> Field:
    """Parse `name:type[:arguments][?]`.

    Raises:
        Refused: The text has another form, or the name cannot be used.
    """
    if not (typed := TYPED.fullmatch(text)):
        raise Refused(
            f"{text!r} is not a field: write name:type, such as due:date? or total:decimal:12,2"
        )
    name, kind = typed["name"], typed["kind"]
    if kind == "fk" and name.endswith("_id"):
        right = f"{name.removesuffix('_id')}:fk:{typed['arguments']}"
        raise Refused(f"{name}: write {right}, whose column is {name}")
    check_name(f"{name}_id" if kind == "fk" else name, f"The field {name!r}")
    if kind == "fk" and (keyword.iskeyword(name) or name in TAKEN or hasattr(Model, name)):
        raise Refused(f"The key {name!r} is a word of Python, or of models. Choose another.")
    if kind not in KINDS:
        raise Refused(f"{name}: there is no type {kind!r}; the types are {described()}")
    is_null = bool(typed["null"])
    if kind == "fk":
        target = targets.get(typed["arguments"] or "")
        if target and not target.has_number:
            raise Refused(f"{name}: {target.name} has no integer `id`; write this key by hand.")
        if target is None:
            raise Refused(f"{name}: name a model after fk:, one of {', '.join(sorted(targets))}")
        return Field(name, kind, (), is_null, noun, target, taken)
    arguments = _values(name, typed["values"]) if kind == "enum" else _numbers(typed)
    return Field(name, kind, arguments, is_null, noun, None, taken)


def _numbers(typed: re.Match[str]) -> tuple[str, ...]:
    """Return the arguments of a type, which are integers.

    Raises:
        Refused: They are not integers, too many, or too large.
    """
    name, kind = typed["name"], KINDS[typed["kind"]]
    given = typed["arguments"].split(",") if typed["arguments"] else list(kind.defaults)
    numbers = [int(each) for each in given if re.fullmatch("[0-9]{1,9}", each)]
    is_right = len(numbers) == len(given) == len(kind.defaults) and typed["values"] is None
    lowest = 0 if len(numbers) > 1 else 1
    if not is_right or any(
        not lowest <= each <= most for each, most in zip(numbers, kind.largest, strict=True)
    ):
        most = ",".join(map(str, kind.largest))
        right = f"alone, or {typed['kind']}:{most} at most" if most else "alone"
        raise Refused(f"{name}: write {typed['kind']} {right}")
    if len(numbers) > 1 and not numbers[1] <= numbers[0] > 0:
        raise Refused(f"{name}: a decimal has no more places than digits, such as decimal:12,2")
    return tuple(map(str, numbers))


def _values(name: str, text: str | None) -> tuple[str, ...]:
    """Return the values of an enum.

    Raises:
        Refused: There are none, or they are not distinct lower-case words.
    """
    values = tuple((text or "").split("|"))
    members = {re.sub("[_-]", "_", each) for each in values}
    if not all(VALUE.fullmatch(each) for each in values) or len(members) < len(values):
        raise Refused(f"{name}: write the values in lower case, such as enum(open|paid)")
    if any(each == "mro" for each in values):
        raise Refused(f"{name}: an enum of Python cannot have a value mro")
    return values


def check_noun(name: str, what: str) -> None:
    """Check that Python accepts the name of a resource.

    Raises:
        Refused: The name is invalid; the message says why.
    """
    reason = ""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NOUN:
        reason = f"must be lower case, such as order_item, with at most {LONGEST_NOUN} letters"
    elif keyword.iskeyword(name) or name in OF_PYTHON or name in OF_PATTERN:
        reason = "is a word of Python, or of the code that would be written"
    if reason:
        raise Refused(f"{what} {reason}. Choose another.")


def check_name(name: str, what: str) -> None:
    """Check that Python, databases, Tortoise and Pydantic accept the name of a field.

    Raises:
        Refused: The name is invalid; the message says why.
    """
    reason = ""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        reason = f"must be lower case, such as paid_at, with at most {LONGEST_NAME} letters"
    elif keyword.iskeyword(name) or name in OF_PYTHON:
        reason = "is a word of Python"
    elif name in OF_SQL:
        reason = "is a reserved word of SQL"
    elif name in TAKEN or name in ListQuery.model_fields:
        reason = "exists in every resource or list"
    elif name.startswith("model_") or any(
        hasattr(each, name) for each in (Model, BaseModel, Input, Output, ListQuery)
    ):
        reason = "is an attribute of models or schemas"
    if reason:
        raise Refused(f"{what} {reason}. Choose another.")
