"""A resource: its names, its fields, and the folders in which it lies."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pluralizer import Pluralizer

from tools.migrations.refusal import Refused
from tools.resources import fields, models
from tools.resources.fields import Field

ROOT = Path(__file__).parents[2]
PATTERN = Path(__file__).parent / "pattern"
IMPORTED = frozenset(
    re.findall(
        r"\w+",
        """
        Annotated Any APIRouter AsyncClient BigInt CharEnumField Date DateTime Decimal Field
        Float HTTPStatus Id Input Int InvalidField Json JsonValue Keyword ListQuery Literal
        Model NotFound Output Page Q Query QuerySet RowId Several SingleLine SmallRowId Strict
        StrEnum Text User UUID
        """,
    )
)
"""Names that the modules of a resource import: no class or type of its own has one."""

ROOM = 38  # characters beside the words of the longest docstring
english = Pluralizer()  # type: ignore[no-untyped-call]
SOUNDS_LIKE_YOU = re.compile("eu|uni|us|ut|one")


@dataclass(frozen=True)
class Resource:
    """A noun, and how it is spelled in each place."""

    noun: str
    plural: str
    fields: Sequence[Field] = ()
    is_public: bool = False
    command: str = ""
    """What was typed behind `just new-resource`."""

    @property
    def model(self) -> str:
        """The class of its rows."""
        return fields.camel(self.noun)

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return self.noun.replace("_", " ")

    @property
    def titles(self) -> str:
        """The name of several in a sentence."""
        return self.plural.replace("_", " ")

    @property
    def a_title(self) -> str:
        """Its name with the article."""
        is_vowel = self.title[0] in "aeiou" and not SOUNDS_LIKE_YOU.match(self.title)
        return f"{'an' if is_vowel else 'a'} {self.title}"

    @property
    def path(self) -> str:
        """Its path below `/api/`."""
        return self.plural.replace("_", "-")

    @property
    def permission(self) -> str:
        """What somebody must have to write it, if it is public."""
        return f"{self.noun}:write"

    @property
    def part(self) -> str:
        """The package of its part."""
        return f"app.{self.plural}"

    @property
    def folders(self) -> tuple[Path, Path]:
        """The folders of its modules, and of their tests."""
        return ROOT / "app" / self.plural, ROOT / "tests" / self.plural

    @property
    def keys(self) -> list[Field]:
        """Its fields that lead to other models."""
        return [each for each in self.fields if each.is_key]

    @property
    def has_owned_keys(self) -> bool:
        """Whether one of them leads to rows that are nobody else's business."""
        owned = [each for each in self.keys if each.target and each.target.is_owned]
        return bool(owned) and not self.is_public

    @property
    def searched(self) -> list[Field]:
        """Its fields in which a keyword is looked for."""
        return [each for each in self.fields if each.kind.is_searched]

    @property
    def searched_in(self) -> str:
        """The names of these fields in a docstring, as far as a line has room for them."""
        names = " and ".join(each.name for each in self.searched)
        return names if len(self.plural) + len(names) < ROOM else "texts"

    @property
    def sorted(self) -> list[str]:
        """What lists can be sorted by, the default first."""
        return ["created_at", *(each.name for each in self.fields if each.kind.is_sorted)]

    def related_name(self, key: Field) -> str:
        """Return the name under which the other model finds these rows."""
        assert key.target
        taken = models.attributes(key.target.model, but=self.model)
        taken |= {self.plural} if key.target.is_user and not self.is_public else set()
        same = [each for each in self.keys if each.target == key.target]
        is_free = self.plural not in taken and len(same) == 1
        return self.plural if is_free else f"{key.name}_{self.plural}"

    def needed(self) -> Iterator[models.Target]:
        """Return the models whose rows tests must make, in that order."""
        found = [each for key in self.keys if key.target for each in key.target.needed()]
        return iter(dict.fromkeys(each for each in found if not each.is_user))


def named(noun: str, *, plural: str = "") -> Resource:
    """Return a resource of which nothing but the name is known.

    Raises:
        Refused: The name would not work.
    """
    fields.check_noun(noun, f"The name {noun!r}")
    if not plural:
        *first, last = noun.split("_")
        plural = "_".join([*first, english.plural(last)])
        if english.is_plural(last) and not english.is_singular(last):
            raise Refused(f"{noun!r} looks like several: name one, or say --plural too.")
    fields.check_name(plural, f"The plural {plural!r}")
    return Resource(noun, plural)


def describe(
    noun: str, typed: Sequence[str], *, plural: str, is_public: bool, is_new: bool = True
) -> Resource:
    """Read the words of the command.

    Raises:
        Refused: There is such a part already, or a name or a field would not work.
    """
    resource = replace(named(noun, plural=plural), is_public=is_public)
    if is_new:
        _check_free(resource)
    targets = models.all_targets()
    taken = IMPORTED | {resource.model}
    found = [fields.parse(each, resource.model, targets, taken) for each in typed]
    if not found:
        raise Refused(f"Name at least one field, such as: just new-resource {noun} name:str")
    names = [name for each in found for name in {each.name, each.attribute}]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"There are two fields {', '.join(twice)}.")
    options = ["--public"] if is_public else []
    options += [f"--plural={plural}"] if plural else []
    return replace(resource, fields=found, command=shlex.join([noun, *typed, *options]))


def _check_free(resource: Resource) -> None:
    """Refuse a name that is in use.

    Raises:
        Refused: The sentence says by what.
    """
    if resource.model in IMPORTED | set(models.all_targets()):
        raise Refused(f"There is a class {resource.model} already; choose another name.")
    if resource.plural in models.tables():
        raise Refused(
            f"There is a table {resource.plural} already; choose another name, or --plural."
        )
    source, tests = resource.folders
    for path in (source, source.with_suffix(".py"), tests):
        if path.exists():
            name = path.relative_to(ROOT)
            raise Refused(f"There is {name} already; choose another name, or --plural.")
