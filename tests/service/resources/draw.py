"""Nouns and fields, drawn at random from a seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

NOUNS = (
    *("invoice", "order", "order_item", "box", "category", "person", "child", "bus", "address"),
    *("status_report", "day", "city", "leaf", "analysis", "index", "mouse", "case"),
    *("payment", "shelf", "quiz", "hero", "photo", "series_entry", "company", "reply", "view"),
    *("country", "axis", "matrix", "wolf", "dish", "criterion", "house", "tax", "group"),
)
NAMES = (
    *("number", "title", "amount", "paid_at", "due", "code", "level", "ratio", "is_open", "body"),
    *("extra", "size_cm", "date", "text", "decimal", "uuid", "time", "name", "email", "state"),
    *("position", "hash", "token", "metadata", "description", "content", "start", "end_at"),
    *("version", "label", "price", "weight", "color", "priority", "score", "url", "note", "a1"),
)
KINDS = (
    *("str", "str:1", "str:255", "str:10000", "text", "text:1", "int", "bigint", "float", "bool"),
    *("decimal", "decimal:1,0", "decimal:3,3", "decimal:38,20", "decimal:10,1", "date"),
    *("datetime", "uuid", "json", "enum(one)", "enum(open|paid|on-hold)", "enum(a1|b_2)"),
)
OWN_TARGETS = ("User", "Note", "Role")


@dataclass(frozen=True)
class Drawn:
    """A resource to write."""

    noun: str
    words: Sequence[str]
    """Arguments of `new-resource`."""
    is_public: bool


def draw(seed: int, count: int, *, has_accounts: bool = True) -> Iterator[Drawn]:
    """Yield resources, later ones perhaps with keys to earlier ones; all kinds are among them."""
    random = Random(seed)  # noqa: S311 - it draws nothing secret
    kinds = random.sample(KINDS, len(KINDS))
    targets = list(OWN_TARGETS) if has_accounts else []
    owned = {"Note"}
    for number, noun in enumerate(random.sample(NOUNS, count)):
        is_public = has_accounts and random.random() < 0.3
        choice = [each for each in targets if not is_public or each not in owned]
        names = random.sample(NAMES, random.randint(1, 7))
        # Each kind once, in turn, before chance decides.
        own = kinds[number * 2 : number * 2 + 2] or random.sample(KINDS, 2)
        drawn = [*own, *random.choices(KINDS, k=len(names))][: len(names)]
        drawn += [f"fk:{random.choice(choice)}"] if choice and random.random() < 0.5 else []
        drawn += ["fk:User"] if has_accounts and random.random() < 0.2 else []
        names = random.sample(NAMES, len(drawn))
        fields = [
            f"{name}:{kind}{'?' if random.random() < 0.3 else ''}"
            for name, kind in zip(names, drawn, strict=True)
        ]
        yield Drawn(noun, [noun, *fields, *(["--public"] if is_public else [])], is_public)
        targets.append("".join(each.capitalize() for each in noun.split("_")))
        owned |= set() if is_public else {targets[-1]}
