"""A resource: its names, fields and folders."""

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
        Annotated Any APIRouter AsyncClient BigInt CharEnumField CurrentUser Date UtcDateTime
        Decimal Field Float HTTPStatus Input Int InvalidField Json JsonValue Keyword ListQuery
        Literal MISSING Model NotFound Output Page PathId Q Query QuerySet RowId Several SingleLine
        SmallRowId Strict
        StrEnum Text User UUID
        """,
    )
)
"""Names that the modules of a resource import, so that its own classes cannot have them."""

SCHEMAS = ("Create", "Update", "Detail", "Query", "NotFound")
ROOM = 31  # characters left for names in the longest docstring
english = Pluralizer()  # type: ignore[no-untyped-call]
SOUNDS_LIKE_YOU = re.compile("eu|uni|us|ut|one")


@dataclass(frozen=True)
class Resource:
    """A noun, in the spelling of each place."""

    noun: str
    plural: str
    fields: Sequence[Field] = ()
    is_public: bool = False
    command: str = ""
    """The arguments of `just new-resource`."""

    @property
    def model(self) -> str:
        """The name of its model."""
        return fields.camel(self.noun)

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return self.noun.replace("_", " ")

    @property
    def titles(self) -> str:
        """Its plural in a sentence."""
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
        """The permission to write it, if it is public."""
        return f"{self.noun}:write"

    @property
    def part(self) -> str:
        """The package of the part."""
        return f"app.{self.plural}"

    @property
    def folders(self) -> tuple[Path, Path]:
        """The folders of its modules and of its tests."""
        return ROOT / "app" / self.plural, ROOT / "tests" / self.plural

    @property
    def keys(self) -> list[Field]:
        """Its foreign keys."""
        return [each for each in self.fields if each.is_key]

    @property
    def has_owned_keys(self) -> bool:
        """Return whether a foreign key refers to rows that only their owner may see."""
        return any(each.target and each.target.is_owned for each in self.keys)

    @property
    def searched(self) -> list[Field]:
        """Its fields that a keyword searches."""
        return [each for each in self.fields if each.kind.is_searched]

    @property
    def searched_in(self) -> str:
        """The names of these fields for a docstring, `texts`, or nothing if they are too long."""
        names = " and ".join(each.name for each in self.searched)
        return next((it for it in (names, "texts") if len(self.plural) + len(it) < ROOM), "")

    @property
    def sorted(self) -> list[str]:
        """The fields to sort lists by, the default first."""
        return ["created_at", *(each.name for each in self.fields if each.kind.is_sorted)]

    def related_name(self, key: Field) -> str:
        """Return the name of the backward relation in the other model."""
        assert key.target
        taken = models.attributes(key.target.model, except_model=self.model)
        taken |= {self.plural} if key.target.is_user and not self.is_public else set()
        same = [each for each in self.keys if each.target == key.target]
        is_free = self.plural not in taken and len(same) == 1
        return self.plural if is_free else f"{key.name}_{self.plural}"

    def needed(self) -> Iterator[models.Target]:
        """Yield the models whose rows tests must create, in this order."""
        found = [each for key in self.keys if key.target for each in key.target.needed()]
        return iter(dict.fromkeys(each for each in found if not each.is_user))


def named(noun: str, *, plural: str = "") -> Resource:
    """Return a resource of this name, without fields.

    Raises:
        Refused: The name cannot be used.
    """
    fields.check_noun(noun, f"The name {noun!r}")
    if not plural:
        *first, last = noun.split("_")
        plural = "_".join([*first, english.plural(last)])
        if english.is_plural(last) and not english.is_singular(last):
            raise Refused(f"{noun!r} looks like a plural: use the singular, or add --plural.")
    fields.check_name(plural, f"The plural {plural!r}")
    return Resource(noun, plural)


def describe(
    noun: str, typed: Sequence[str], *, plural: str, is_public: bool, is_new: bool = True
) -> Resource:
    """Parse the arguments of the command.

    Raises:
        Refused: The part exists already, or a name, a field or the option cannot be used.
    """
    resource = replace(named(noun, plural=plural), is_public=is_public)
    if is_new:
        _check_free(resource)
    targets = models.all_targets()
    own = {f"{resource.model}{each}" for each in ("", *SCHEMAS)}
    taken = IMPORTED | own
    found = [fields.parse(each, resource.model, targets, taken) for each in typed]
    if not found:
        raise Refused(f"Name at least one field, such as: just new-resource {noun} name:str")
    names = [name for each in found for name in {each.name, each.attribute}]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"There are two fields {', '.join(twice)}.")
    options = ["--public"] if is_public else []
    options += [f"--plural={plural}"] if plural else []
    resource = replace(resource, fields=found, command=shlex.join([noun, *typed, *options]))
    if is_public:
        _check_public(resource, has_accounts=models.USER in targets)
    return resource


def _check_public(resource: Resource, *, has_accounts: bool) -> None:
    """Check that a resource without an owner protects, and shows, what it should.

    Raises:
        Refused: There are no permissions, or a key would show rows of others.
    """
    if not has_accounts:
        raise Refused("There are no accounts: anyone may read and write it. Leave out --public.")
    if resource.has_owned_keys:
        raise Refused(
            "Everyone would see the keys of rows that only their owners see: leave out"
            " --public, or refer to a public resource."
        )


def _check_free(resource: Resource) -> None:
    """Check that the name is not in use.

    Raises:
        Refused: It is in use; the message says by what.
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
