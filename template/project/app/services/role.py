"""Roles and permissions."""

from app.core.errors import AppError, NotFound
from app.core.queries import Statement, transactional
from app.models.role import Role
from app.models.user import User

PERMISSIONS = ("user:read", "user:write", "user:delete", "role:write")

ADMIN = "admin"
MEMBER = "member"
BUILT_IN = {
    ADMIN: ("May do everything", list(PERMISSIONS)),
    MEMBER: ("May do what every signed-in person may", []),
}

_roles_of = Statement(lambda: Role.filter(users=0))


class UnknownRole(AppError):
    """A role was named that does not exist."""


async def store_built_in() -> None:
    """Create the built-in roles, and give them today's permissions."""
    for name, (description, permissions) in BUILT_IN.items():
        values = {"description": description, "permissions": permissions}
        role, is_new = await Role.get_or_create(name=name, defaults=values)
        if not is_new and role.permissions != permissions:
            await Role.filter(name=name).update(**values)


async def find_all() -> list[Role]:
    """Return every role, by name."""
    return await Role.all().order_by("name")


async def permissions_of(user: User) -> frozenset[str]:
    """Return what the person may do, from the rows of this moment."""
    roles = await _roles_of.run(user.id)
    return frozenset(permission for role in roles for permission in role.permissions)


async def names_of(user: User) -> frozenset[str]:
    """Return the names of the person's roles."""
    return frozenset(role.name for role in await _roles_of.run(user.id))


@transactional
async def assign(user_id: int, names: list[str]) -> User:
    """Give a person these roles and no others.

    Raises:
        NotFound: There is no such person.
        UnknownRole: There is no such role.
    """
    user = await User.get_or_none(id=user_id)
    if user is None:
        message = "There is no such user"
        raise NotFound(message)
    roles = await Role.filter(name__in=names)
    if unknown := set(names) - {role.name for role in roles}:
        message = f"There is no role called {min(unknown)}"
        raise UnknownRole(message)
    await user.roles.clear()
    if roles:
        await user.roles.add(*roles)
    await user.fetch_related("roles")
    return user
