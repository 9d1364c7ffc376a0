"""The caller, and what they may do."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request

from app import auth
from app.auth.jwt import NotAuthenticated
from app.auth.settings import get_auth_settings
from app.core.errors import AppError
from app.models.user import User
from app.services import role as role_service


class Forbidden(AppError):
    """The caller is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN


async def get_caller(request: Request) -> User | None:
    """Return the signed-in user, or None for a stranger."""
    return await auth.authenticate(request)


Caller = Annotated[User | None, Depends(get_caller)]


async def get_current_user(request: Request) -> User:
    """Return the signed-in user, or refuse."""
    return _known(await auth.authenticate(request))


def _known(caller: User | None) -> User:
    if caller is None:
        message = "Sign in to continue"
        raise NotAuthenticated(message)
    return caller


CurrentUser = Annotated[User, Depends(get_current_user)]

SIGNED_IN = [Depends(auth.scheme), Depends(get_current_user)]
"""For routers that are nobody's business but ours."""


def require_permissions(*permissions: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Let in people whose roles grant all of these permissions, such as `user:delete`."""

    async def check(user: CurrentUser) -> None:
        if not await role_service.permissions_of(user) >= set(permissions):
            message = f"This needs the permission {' and '.join(permissions)}"
            raise Forbidden(message)

    return Depends(check)


def require_roles(*roles: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Let in people who have one of these roles, such as `admin`."""

    async def check(user: CurrentUser) -> None:
        if (await role_service.names_of(user)).isdisjoint(roles):
            message = f"This needs the role {' or '.join(roles)}"
            raise Forbidden(message)

    return Depends(check)


async def _may_register(caller: Caller) -> None:
    """Let strangers sign up where registration is open, and elsewhere who may write users."""
    if get_auth_settings().registration_is_open:
        return
    user = _known(caller)
    if "user:write" not in await role_service.permissions_of(user):
        message = "Registration is closed; ask an administrator for an account"
        raise Forbidden(message)


MAY_REGISTER = Depends(_may_register)
