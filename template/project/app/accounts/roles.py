"""Roles and permissions."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from app.accounts.models import Role, User
from app.database.queries import CompiledQuery, transactional
from app.web.errors import AppError, Conflict, Forbidden

ADMIN = "admin"
MEMBER = "member"

# Each request asks for them; the SQL is built once.
_roles_of = CompiledQuery(lambda user: Role.filter(users=user), user=int)


class UnknownRole(AppError):
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
    roles = await _roles_of.fetch(user=user.id)
    return frozenset(permission for role in roles for permission in role.permissions)


async def names_of(user: User) -> frozenset[str]:
    """Return the names of the user's roles."""
    return frozenset(role.name for role in await _roles_of.fetch(user=user.id))


@transactional
async def assign(user: User, names: list[str], permissions: AbstractSet[str] | None = None) -> User:
    """Replace the roles of a user; `permissions` are those of the caller, or None in a command.

    Raises:
        UnknownRole: There is no such role.
        Forbidden: One of them has a permission that the caller lacks.
        LastAdmin: The service would be left without an administrator.
    """
    is_admin = await lock_admins(user)
    roles = await Role.filter(name__in=names)
    if unknown := set(names) - {role.name for role in roles}:
        raise UnknownRole(f"There is no role called {min(unknown)}")
    if permissions is not None:
        check_grant(roles, permissions)
    await user.roles.clear()
    if roles:
        await user.roles.add(*roles)
    if is_admin:
        await check_admin_is_left()
    await user.fetch_related("roles")
    return user


async def lock_admins(user: User) -> bool:
    """Lock the role `admin` against concurrent changes; return whether the user has it."""
    await Role.filter(name=ADMIN).update(name=ADMIN)
    return ADMIN in await names_of(user)


async def check_admin_is_left() -> None:
    """Raise LastAdmin, which rolls the transaction back, if no active administrator is left."""
    if not await User.exists(roles__name=ADMIN, is_active=True):
        raise LastAdmin


def check_grant(roles: list[Role], permissions: AbstractSet[str]) -> None:
    """Check that the caller has every permission of these roles: nobody grants or manages more.

    Raises:
        Forbidden: The roles have a permission that the caller lacks.
    """
    if not permissions >= {permission for role in roles for permission in role.permissions}:
        raise Forbidden("You lack a permission that the account has, or would get")
