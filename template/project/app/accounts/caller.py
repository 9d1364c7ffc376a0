"""The authenticated sender of a request, whichever credential it carries."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from app.accounts.models import User
from app.web.errors import AppError, Forbidden


@dataclass(frozen=True)
class Caller:
    """A user, and the credential of the request."""

    user: User
    scopes: frozenset[str] | None = None
    """The permissions that the credential is limited to; None if it is unscoped."""
    session: UUID | None = None
    """The `Token.family` of the session that a change of the password keeps, if it keeps one."""


class NotAuthenticated(AppError):
    """The credential is missing or invalid. Challenges say what to send (RFC 9110 §11.6.1)."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, message: str, *challenges: str) -> None:
        super().__init__(message)
        self.headers = {"WWW-Authenticate": ", ".join(challenges)}


class ScopedCredential(Forbidden):
    """A credential with scopes was sent to a route that needs one without."""

    detail = "This needs a credential without scopes"


def single_credential(values: Sequence[str], challenge: str) -> str | None:
    """Return the credential from the values of its header, or None if there is none.

    Raises:
        NotAuthenticated: There is more than one; choosing one would be a guess.
    """
    if len(values) > 1:
        raise NotAuthenticated("Send one credential, not several", challenge)
    return values[0] if values else None
