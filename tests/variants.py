"""The combinations of answers that tests run for real."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One set of answers."""

    database: str
    auth: tuple[str, ...]
    migrations: str
    example: str

    def __str__(self) -> str:
        """Return a readable id."""
        return f"{self.database}-{'+'.join(self.auth) or 'open'}-{self.migrations}-{self.example}"

    @property
    def answers(self) -> dict[str, Any]:
        """What Copier is told."""
        return {
            "database": self.database,
            "auth": list(self.auth),
            "migrations": self.migrations,
            "example": self.example,
        }


TOOLS = (
    ("sqlite", "tortoise"),
    ("sqlite", "aerich"),
    ("postgres", "tortoise"),
    ("postgres", "aerich"),
    ("mysql", "aerich"),
)
ALL = [
    Variant(database, auth, tool, example)
    for database, tool in TOOLS
    for auth, example in (((), "none"), (("jwt",), "none"), (("jwt",), "notes"))
]
RUNNING = [
    Variant("sqlite", ("jwt",), "tortoise", "notes"),
    Variant("postgres", ("jwt",), "aerich", "notes"),
    Variant("mysql", ("jwt",), "aerich", "notes"),
]
"""One for each database: what clients see does not depend on the migration tool."""
