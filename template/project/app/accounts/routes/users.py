"""Accounts and their roles."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.accounts import attempts, notices, password_attempts, roles, users
from app.accounts.access import (
    CurrentCaller,
    CurrentUser,
    EffectivePermissions,
    UnscopedUser,
    require_permissions,
)
from app.accounts.attempts import TooManyAttempts
from app.accounts.models import Role, User
from app.accounts.schemas import (
    PasswordChange,
    RoleAssignment,
    RoleDetail,
    UserBrief,
    UserDetail,
    UserQuery,
    UserUpdate,
    UserUpdateByAdmin,
)
from app.accounts.settings import AccountsSettings
from app.web.errors import documents_errors
from app.web.schemas import Page
from app.web.types import PathId

router = APIRouter(prefix="/api", tags=["users"])


@router.get(
    "/users", response_model=Page[UserBrief], dependencies=[require_permissions("user:read")]
)
async def list_users(query: Annotated[UserQuery, Query()]) -> dict[str, Any]:
    """Return accounts, the oldest first; `keyword` searches names and addresses."""
    return await query.fetch_page(users.search(query), output=UserBrief)


@router.get("/users/me", response_model=UserDetail)
async def read_own_account(user: CurrentUser) -> User:
    """Return the caller's account."""
    await user.fetch_related("roles")  # Tortoise loads no relation by itself
    return user


@router.patch("/users/me", response_model=UserDetail)
@documents_errors(TooManyAttempts)
async def update_own_account(request: Request, user: UnscopedUser, changes: UserUpdate) -> User:
    """Change the caller's account; fields that are not sent stay unchanged."""
    if "username" in changes.model_fields_set:  # a conflict reveals the name of another account
        settings: AccountsSettings = request.app.state.settings
        by_account = settings.attempt_key(f"names {user.id}")
        by_network = attempts.network_key(request, settings, "sign-up")
        await attempts.count_all(
            {by_account: settings.rate_limit_login, by_network: settings.rate_limit_sign_up}
        )
    await user.fetch_related("roles")
    return await users.update(user, changes)


@documents_errors(TooManyAttempts)
async def limit_password_attempts(request: Request, user: UnscopedUser) -> AsyncIterator[None]:
    """Apply the rate limits to attempts at the caller's current password."""
    async with password_attempts.counted(request, f"account {user.id}"):
        yield


@router.put(
    "/users/me/password",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[Depends(limit_password_attempts, scope="function")],
)
async def change_own_password(
    request: Request, caller: CurrentCaller, user: UnscopedUser, change: PasswordChange
) -> None:
    """Change the caller's password; sessions are revoked."""
    await users.change_password(user, change, keep_session=caller.session)
    notices.password_changed(request.app.state.settings, user)


@router.get(
    "/users/{user_id}", response_model=UserDetail, dependencies=[require_permissions("user:read")]
)
async def read_user(user_id: PathId) -> User:
    """Return an account."""
    return await users.get(user_id)


@router.patch(
    "/users/{user_id}", response_model=UserDetail, dependencies=[require_permissions("user:write")]
)
async def update_user(
    request: Request, user_id: PathId, permissions: EffectivePermissions, changes: UserUpdateByAdmin
) -> User:
    """Change an account; `is_active: false` revokes all its credentials."""
    user = await users.get_manageable(user_id, permissions)
    old = user.email
    await users.update(user, changes)
    notices.address_changed(request.app.state.settings, user, old=old)
    return user


@router.delete(
    "/users/{user_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[require_permissions("user:delete")],
)
async def delete_user(user_id: PathId, permissions: EffectivePermissions) -> None:
    """Delete an account and everything that it owns."""
    await users.delete(await users.get_manageable(user_id, permissions))


@router.put(
    "/users/{user_id}/roles",
    response_model=UserDetail,
    dependencies=[require_permissions("role:write")],
)
async def assign_roles(
    user_id: PathId, permissions: EffectivePermissions, wanted: RoleAssignment
) -> User:
    """Replace the roles of an account; callers cannot grant permissions that they lack."""
    user = await users.get_manageable(user_id, permissions)
    return await roles.replace_if_permitted(user, wanted.roles, permissions=permissions)


@router.get("/roles", response_model=list[RoleDetail])
async def list_roles() -> list[Role]:
    """Return all roles with their permissions."""
    return await roles.find_all()
