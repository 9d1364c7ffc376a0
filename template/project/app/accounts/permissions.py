"""What roles may permit."""

from app import parts

PERMISSIONS = ("user:read", "user:write", "user:delete", "role:write")


def of_all_parts() -> tuple[str, ...]:
    """Return `PERMISSIONS` of each part that has a module `permissions`."""
    return tuple(each for part in parts.modules("permissions") for each in part.PERMISSIONS)
