"""Roles and permissions."""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

from app.accounts.models import Role, User
from app.database.queries import CompiledQuery, transactional
from app.web.errors import BadRequest, Conflict, Forbidden

ADMIN = "admin"
MEMBER = "member"
"""For `require_roles`: it has no permissions, and no account gets it by itself."""

# Most requests ask for them: Tortoise builds the SQL once.
_roles_of_user = CompiledQuery(lambda user: Role.filter(users=user), user=int)


class UnknownRole(BadRequest):
    """There is no role of this name."""


class LastAdmin(Conflict):
    """The service would be left without an administrator."""

    detail = "This is the last administrator; give the role to another user first"


async def store_built_in(permissions: Sequence[str]) -> None:
    """Create or update the built-in roles; `admin` has all permissions that exist."""
    built_in = {
        ADMIN: ("May do everything", list(permissions)),
        MEMBER: ("May do what every signed-in user may", []),
    }
    for name, (description, permitted) in built_in.items():
        values = {"description": description, "permissions": permitted}
        role, is_new = await Role.get_or_create(name=name, defaults=values)
        if (
            not is_new
            and {"description": role.description, "permissions": role.permissions} != values
        ):
            await Role.filter(name=name).update(**values)


async def find_all() -> list[Role]:
    """Return all roles, sorted by name."""
    return await Role.all().order_by("name")


async def permissions_of(user: User) -> frozenset[str]:
    """Return the permissions of the user's roles, as they are stored now."""
    roles = await _roles_of_user.fetch(user=user.id)
    return frozenset(permission for role in roles for permission in role.permissions)


async def names_of(user: User) -> frozenset[str]:
    """Return the names of the user's roles."""
    return frozenset(role.name for role in await _roles_of_user.fetch(user=user.id))


@transactional
async def replace(user: User, names: list[str]) -> User:
    """Replace the roles of a user.

    Raises:
        UnknownRole: There is no such role.
        LastAdmin: The service would be left without an administrator.
    """
    async with keeping_an_admin(user):
        roles = await _find(names)
        await user.roles.clear()
        if roles:
            await user.roles.add(*roles)
    await user.fetch_related("roles")
    return user


@transactional
async def replace_if_permitted(
    user: User, names: list[str], *, permissions: AbstractSet[str]
) -> User:
    """Replace the roles of a user, for a caller with these permissions.

    Raises:
        UnknownRole: There is no such role.
        Forbidden: One of them has a permission that the caller lacks.
        LastAdmin: The service would be left without an administrator.
    """
    user = await replace(user, names)
    forbid_escalation(list(user.roles), permissions)  # or the change is rolled back
    return user


def forbid_escalation(roles: list[Role], permissions: AbstractSet[str]) -> None:
    """Require that a caller has every permission of these roles, to give or to manage them.

    Raises:
        Forbidden: The roles have a permission that the caller lacks.
    """
    missing = {each for role in roles for each in role.permissions} - permissions
    if missing:
        raise Forbidden(
            f"The account has or would get the permission {min(missing)}, which you lack"
        )


@asynccontextmanager
async def keeping_an_admin(user: User) -> AsyncIterator[None]:
    """Wrap a change that may remove an administrator, inside a `@transactional` function.

    Raises:
        LastAdmin: No active administrator would be left; the change is rolled back.
    """
    # An update locks the row, against parallel changes of two administrators.
    await Role.filter(name=ADMIN).update(name=ADMIN)
    is_admin = ADMIN in await names_of(user)
    yield
    if is_admin and not await User.exists(roles__name=ADMIN, is_active=True):
        raise LastAdmin


async def _find(names: list[str]) -> list[Role]:
    roles = await Role.filter(name__in=names)
    if unknown := set(names) - {role.name for role in roles}:
        raise UnknownRole(f"There is no role called {min(unknown)}; GET /api/roles lists them")
    return roles
