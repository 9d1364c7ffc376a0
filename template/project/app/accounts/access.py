"""The caller, and what they may do."""

from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request

from app.accounts import roles, sign_in
from app.accounts.caller import Caller, NotAuthenticated
from app.accounts.models import User
from app.web.errors import Forbidden, raises


@raises(NotAuthenticated, *sign_in.RAISES)
async def get_caller(request: Request) -> Caller:
    """Return who sends the request.

    Raises:
        NotAuthenticated: It carries no valid credential.
    """
    caller = await sign_in.authenticate(request)
    if caller is None:
        raise NotAuthenticated("Sign in to continue", *sign_in.CHALLENGES)
    return caller


CurrentCaller = Annotated[Caller, Depends(get_caller)]

SIGNED_IN = [*sign_in.IN_OPENAPI, Depends(get_caller)]


async def _get_user(caller: CurrentCaller) -> User:
    return caller.user


CurrentUser = Annotated[User, Depends(_get_user)]


@raises(Forbidden)
async def _get_unscoped_user(caller: CurrentCaller) -> User:
    if caller.scopes is not None:
        raise Forbidden("A credential with scopes may not change the account that it belongs to")
    return caller.user


UnscopedUser = Annotated[User, Depends(_get_unscoped_user)]
"""The user of a credential without scopes, as changing one's own account requires."""


async def rights_of(caller: CurrentCaller) -> frozenset[str]:
    """Return the permissions of the caller's roles, within the scopes of their credential."""
    permissions = await roles.permissions_of(caller.user)
    return permissions if caller.scopes is None else permissions & caller.scopes


Rights = Annotated[frozenset[str], Depends(rights_of)]


class Permissions:
    """Lets in callers who may do all of this."""

    raises: ClassVar = (Forbidden,)

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    async def __call__(self, rights: Rights) -> None:
        """Refuse others."""
        if not rights >= self.names:
            raise Forbidden(f"This needs the permission {' and '.join(sorted(self.names))}")


def require_permissions(*names: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Let in callers whose rights include all of these permissions, such as `user:delete`."""
    return Depends(Permissions(*names))


def require_roles(*names: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Let in people who have one of these roles, such as `admin`, with all their rights."""

    @raises(Forbidden)
    async def check(user: UnscopedUser) -> None:
        if (await roles.names_of(user)).isdisjoint(names):
            raise Forbidden(f"This needs the role {' or '.join(names)}")

    return Depends(check)
