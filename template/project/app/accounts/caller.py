"""Who sends a request, whichever way they proved it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from app.accounts.models import User
from app.web.errors import AppError


@dataclass(frozen=True)
class Caller:
    """A person, and the credential that they came with."""

    user: User
    scopes: frozenset[str] | None = None  # None means whatever the person may do
    session: UUID | None = None  # the family of one that outlasts a change of the password


class NotAuthenticated(AppError):
    """The caller is nobody we know. The challenges say what to send (RFC 9110 §11.6.1)."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, message: str, *challenges: str) -> None:
        super().__init__(message)
        self.headers = {"WWW-Authenticate": ", ".join(challenges)}


def single_value(values: Sequence[str], challenge: str) -> str | None:
    """Return the one value that was sent in a place, or None.

    Raises:
        NotAuthenticated: There are two, and it is not for us to choose.
    """
    if len(values) > 1:
        raise NotAuthenticated("Send one credential", challenge)
    return values[0] if values else None
