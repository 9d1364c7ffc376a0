"""Permissions of this part, and of all parts."""

from app import parts

PERMISSIONS = ("user:read", "user:write", "user:delete", "role:write")


def of_all_parts() -> tuple[str, ...]:
    """Return the permissions of all parts, from their `permissions` modules."""
    return tuple(each for part in parts.import_modules("permissions") for each in part.PERMISSIONS)
