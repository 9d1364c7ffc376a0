"""Roles and permissions."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from app.accounts.models import Role, User
from app.database.queries import Statement, transactional
from app.web.errors import AppError, Conflict, Forbidden

ADMIN = "admin"
MEMBER = "member"

_roles_of = Statement(lambda user: Role.filter(users=user), user=int)


class UnknownRole(AppError):
    """A role was named that does not exist."""


class LastAdmin(Conflict):
    """Nobody could administrate the service any more."""

    detail = "This is the last administrator; make another one first"


async def store_built_in(permissions: Sequence[str]) -> None:
    """Create the built-in roles, and give administrators all permissions that there are."""
    built_in = {
        ADMIN: ("May do everything", list(permissions)),
        MEMBER: ("May do what every signed-in person may", []),
    }
    for name, (description, permitted) in built_in.items():
        values = {"description": description, "permissions": permitted}
        role, is_new = await Role.get_or_create(name=name, defaults=values)
        if not is_new and role.permissions != permitted:
            await Role.filter(name=name).update(**values)


async def find_all() -> list[Role]:
    """Return every role, by name."""
    return await Role.all().order_by("name")


async def permissions_of(user: User) -> frozenset[str]:
    """Return what the person may do, from the rows of this moment."""
    roles = await _roles_of.run(user=user.id)
    return frozenset(permission for role in roles for permission in role.permissions)


async def names_of(user: User) -> frozenset[str]:
    """Return the names of the person's roles."""
    return frozenset(role.name for role in await _roles_of.run(user=user.id))


@transactional
async def assign(user: User, names: list[str], rights: AbstractSet[str] | None = None) -> User:
    """Give a person these roles and no others; on behalf of somebody, with that one's rights.

    Raises:
        UnknownRole: There is no such role.
        Forbidden: One of them permits more than those rights.
        LastAdmin: Nobody could administrate the service any more.
    """
    is_admin = await lock_admins(user)
    roles = await Role.filter(name__in=names)
    if unknown := set(names) - {role.name for role in roles}:
        raise UnknownRole(f"There is no role called {min(unknown)}")
    if rights is not None:
        check_grant(roles, rights)
    await user.roles.clear()
    if roles:
        await user.roles.add(*roles)
    if is_admin:
        await check_admin_is_left()
    await user.fetch_related("roles")
    return user


async def lock_admins(user: User) -> bool:
    """Make others wait who would change an administrator, and say whether this person is one."""
    await Role.filter(name=ADMIN).update(name=ADMIN)
    return ADMIN in await names_of(user)


async def check_admin_is_left() -> None:
    """Undo the transaction, by raising LastAdmin, if it took away the last administrator."""
    if not await User.exists(roles__name=ADMIN, is_active=True):
        raise LastAdmin


def check_grant(roles: list[Role], rights: AbstractSet[str]) -> None:
    """Refuse to grant permissions that the caller lacks, or to manage an account that has them.

    Raises:
        Forbidden: The roles permit more than the caller may do.
    """
    if not rights >= {permission for role in roles for permission in role.permissions}:
        raise Forbidden("This needs every permission that the account has or would get")
