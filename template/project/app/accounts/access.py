"""The caller and the caller's permissions, as dependencies of routes."""

from typing import Annotated, Any

from fastapi import Depends, Request

from app.accounts import authentication, roles
from app.accounts.caller import Caller, NotAuthenticated, ScopedCredential
from app.accounts.models import User
from app.web.errors import Forbidden, documents_errors


@documents_errors(NotAuthenticated, *authentication.ERRORS)
async def get_caller(request: Request) -> Caller:
    """Return the authenticated caller.

    Raises:
        NotAuthenticated: The request carries no valid credential.
    """
    caller = await authentication.authenticate(request)
    if caller is None:
        raise NotAuthenticated("Sign in to continue", *authentication.CHALLENGES)
    return caller


CurrentCaller = Annotated[Caller, Depends(get_caller)]

REQUIRE_SIGN_IN = [*authentication.OPENAPI_SCHEMES, Depends(get_caller)]
"""Dependencies of routes that anonymous requests may not use."""


async def _get_user(caller: CurrentCaller) -> User:
    return caller.user


CurrentUser = Annotated[User, Depends(_get_user)]


@documents_errors(ScopedCredential)
async def _get_unscoped_user(caller: CurrentCaller) -> User:
    if caller.scopes is not None:
        raise ScopedCredential
    return caller.user


UnscopedUser = Annotated[User, Depends(_get_unscoped_user)]
"""The user; credentials with scopes are refused. For changes of an account, and `require_roles`."""


async def effective_permissions(caller: CurrentCaller) -> frozenset[str]:
    """Return the permissions of the caller's roles, limited to the scopes of the credential."""
    permissions = await roles.permissions_of(caller.user)
    return permissions if caller.scopes is None else permissions & caller.scopes


EffectivePermissions = Annotated[frozenset[str], Depends(effective_permissions)]


@documents_errors(Forbidden)
class PermissionCheck:
    """A dependency that requires all of these permissions."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    async def __call__(self, permissions: EffectivePermissions) -> None:
        """Raise Forbidden if the caller lacks one."""
        if not permissions >= self.names:
            raise Forbidden(f"This needs the permission {' and '.join(sorted(self.names))}")


def require_permissions(*names: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Require that the caller has all of these permissions, such as `user:delete`."""
    return Depends(PermissionCheck(*names))


def require_roles(*names: str) -> Any:  # noqa: ANN401 - as FastAPI types it
    """Require one of these roles, such as `admin`, and an unscoped credential."""

    @documents_errors(Forbidden)
    async def check(user: UnscopedUser) -> None:
        if (await roles.names_of(user)).isdisjoint(names):
            raise Forbidden(f"This needs the role {' or '.join(names)}")

    return Depends(check)
