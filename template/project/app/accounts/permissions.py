"""What roles may permit."""

PERMISSIONS = ("user:read", "user:write", "user:delete", "role:write")
